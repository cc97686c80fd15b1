"""A training on one's own digits, from an exported version: started, resumed, judged, exported.

RUN/own_digits.npz    the own digits, as the network sees them
RUN/fold_1/ …         the runs of the cross-validation, each without a fifth of the own digits
RUN/without_own/      the same training without own digits, if the others need it for comparison
RUN/                  config.json, and the run on all own digits, whose network is exported
RUN/*.png             the own digits, as they were read
"""

import logging
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nn.confidence.calibration import Calibration
from nn.confidence.thresholds import choose, least_probability
from nn.data.digits import Digits, split
from nn.errors import UserError
from nn.export import write
from nn.export.model_card import model_card
from nn.export.serving_graph import build_serving_graph
from nn.figures import drawing
from nn.figures.digit_sheets import confident_mistakes, sample_predictions
from nn.runs import exports
from nn.runs.start_model import Start
from nn.runtime.signals import Stop
from nn.training import datasets, own_digits
from nn.training.checkpoints import checkpoint_prefixes
from nn.training.datasets import Source
from nn.training.evaluation import Result, Scores
from nn.training.guard import Answers, Verdict, judge
from nn.training.run_folder import RunFolder
from nn.training.settings import Settings
from nn.training.train import train

if TYPE_CHECKING:  # matplotlib is imported only where a figure is drawn
    from matplotlib.figure import Figure

log = logging.getLogger(__name__)

OWN_DIGITS_FILE = "own_digits.npz"
NO_OWN_DIGITS = Digits(np.empty((0, 28, 28), np.uint8), np.empty(0, np.int64))


@dataclass(frozen=True)
class OwnHand:
    """A training on own digits that has a folder. source: other people's digits."""

    settings: Settings
    own: Digits
    name: str
    source: Source
    start: Start
    folder: RunFolder
    export_folder: Path

    def create(self) -> None:
        """Makes the folder, with all that `reopen` needs. Raises UserError if it cannot."""
        write.check_target(self.export_folder)
        self.settings.check_batch_size(len(self._split[0]))
        digits_file = self.folder.path / OWN_DIGITS_FILE
        self.folder.create(
            {
                "settings": vars(self.settings),
                "load": self.source.option,
                "data": self.source.description,
                "export_folder": str(self.export_folder.resolve()),
                "start_from": str(self.start.version.resolve()),
                "start_sha256": self.start.card["weights_sha256"],
                "own": {"name": self.name, "sha256": self.own.sha256()},
            },
            lambda: own_digits.save(self.own, digits_file),
        )

    def has_nothing_to_learn(self) -> bool:
        """Whether the version at the start reads all of the own digits right, and is sure."""
        (answers,) = self.start.answers(self.own)
        return answers.all_right_and_sure

    def finish(self, *, stop: Stop = lambda: None, quiet: bool = False) -> "Learned":
        """Trains, cross-validates and judges, from where an earlier call was stopped.

        Raises Interrupted, after a checkpoint, if `stop` returns a signal; and UserError.
        """
        log.info(
            f"Learning {len(self.own):,} digits of {self.name}: {self.start.network.name} of "
            f"{self.start.version}, among other digits ({self.source.name})"
        )

        def learn(name: str, own: Digits, validation: Digits, test: Digits) -> Result:
            return self._train(name, own, validation, test, stop, quiet)

        held_out = []
        for number, (others, fold) in enumerate(own_digits.folds(self.own, self.settings.seed), 1):
            scores = learn(f"fold_{number}", others, fold, fold).test
            held_out.append(scores)
            log.info(
                f"Learned {len(others):,} of them, part {number} of {own_digits.FOLDS}: "
                f"{scores.errors:,} of the other {scores.count:,} wrong"
            )
        reference, (_, validation) = None, self._split
        if not self._is_validation_new:
            reference = learn("without_own", NO_OWN_DIGITS, validation, self.own).validation
            log.info("Trained without your digits, for comparison")
        result = learn("", self.own, validation, self.source.test)
        learned = self._judged(result, Scores.joined(held_out), reference)
        for path, figure in self.figures(learned).items():
            drawing.save(figure, path)
        return learned

    def _train(
        self, name: str, own: Digits, validation: Digits, test: Digits, stop: Stop, quiet: bool
    ) -> Result:
        """Trains on a mixture of own digits and others, in a folder of its own."""
        settings = self.settings
        folder = RunFolder(self.folder.path / name)
        folder.checkpoints.mkdir(parents=True, exist_ok=True)
        count = own_digits.EPOCH_STEPS * settings.batch_size
        random = np.random.default_rng([settings.seed, len(own)])
        pictures = own_digits.mixture(own, self._others, count, random)
        return train(
            settings, pictures, validation, test, folder,
            start=self.start.weights, calibration=Calibration(), stop=stop, quiet=quiet,
        )  # fmt: skip

    @cached_property
    def _split(self) -> tuple[Digits, Digits]:
        settings = self.settings
        return split(self.source.training, settings.validation_split, settings.seed)

    @property
    def _is_validation_new(self) -> bool:
        """Whether the version at the start has not trained on the validation digits."""
        return self.start.has_not_seen(self.source, self.settings)

    @cached_property
    def _others(self) -> Digits:
        """Other people's digits to train on, and the extra pictures of the network's recipe. The
        extra pictures keep the network unsure of pictures that show no digit."""
        training, settings = self._split[0], self.settings
        count = min(len(training), own_digits.EPOCH_STEPS * settings.batch_size)
        training = training[np.random.default_rng(settings.seed).permutation(len(training))[:count]]
        if not settings.extras:
            return training
        return training.joined(
            datasets.extra_pictures(self.source, training, settings.extras, settings.seed)
        )

    def _judged(self, result: Result, own: Scores, reference: Scores | None) -> "Learned":
        """Compares with the version at the start; fits scale and thresholds again."""
        assert result.validation
        order = own_digits.held_out_order(self.own, self.settings.seed)
        _, validation = self._split
        own_before, others_before = self.start.answers(self.own[order], validation)
        calibration = self.start.calibrated(
            result.validation, own, self.name, is_cautious=reference is not None
        )
        least = least_probability(choose(calibration.thresholds, None), None)
        own = replace(own, scaling=calibration.scaling)
        verdict = judge(
            own_before, Answers(own.wrong, own.confidences >= least), others_before.wrong,
            reference.wrong if reference else others_before.wrong, result.validation.wrong,
        )  # fmt: skip
        scaled = replace(
            result,
            training_images=self.start.card["trained_on"] + len(self.own),
            calibration=calibration,
            validation=replace(result.validation, scaling=calibration.scaling),
            test=replace(result.test, scaling=calibration.scaling),
        )
        return Learned(scaled, verdict, own)

    def figures(self, learned: "Learned") -> "dict[Path, Figure]":
        """The plots of the own digits, and the files they belong in."""
        images = self.own.images[own_digits.held_out_order(self.own, self.settings.seed)]
        errors, count = learned.own.errors, learned.own.count
        title = f"{self.name}: {errors:,} of {count:,} wrong, not trained on"
        return {
            self.folder.samples_plot: sample_predictions(images, learned.own, title),
            self.folder.mistakes_plot: confident_mistakes(images, learned.own, title),
        }

    def export(self, learned: "Learned") -> Path:
        """Exports the network that has learned as the next version; returns the version's path."""
        data = {
            **self.source.description,
            "source": f"{self.source.name} and {self.name}",
            "own_images": len(self.own),
            "own_sha256": self.own.sha256(),
        }
        start = {name: self.start.card.get(name) for name in ("weights_sha256", "date")}
        card = model_card(self.settings, data, learned.result)
        start |= {"version": self.start.version.name, "held_out": self._is_validation_new}
        card |= {"started_from": start, "learned": asdict(learned.verdict)}
        return write.export(
            *build_serving_graph(self.start.network, learned.result.calibration.scaling),
            checkpoint_prefixes(self.folder)[-1],
            self.export_folder,
            card,
            record=partial(exports.record, self.folder, self.settings.epochs),
        )

    def exported(self) -> Path | None:
        """The version in the export folder that holds this training; None if there is none."""
        return exports.find(self.folder, self.export_folder, self.settings.epochs)


@dataclass(frozen=True)
class Learned:
    """What came of a training on own digits. result: of the network that trained on all of them,
    with the scale and the thresholds that were fitted again. own: of the own digits, one part after
    the other, each read by a network that did not train on it."""

    result: Result
    verdict: Verdict
    own: Scores


def reopen(path: Path, export_folder: Path | None = None, *, quiet: bool = False) -> OwnHand:
    """The training that a folder holds. export_folder: None is the one that it was started with.

    Raises UserError if the folder is damaged, or the digits or the version that the training starts
    from have changed.
    """
    folder = RunFolder(path)
    config = folder.read_config()
    try:
        settings = Settings(**config["settings"])
        start = Start.of(Path(config["start_from"]))
        own = own_digits.load(path / OWN_DIGITS_FILE)
        expected = config["own"]["sha256"], config["start_sha256"]
        name, data, option = config["own"]["name"], config["data"], config["load"]
        export_folder = export_folder or Path(config["export_folder"])
        if not isinstance(option, str):
            raise TypeError(f"load cannot be {option!r}")
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: damaged, it cannot be resumed ({error})") from None
    if (own.sha256(), start.card["weights_sha256"]) != expected:
        raise UserError(
            f"{path}: its own digits, or the model {start.version} that it started from, have "
            "changed; start a new run"
        )
    write.check_target(export_folder)
    source = datasets.as_begun(datasets.load(option, quiet), data)
    return OwnHand(settings, own, name, source, start, folder, export_folder)
