"""One run, from its settings to its plots: started, resumed, finished, exported."""

import logging
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nn.confidence.calibration import Calibration
from nn.data.digits import Digits, split, training_count
from nn.errors import UserError
from nn.export import write
from nn.export.model_card import model_card
from nn.export.serving_graph import build_serving_graph
from nn.figures import drawing
from nn.networks.quantization import INT8_WEIGHTS
from nn.networks.registry import Network, get_network
from nn.runs import export_folders, exports
from nn.runs.run_figures import run_figures
from nn.runtime.cluster import VARIABLE, Cluster
from nn.runtime.sessions import FLOAT32
from nn.runtime.signals import Stop, raise_if_stopped
from nn.training import datasets
from nn.training.checkpoints import checkpoint_prefixes
from nn.training.datasets import Source
from nn.training.evaluation import Result
from nn.training.found_digits import judging_pictures
from nn.training.run_folder import RunFolder
from nn.training.settings import Settings
from nn.training.train import follow, train

if TYPE_CHECKING:  # matplotlib is imported only where a figure is drawn
    from matplotlib.figure import Figure

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """A run that has a folder: what it trains, on what, and the folder it exports to.

    refit: whether a second run, on all training digits, follows. is_quantized: whether the weights
    are rounded to int8 before they are scored and exported. calibration: what a second run
    takes over from the first; None if the run fits its own. cluster: the workers that train it
    together; None if this process trains it alone.
    """

    settings: Settings
    source: Source
    folder: RunFolder
    export_folder: Path
    refit: bool = False
    is_quantized: bool = False
    calibration: Calibration | None = None
    cluster: Cluster | None = None

    @property
    def follows(self) -> bool:
        """Whether this process only trains, beside the chief, which writes the run's folder."""
        return self.cluster is not None and not self.cluster.is_chief

    @property
    def network(self) -> Network:
        """The network that the settings name, with their hidden sizes."""
        return get_network(self.settings.network, self.settings.hidden)

    def create(self) -> None:
        """Makes the folder, with a config from which `reopen` makes this run again.

        Raises UserError if the folder holds a run already, or the export folder is not writable.
        """
        self.check()
        self.folder.create(
            {
                "settings": vars(self.settings),
                "load": self.source.option,
                "data": self.source.description,
                "export_folder": str(self.export_folder.resolve()),
                "refit": self.refit,
                "quantize": self.is_quantized,
                "calibration": self.calibration and self.calibration.describe(),
                "workers": self.cluster.count if self.cluster else 1,
            }
        )

    def check(self) -> None:
        """Raises UserError if the run could not be trained or exported."""
        if not self.follows:
            write.check_target(self.export_folder)
        count, split_off = len(self.source.training), self.settings.validation_split
        training = training_count(count, split_off)
        self.settings.check_batch_size(training)
        if self.refit and training == count:
            raise UserError(
                f"a refit needs validation digits, and a split of {split_off} of {count:,} digits "
                "leaves none; try a larger --validation-split"
            )
        if self.cluster and self.refit:
            raise UserError(f"--refit trains in one process; drop it, or unset {VARIABLE}")
        if self.cluster and self.settings.batch_size < self.cluster.count:
            raise UserError(
                f"{self.cluster.count} workers cannot share batches of {self.settings.batch_size}; "
                "try a larger --batch-size"
            )

    def finish(self, *, stop: Stop = lambda: None, quiet: bool = False) -> Result:
        """Trains to the end, from the newest checkpoint if there is one, and draws the plots.

        Raises Interrupted, after a checkpoint, if `stop` returns a signal; and UserError.
        """
        settings = self.settings
        training, validation, extras = self._digits(stop, quiet)
        pictures = None
        if settings.extras and not self.calibration:
            pictures = judging_pictures(validation, settings.seed, stop=stop, quiet=quiet)
        result = train(
            settings, training, validation, self.source.test, self.folder, extras=extras,
            pictures=pictures, calibration=self.calibration, is_quantized=self.is_quantized,
            cluster=self.cluster, stop=stop, quiet=quiet,
        )  # fmt: skip
        for path, figure in self.figures(result).items():
            drawing.save(figure, path)
        raise_if_stopped(stop)
        return result

    def follow(self, cluster: Cluster, *, stop: Stop = lambda: None, quiet: bool = False) -> None:
        """Trains beside the chief of a cluster; writes nothing. Raises as `finish` does."""
        training, _, extras = self._digits(stop, quiet)
        follow(self.settings, training, cluster, extras=extras, stop=stop, quiet=quiet)

    def _digits(self, stop: Stop, quiet: bool) -> tuple[Digits, Digits, Digits | None]:
        """The training digits, the validation digits, and extra pictures if the settings ask for
        some; logs what is trained, and on what."""
        settings, network, precision = self.settings, self.network, self.settings.precision
        training, validation = split(self.source.training, settings.validation_split, settings.seed)
        log.info(
            f"Training {network.name}, {network.parameters:,} parameters"
            + (f", hidden layers {', '.join(map(str, network.hidden))}" if network.hidden else "")
            + (f", in {precision}" if precision != FLOAT32 else "")
            + (f"; exports {INT8_WEIGHTS}" if self.is_quantized else "")
        )
        log.info(
            f"{len(training):,} training and {len(validation):,} validation digits: "
            f"{self.source.name}"
        )
        extras = self._extra_pictures(training, stop, quiet) if settings.extras else None
        return training, validation, extras

    def _extra_pictures(self, training: Digits, stop: Stop, quiet: bool) -> Digits:
        settings = self.settings
        extras = datasets.extra_pictures(
            self.source, training, settings.extras, settings.seed, stop=stop, quiet=quiet
        )
        if not self.follows:
            self.folder.check_extras(extras.sha256())
        log.info(f"{len(extras):,} extra pictures: digits on paper, written in other ways, letters")
        return extras

    def second(self, first: Result) -> "Run":
        """The run on all training digits that follows this one.

        first: this run's result, whose scaling and thresholds the second run takes over. The second
        run's folder may exist. Raises UserError if that folder holds a run of other settings.
        """
        log.info(f"Once more, on all {len(self.source.training):,} training digits")
        fitted_to = f"{first.calibration.fitted_to} of a run on the other {first.training_images:,}"
        second = Run(
            replace(self.settings, validation_split=0.0),
            self.source,
            RunFolder(self.folder.refit),
            self.export_folder,
            is_quantized=self.is_quantized,
            calibration=replace(first.calibration, fitted_to=fitted_to),
        )
        if not second.folder.config_file.exists():
            second.create()
        elif reopen(second.folder, source=self.source).settings != second.settings:
            raise UserError(f"{second.folder.path}: holds a run of other settings; remove it")
        return second

    def figures(self, result: Result) -> "dict[Path, Figure]":
        """The plots of a finished run, and the files they belong in."""
        return run_figures(self.settings, self.source, self.folder, result)

    def export(self, result: Result) -> Path:
        """Exports the last checkpoint as the next version; returns the version's path.

        The run's folder records it, so that `exported` finds it again.
        """
        return write.export(
            *build_serving_graph(self.network, result.calibration.scaling),
            checkpoint_prefixes(self.folder)[-1],
            self.export_folder,
            model_card(self.settings, self.source.description, result),
            is_quantized=self.is_quantized,
            record=partial(exports.record, self.folder, self.settings.epochs),
        )

    def exported(self) -> Path | None:
        """The version in the export folder that holds this run, its second run if it is a refit.

        None if there is none: before the export, or if it is gone or lies in another folder.
        """
        folder = RunFolder(self.folder.refit) if self.refit else self.folder
        return exports.find(folder, self.export_folder, self.settings.epochs)


def reopen(
    folder: RunFolder,
    export_folder: Path | None = None,
    *,
    source: Source | None = None,
    cluster: Cluster | None = None,
    quiet: bool = False,
) -> Run:
    """The run that a folder holds.

    export_folder: None is the one that the run was started with. source: the run's digits, if they
    are loaded already. cluster: the workers that go on with it together. Raises UserError if the
    folder holds no run, if its digits have changed, or if it was started with other workers.
    """
    config = folder.read_config()
    try:
        settings = Settings(**config["settings"])
        get_network(settings.network, settings.hidden)
        option, data = config["load"], config["data"]
        export_folder = export_folder or export_folders.recorded(config)
        # The configs of old runs have none of these four.
        refit, is_quantized = config.get("refit", False), config.get("quantize", False)
        workers = config.get("workers", 1)
        calibration = config.get("calibration")
        calibration = None if calibration is None else Calibration.of(calibration)
        values = (("load", option, str), ("refit", refit, bool), ("quantize", is_quantized, bool))
        for name, value, kind in values:
            if not isinstance(value, kind):
                raise TypeError(f"{name} cannot be {value!r}")
    except (KeyError, TypeError, ValueError, UserError) as error:
        raise UserError(f"{folder.config_file}: not the config of a run ({error})") from None
    if workers != (found := cluster.count if cluster else 1):
        raise UserError(
            f"{folder.path}: was started with {workers} of TensorFlow's workers, found {found}; "
            f"set {VARIABLE} as it was then"
        )
    source = datasets.as_begun(source or datasets.load(option, quiet), data)
    run = Run(settings, source, folder, export_folder, refit, is_quantized, calibration, cluster)
    run.check()
    return run
