"""The training that suits a network."""

from dataclasses import dataclass

from nn.runtime.sessions import FLOAT32


@dataclass(frozen=True)
class Recipe:
    """The training that suits a network.

    learning_rate: Adam's highest. It rises from 0 to that during the first `warmup` share of all
    steps, and then falls towards 0, both in a straight line (Smith and Topin 2017, arXiv
    1708.07120). beta_2: Adam's. l2: the loss has l2 / 2 times the sum of all squared kernels and
    weights added. weight_decay: each step takes that share of kernels and weights away, times the
    learning rate (Loshchilov and Hutter 2019, arXiv 1711.05101). label_smoothing: the share of a
    label that goes to all ten digits alike (Szegedy et al. 2016, arXiv 1512.00567). augment:
    whether each batch is distorted, by nn/training/augment.py; bends: how far digits are bent then,
    pixels. extras: how many pictures of nn/training/drawn_pictures.py are trained with, as a share
    of the digits. precision: of nn/runtime/sessions.py, the one that it trains fastest in where the
    CPU has it. towers: in how many parts a batch goes through the network, side by side
    (nn/training/loop.py); the same on any machine, so that a seed draws the same random numbers
    on each.
    """

    epochs: int
    batch_size: int = 64
    learning_rate: float = 1e-3  # this and beta_2 are Adam's own: Kingma and Ba 2015, 1412.6980
    warmup: float = 0.0
    beta_2: float = 0.999
    l2: float = 0.0
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    augment: bool = False
    bends: float = 0.0
    extras: float = 0.0
    precision: str = FLOAT32
    towers: int = 2

    def steps_per_epoch(self, count: int) -> int:
        """Batches that show each of `count` images once; the last may show some again."""
        return -(-count // self.batch_size)
