"""The exported version that a training on one's own digits starts from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nn import versions
from nn.confidence.calibration import Calibration, HeldOut
from nn.confidence.thresholds import least_probability
from nn.data.digits import Digits
from nn.export.renew import network_of
from nn.networks.registry import Network
from nn.prediction.predictor import Predictor
from nn.training import own_digits
from nn.training.datasets import Source
from nn.training.evaluation import Scores
from nn.training.guard import Answers
from nn.training.settings import VALIDATION_SPLIT, Settings


@dataclass(frozen=True)
class Start:
    """The version that a training starts from."""

    version: Path
    card: Mapping

    @classmethod
    def of(cls, model: Path) -> "Start":
        """A version, or the highest in a folder of versions. Raises ModelError."""
        version = versions.find_version(model)
        return cls(version, versions.read_card(version))

    @property
    def network(self) -> Network:
        """The network of the version. Raises ModelError if this project does not have it."""
        return network_of(self.version, self.card)

    @property
    def weights(self) -> str:
        """The prefix of the files of its weights."""
        return str(self.version / "variables" / "variables")

    def answers(self, *parts: Digits) -> list[Answers]:
        """What the version answers to the digits of each part, as load_saved_model.py would."""
        with Predictor(self.version) as predictor:
            least = least_probability(predictor.threshold, None)
            found = [predictor.predict(part.images) for part in parts]
        return [
            Answers(answer.digits != part.labels, answer.probabilities.max(1) >= least)
            for answer, part in zip(found, parts, strict=True)
        ]

    def holds_out(self, source: Source) -> bool:
        """Whether it was trained on these digits, and held some of them out: as did the version
        that it started from, if there was one."""
        same = self.card["data"].get("training_sha256") == source.description["training_sha256"]
        started_from = self.card.get("started_from", {"held_out": True})
        return same and self.card["validation_split"] > 0 and started_from.get("held_out", False)

    def has_not_seen(self, source: Source, settings: Settings) -> bool:
        """Whether it did not train on the validation digits that these settings draw."""
        names = ("validation_split", "seed")
        is_same_draw = all(getattr(settings, name) == self.card[name] for name in names)
        return is_same_draw and self.holds_out(source)

    def settings(self, source: Source, given: Mapping) -> Settings:
        """The settings of a training that starts from it. given: the user's, None for the usual.

        The validation digits are those that the version held out, if it did.
        """
        holds_out = self.holds_out(source)
        usual = {
            "epochs": 1,
            "learning_rate": own_digits.LEARNING_RATE,
            "validation_split": self.card["validation_split"] if holds_out else VALIDATION_SPLIT,
            "seed": self.card["seed"] if holds_out else 0,
            "augment": True,
        }
        chosen = {name: value for name, value in given.items() if value is not None}
        return Settings.of(self.network, **{**usual, **chosen})

    def calibrated(
        self, validation: Scores, own: Scores, name: str, *, is_cautious: bool
    ) -> Calibration:
        """A calibration fitted to what a network that learned answers to the validation digits and
        to the held-out own digits.

        name: of the own digits. is_cautious: the version has trained on the validation digits, so
        that the network is surer of them than of new ones. Then no threshold is below the version's
        own.
        """
        logits = np.concatenate([validation.logits, own.logits])
        labels = np.concatenate([validation.labels, own.labels])
        fitted_to = (
            f"{validation.count:,} validation digits, and {own.count:,} digits of {name}, "
            "each read by a network that had not trained on it"
        )
        calibration = Calibration.fit(logits, labels, fitted_to)
        # The version fitted this power to pictures; here are only digits.
        power = self.card["calibration"].get("certainty_power", 0.0)
        scaling = calibration.scaling._replace(certainty_power=power)
        calibration = replace(calibration, scaling=scaling)
        if not is_cautious:
            return calibration
        at_start = versions.thresholds_of(self.card)
        return calibration.no_less_strict(at_start, HeldOut(logits, labels, fitted_to))
