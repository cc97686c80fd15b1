"""What a run is asked for: the network's own recipe, but for what the user sets."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from nn.data.digits import SEED_LIMIT
from nn.networks.recipe import Recipe
from nn.networks.registry import Network, get_network
from nn.runtime.sessions import FLOAT32, PRECISIONS, precision_for_this_cpu

# Setting → its type, and what else holds of it.
_VALID: dict[str, tuple[Any, Callable]] = {
    "network": (str, bool),
    "epochs": (int, lambda epochs: epochs > 0),
    "batch_size": (int, lambda size: size > 0),
    "learning_rate": (float | int, lambda rate: 0 < rate < math.inf),
    "validation_split": (float | int, lambda share: 0 <= share < 1),
    "seed": (int, lambda seed: 0 <= seed < SEED_LIMIT),
    "augment": (bool, lambda _: True),
    "bends": (float | int, lambda pixels: 0 <= pixels < math.inf),
    "extras": (float | int, lambda share: 0 <= share < math.inf),
    "precision": (str, lambda precision: precision in PRECISIONS),
    "hidden": (tuple | list, lambda sizes: all(isinstance(n, int) and n > 0 for n in sizes)),
}


@dataclass(frozen=True)
class Settings:
    """All that decides, with the data, what a run computes."""

    network: str
    epochs: int
    batch_size: int
    learning_rate: float
    validation_split: float
    seed: int
    hidden: tuple[int, ...] = ()  # sizes of a dense network's hidden layers
    augment: bool = False
    bends: float = 0.0  # pixels, where it augments
    extras: float = 0.0  # pictures of nn/training/drawn_pictures.py, as a share of the digits
    precision: str = FLOAT32

    @classmethod
    def of(cls, network: Network, *, bundled: bool = False, **given: Any) -> "Settings":
        """The network's own settings, on this machine, but for those given that are not None."""
        # The bundled digits are so few that an epoch is over in a blink, and so much alike that
        # others are read better by a network that saw them bent: docs/experiments.md.
        recipe = network.recipe
        epochs, bends = (10 * recipe.epochs, 1.0) if bundled else (recipe.epochs, recipe.bends)
        usual = cls(
            network.name, epochs, recipe.batch_size, recipe.learning_rate, 0.2, 0, network.hidden,
            recipe.augment, bends, recipe.extras, precision_for_this_cpu(recipe.precision),
        )  # fmt: skip
        settings = replace(usual, **{k: v for k, v in given.items() if v is not None})
        return settings if settings.augment else replace(settings, bends=0.0)

    @property
    def recipe(self) -> Recipe:
        """The network's recipe, with these settings in it."""
        return replace(
            get_network(self.network).recipe,
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            augment=self.augment,
            bends=self.bends,
            extras=self.extras,
            precision=self.precision,
        )

    def __post_init__(self) -> None:
        """Raises ValueError at a value that no command line would have let through."""
        for name, (kind, valid) in _VALID.items():
            value = getattr(self, name)
            if not isinstance(value, kind) or not valid(value):
                raise ValueError(f"{name} cannot be {value!r}")
