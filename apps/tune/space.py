"""What can be tuned, and between which bounds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from optuna.trial import BaseTrial

from nn.training.settings import Settings

BATCH_SIZES = (64, 128, 256)  # smaller ones take too long


@dataclass(frozen=True)
class Space:
    """The settings that are tuned.

    usual: a trial's settings, as they are in the network's recipe; names: those that are tuned, of
    SUGGESTIONS; count: the number of training digits.
    """

    usual: Settings
    names: Sequence[str]
    count: int

    def suggest(self, trial: BaseTrial) -> Settings:
        """The usual settings, with those that the trial tries. A finished trial gives the same
        settings as when it ran."""
        tried = {name: SUGGESTIONS[name](self, trial) for name in self.names}
        return replace(self.usual, **tried)

    def learning_rate(self, trial: BaseTrial) -> float:
        return _rounded(trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True))

    def batch_size(self, trial: BaseTrial) -> int:
        sizes = [size for size in BATCH_SIZES if size <= self.count] or [self.count]
        return trial.suggest_categorical("batch_size", sizes)

    def warmup(self, trial: BaseTrial) -> float:
        return _rounded(trial.suggest_float("warmup", 0, 0.5, step=0.05))

    def weight_decay(self, trial: BaseTrial) -> float:
        return _rounded(trial.suggest_float("weight_decay", 1e-4, 0.3, log=True))

    def dropout(self, trial: BaseTrial) -> float:
        return _rounded(trial.suggest_float("dropout", 0, 0.6, step=0.05))

    def augment(self, trial: BaseTrial) -> bool:
        return trial.suggest_categorical("augment", (False, True))

    def hidden(self, trial: BaseTrial) -> tuple[int, ...]:
        """Half to twice the network's own sizes: much larger layers would be another network."""
        return tuple(
            trial.suggest_int(f"hidden_{number}", max(1, size // 2), 2 * size, log=True)
            for number, size in enumerate(self.usual.hidden, 1)
        )


# Setting → what asks a trial for its value.
SUGGESTIONS: dict[str, Callable[[Space, BaseTrial], Any]] = {
    "learning_rate": Space.learning_rate,
    "batch_size": Space.batch_size,
    "warmup": Space.warmup,
    "weight_decay": Space.weight_decay,
    "dropout": Space.dropout,
    "augment": Space.augment,
    "hidden": Space.hidden,
}


def tunable(usual: Settings) -> list[str]:
    """The names of the settings that a network has. usual: its own settings."""
    missing = {"dropout": usual.dropout is None, "hidden": not usual.hidden}
    return [name for name in SUGGESTIONS if not missing.get(name)]


def _rounded(value: float) -> float:
    """With three significant digits, so that the command that is printed repeats the trial."""
    return float(f"{value:.3g}")
