"""What a run is asked to do: the network's own recipe, changed where the user sets something."""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from nn.data.digits import SEED_LIMIT
from nn.errors import UserError
from nn.networks.recipe import OPTIMIZERS, Recipe
from nn.networks.registry import Network, get_network
from nn.runtime.sessions import FLOAT32, PRECISIONS, precision_for_this_cpu

VALIDATION_SPLIT = 0.2  # share of the training digits: 12,000 of MNIST's 60,000
# The bundled digits are so few that an epoch takes less than a second. They are also so much alike
# that a network which saw them bent reads other digits better: docs/experiments.md.
BUNDLED_EPOCHS_FACTOR = 10
BUNDLED_BENDS_PIXELS = 1.0

# Setting → its type, and a test that a valid value passes.
_CHECKS: dict[str, tuple[Any, Callable[[Any], bool]]] = {
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
    "dropout": (float | int | None, lambda rate: rate is None or 0 <= rate < 1),
    "weight_decay": (float | int | None, lambda share: share is None or 0 <= share < math.inf),
    "warmup": (float | int | None, lambda share: share is None or 0 <= share < 1),
    "l2": (float | int | None, lambda l2: l2 is None or 0 <= l2 < math.inf),
    "optimizer": (str | None, lambda name: name is None or name in OPTIMIZERS),
    "hidden": (tuple | list, lambda sizes: all(isinstance(n, int) and n > 0 for n in sizes)),
}


@dataclass(frozen=True)
class Settings:
    """All that decides, together with the data, what a run computes.

    validation_split: the share of the training digits that is held out; hidden: the sizes of a
    dense network's hidden layers. nn/networks/recipe.py describes the fields shared with Recipe.
    None, as in the configs of old runs, is the value of the network's own recipe. The order of the
    fields is the order in config.json and in the model card.
    """

    network: str
    epochs: int
    batch_size: int
    learning_rate: float
    validation_split: float
    seed: int
    hidden: tuple[int, ...] = ()
    augment: bool = False
    bends: float = 0.0
    extras: float = 0.0
    precision: str = FLOAT32
    dropout: float | None = None
    weight_decay: float | None = None
    warmup: float | None = None
    l2: float | None = None
    optimizer: str | None = None

    @classmethod
    def of(cls, network: Network, *, bundled: bool = False, **given: Any) -> "Settings":
        """The network's own settings on this machine, replaced by those given that are not None.

        bundled: whether the run trains on scikit-learn's bundled digits. Without `augment`, bends
        is 0. Raises UserError if a dropout is given and the network has none.
        """
        recipe = network.recipe
        if given.get("dropout") is not None:
            network.check_dropout()
        own = {name: getattr(recipe, name) for name in _shared()}
        own["precision"] = precision_for_this_cpu(recipe.precision)
        if bundled:
            own["epochs"] = BUNDLED_EPOCHS_FACTOR * recipe.epochs
            own["bends"] = BUNDLED_BENDS_PIXELS
        usual = cls(
            network=network.name,
            validation_split=VALIDATION_SPLIT,
            seed=0,
            hidden=network.hidden,
            **own,
        )
        settings = replace(usual, **{k: v for k, v in given.items() if v is not None})
        return settings if settings.augment else replace(settings, bends=0.0)

    @property
    def recipe(self) -> Recipe:
        """The network's recipe, with these settings in it."""
        own = {name: getattr(self, name) for name in _shared()}
        own = {name: value for name, value in own.items() if value is not None}
        return replace(get_network(self.network).recipe, **own)

    def check_batch_size(self, count: int) -> None:
        """Raises UserError if a batch is larger than the `count` training digits."""
        if self.batch_size > count:
            raise UserError(
                f"{self.network} cannot train with batches of {self.batch_size:,}: there are only "
                f"{count:,} examples to train on; try a smaller --batch-size"
            )

    def __post_init__(self) -> None:
        """Raises ValueError at a value that the command line would not let through."""
        for field in fields(self):
            (kind, is_valid), value = _CHECKS[field.name], getattr(self, field.name)
            if not isinstance(value, kind) or not is_valid(value):
                raise ValueError(f"{field.name} cannot be {value!r}")


def _shared() -> set[str]:
    """The names of the fields that Settings and Recipe share."""
    return {field.name for field in fields(Settings)} & {field.name for field in fields(Recipe)}
