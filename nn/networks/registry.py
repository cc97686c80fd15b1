"""The registry of networks: each has a name, a function that builds its graph, and a recipe.

A network takes images, float32 [N, 28, 28] from 0 (paper) to 1 (ink), and returns logits, float32
[N, 10]. `seed` is None or int32 [2], the run's seed and the step. With a seed the network is a
training graph: dropout is on, and batch norm takes the batch's own mean and variance. With None it
is an inference graph.

To add a network, write its function in dense.py or convolutional.py under @register, and its twin
in NumPy, a function of the same name, in tests/reference.py. It then trains, compares and exports
like all others, and every test of networks tests it too. The first line of the function's docstring
says what it is and names each dropout rate. A network with dropout layers takes their `rate` from
its recipe, which --dropout replaces. The finder of ink (finder.py) and the reader of rows
(row_reader.py) have other images and logits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.data.digits import SIDE
from nn.errors import UserError
from nn.networks.recipe import Recipe

# (images, seed, size of the first hidden layer, size of the second hidden layer, …) → logits; with
# dropout layers, also `rate`, by name
Layers = Callable[..., tf.Tensor]


class Task(Enum):
    """What a network is for: it reads digits; or it helps those that do, and finds the ink of
    pictures, or reads rows of several digits."""

    READ_DIGITS = "reads digits"
    FIND_INK = "finds ink"
    READ_ROWS = "reads rows"


@dataclass(frozen=True)
class Network:
    """A registered network, its size, and the training that suits it.

    parameters: elements of all its variables. hidden: the sizes of a dense network's hidden
    layers; empty for a convolutional one.
    """

    name: str
    layers: Layers
    parameters: int
    recipe: Recipe
    hidden: tuple[int, ...] = ()
    task: Task = Task.READ_DIGITS

    @property
    def summary(self) -> str:
        """The network in one line: the first line of its function's docstring."""
        return (self.layers.__doc__ or "").partition("\n")[0]

    def build(
        self, images: tf.Tensor, seed: tf.Tensor | None, dropout: float | None = None
    ) -> tf.Tensor:
        """Adds the network to the current graph: images → logits.

        dropout: the rate of its dropout layers; None is the recipe's. Raises ValueError if the
        variables that it creates have another number of elements than `parameters`. A network that
        shares the variables of an earlier one creates none.
        """
        before = len(tf1.global_variables())
        logits = self.layers(images, seed, *self.hidden, **self._rate(dropout))
        created = _count_elements(tf1.global_variables()[before:])
        if created not in (0, self.parameters):
            raise ValueError(
                f"network {self.name!r} is registered with parameters={self.parameters:,}, but its "
                f"variables have {created:,} elements; register it with parameters={created:_}"
            )
        return logits

    def resized(self, hidden: Sequence[int]) -> "Network":
        """The same network with other hidden sizes.

        Raises UserError if the number of sizes is not the number of hidden layers.
        """
        if len(hidden) != len(self.hidden):
            raise UserError(_wrong_sizes_message(self, hidden))
        bare = replace(self, hidden=tuple(hidden))
        return replace(bare, parameters=_parameters(bare))

    def check_dropout(self) -> None:
        """Raises UserError if the network has no dropout; the message lists those that have it."""
        if self.recipe.dropout is None:
            names = ", ".join(
                other.name for other in NETWORKS.values() if other.recipe.dropout is not None
            )
            raise UserError(f"{self.name} has no dropout. These networks do: {names}")

    def _rate(self, dropout: float | None) -> dict[str, float]:
        """What `layers` takes beside the sizes: nothing, or the rate of its dropout layers."""
        usual = self.recipe.dropout
        return {} if usual is None else {"rate": usual if dropout is None else dropout}


NETWORKS: dict[str, Network] = {}


def register(
    name: str,
    *,
    parameters: int,
    hidden: tuple[int, ...] = (),
    task: Task = Task.READ_DIGITS,
    **recipe: Any,
) -> Callable[[Layers], Layers]:
    """A decorator that enters a network's function in the registry.

    parameters: elements of all its variables, which `Network.build` checks; hidden: the sizes of a
    dense network's hidden layers; recipe: the fields of nn/networks/recipe.py.
    """

    def enter(layers: Layers) -> Layers:
        NETWORKS[name] = Network(name, layers, parameters, Recipe(**recipe), hidden, task)
        return layers

    return enter


def get_network(name: str, hidden: Sequence[int] = ()) -> Network:
    """The network of that name, with its own hidden sizes or those given.

    Raises UserError if there is no such network; the message lists all names. Raises it too if the
    number of sizes is not the network's number of hidden layers.
    """
    if name not in NETWORKS:
        raise UserError(f"no network is called {name!r}; choose one of {', '.join(NETWORKS)}")
    return NETWORKS[name].resized(hidden) if hidden else NETWORKS[name]


def readers() -> list[str]:
    """The names of the networks that read digits."""
    return [name for name, network in NETWORKS.items() if network.task is Task.READ_DIGITS]


def _parameters(network: Network) -> int:
    """Elements of all the variables that a network creates, whatever it states."""
    with tf.Graph().as_default():
        images = tf1.placeholder(tf.float32, [None, SIDE, SIDE])
        network.layers(images, None, *network.hidden, **network._rate(None))
        return _count_elements(tf1.global_variables())


def _count_elements(variables: Sequence[tf.Variable]) -> int:
    return sum(variable.shape.num_elements() for variable in variables)


def _wrong_sizes_message(network: Network, hidden: Sequence[int]) -> str:
    if not network.hidden:
        names = ", ".join(other.name for other in NETWORKS.values() if other.hidden)
        return f"{network.name} has no hidden layers to resize. These networks do: {names}"
    usual, found = (" ".join(map(str, sizes)) for sizes in (network.hidden, hidden))
    count = len(network.hidden)
    wanted = "layer, so it takes one size" if count == 1 else f"layers, so it takes {count} sizes"
    return f"hidden sizes {found}: {network.name} has {count} hidden {wanted}, such as {usual}"
