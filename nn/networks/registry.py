"""The networks: images → logits, each an explicit graph, and the registry of their names.

A network takes images, float32 [N, 28, 28] from 0 (paper) to 1 (ink), and returns logits,
float32 [N, 10]. `seed`, int32 [2] (seed, step), makes it a training graph, with dropout and the
batch's own mean and variance; None makes it an inference graph.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.data.digits import SIDE
from nn.errors import UserError
from nn.networks.recipe import Recipe

# (images, seed, size of the first hidden layer, of the second, …) → logits
Layers = Callable[..., tf.Tensor]


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

    @property
    def summary(self) -> str:
        """What the network is, in a line: its docstring's first."""
        return self.layers.__doc__.splitlines()[0]

    def build(self, images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """Adds the network to the current graph: images → logits."""
        return self.layers(images, seed, *self.hidden)

    def resized(self, hidden: Sequence[int]) -> "Network":
        """The same with other hidden sizes. Raises UserError where there are not as many."""
        if len(hidden) != len(self.hidden):
            raise UserError(_wrong_sizes(self, hidden))
        network = replace(self, hidden=tuple(hidden))
        return replace(network, parameters=count_parameters(network))


NETWORKS: dict[str, Network] = {}


def register(
    name: str, *, parameters: int, hidden: tuple[int, ...] = (), **recipe: Any
) -> Callable[[Layers], Layers]:
    """A decorator that enters a network's graph function under a name, with its recipe's fields."""

    def enter(layers: Layers) -> Layers:
        NETWORKS[name] = Network(name, layers, parameters, Recipe(**recipe), hidden)
        return layers

    return enter


def get_network(name: str, hidden: Sequence[int] = ()) -> Network:
    """The network of that name, with its own hidden sizes or those given.

    Raises UserError, which says what there is, where there is no such network, or it has not so
    many hidden layers.
    """
    if name not in NETWORKS:
        raise UserError(f"no network is called {name!r}; there are {', '.join(NETWORKS)}")
    return NETWORKS[name].resized(hidden) if hidden else NETWORKS[name]


def count_parameters(network: Network) -> int:
    """Elements of all the variables that the network creates."""
    with tf.Graph().as_default():
        network.build(tf1.placeholder(tf.float32, [None, SIDE, SIDE]), None)
        return sum(variable.shape.num_elements() for variable in tf1.global_variables())


def _wrong_sizes(network: Network, hidden: Sequence[int]) -> str:
    usual, found = (" ".join(map(str, sizes)) for sizes in (network.hidden, hidden))
    if not network.hidden:
        names = ", ".join(other.name for other in NETWORKS.values() if other.hidden)
        return f"hidden sizes {found}: {network.name} has none to set; these have: {names}"
    count = len(network.hidden)
    wanted = "layer, so it takes one size" if count == 1 else "layers, so it takes as many sizes"
    return f"hidden sizes {found}: {network.name} has {count} hidden {wanted}, such as {usual}"


# Beside each network stands why it trains as it does. Errors and losses are of MNIST's 12,000
# validation digits, with seed 0, never of its test digits. Of the learning rates that were tried,
# each dense network has the one with the lowest loss: their errors differ by no more than chance.
# 15 epochs take a dense network 5 to 25 s on two cores, 10 a convolutional one some 100 s.
# `compact`, which the plain command trains, has so many that it ends within two minutes. One tower
# where these were measured with batch norm of whole batches.
