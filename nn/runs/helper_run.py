"""One run that trains a helper, a finder of ink or a reader of rows: composed, trained, scored, its
weights written.

It exports no version: its weights are a file, which every export of a network that reads digits
copies into its own graph.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nn.data.digits import Digits, split
from nn.errors import UserError
from nn.figures import charts, drawing, ink_sheet, row_sheet
from nn.networks.fixed_weights import save_weights
from nn.networks.registry import Network, Task, get_network
from nn.runtime.signals import Stop, raise_if_stopped
from nn.runtime.whole_files import naming, replacing
from nn.training import datasets
from nn.training.datasets import Source
from nn.training.run_folder import RunFolder
from nn.training.settings import Settings
from nn.training.train_helper import LESSONS, HelperResult, train_helper

if TYPE_CHECKING:  # matplotlib is imported only where a figure is drawn
    from matplotlib.figure import Figure

log = logging.getLogger(__name__)

SCORED_PICTURES = 5_000  # for validation, and as many for the test; fewer if few are trained on
TRAINING, VALIDATION, TEST = range(3)  # each draws other papers, and has other digits


@dataclass(frozen=True)
class HelperRun:
    """A run that has a folder. source: whose digits are composed into pictures; pictures: how many
    are trained on."""

    settings: Settings
    source: Source
    folder: RunFolder
    pictures: int

    @property
    def network(self) -> Network:
        """The network that the settings name."""
        return get_network(self.settings.network)

    @property
    def weights_file(self) -> Path:
        """Where the weights are written."""
        return self.folder.path / f"{self.network.name}.npz"

    def create(self) -> None:
        """Makes the folder, with a config from which `reopen` makes this run again.

        Raises UserError if the folder holds a run already, or the run could not be trained.
        """
        self.settings.check_batch_size(self.pictures)
        self.folder.create(
            {
                "settings": vars(self.settings),
                "load": self.source.option,
                "data": self.source.description,
                "pictures": self.pictures,
            }
        )

    def finish(self, *, stop: Stop = lambda: None, quiet: bool = False) -> HelperResult:
        """Composes the pictures, trains to the end, from the newest checkpoint if there is one,
        writes the weights and draws the plots.

        The pictures are composed anew when a run is resumed: they are the same, and would take a
        gigabyte on the disk. Raises Interrupted if `stop` returns a signal; and UserError.
        """
        settings = self.settings
        digits = split(self.source.training, settings.validation_split, settings.seed)
        scored = min(SCORED_PICTURES, self.pictures)
        log.info(f"Training {settings.network}, {self.network.parameters:,} parameters")
        log.info(f"{self.pictures:,} composed pictures of the digits of {self.source.name}")

        def composed(of: Digits, count: int, part: int) -> Any:
            count = count if len(of) else 0
            compose = LESSONS[self.network.task].compose
            return compose(of, count, (settings.seed, part), stop=stop, quiet=quiet)

        training = composed(digits[0], self.pictures, TRAINING)
        self.folder.check_extras(training.sha256())
        validation = composed(digits[1], scored, VALIDATION)
        test = composed(self.source.test, scored, TEST)
        result = train_helper(
            settings, training, validation, test, self.folder, stop=stop, quiet=quiet
        )
        file = self.weights_file
        with naming(file), replacing(file) as temporary:
            save_weights(result.weights, temporary)
        for path, figure in self.figures(result, test).items():
            drawing.save(figure, path)
        raise_if_stopped(stop)
        return result

    def figures(self, result: HelperResult, test: Any) -> "dict[Path, Figure]":
        """The plots of a finished run, and the files they belong in. test: what `result` scores."""
        name, epochs, scores = self.settings.network, self.settings.epochs, result.test
        title = f"{name}, {epochs} {'epoch' if epochs == 1 else 'epochs'}"
        if self.network.task is Task.READ_ROWS:
            labels = "Loss", "how improbable the texts are, nats", "Not read right", "canvases"
            shown = row_sheet.sheet_of_rows(test.images, scores.texts, scores.read, name)
            plot = self.folder.rows_plot
        else:
            labels = "Loss", "cross-entropy and overlap", "Ink not found", "pictures"
            found = f"{name}: the ink of {scores.accuracy:.1%} of {len(test):,} test pictures found"
            shown = ink_sheet.found_ink(
                test.images, test.labels, scores.found, scores.overlaps, found
            )
            plot = self.folder.ink_plot
        return {
            self.folder.history_plot: charts.training_history(result.history, title, *labels),
            plot: shown,
        }


def reopen(folder: RunFolder, *, quiet: bool = False) -> HelperRun:
    """The run that a folder holds. Raises UserError if it is damaged, or its digits changed."""
    config = folder.read_config()
    try:
        settings = Settings(**config["settings"])
        get_network(settings.network)
        option, data, pictures = config["load"], config["data"], config["pictures"]
        for name, value, kind in (("load", option, str), ("pictures", pictures, int)):
            if not isinstance(value, kind):
                raise TypeError(f"{name} cannot be {value!r}")
    except (KeyError, TypeError, ValueError, UserError) as error:
        raise UserError(f"{folder.config_file}: not the config of a run ({error})") from None
    source = datasets.as_begun(datasets.load(option, quiet), data)
    return HelperRun(settings, source, folder, pictures)
