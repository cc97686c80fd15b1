"""The recipe of a network: the training that suits it."""

from dataclasses import dataclass

from nn.runtime.sessions import FLOAT32

ADAM, MOMENTUM, SGD = OPTIMIZERS = ("adam", "momentum", "sgd")


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    epochs: times through the training digits. batch_size: images in each step. optimizer: one of
    OPTIMIZERS. learning_rate: its highest. It rises from 0 to that during the first `warmup` share
    of all steps, and then falls towards 0, both in a straight line (Smith and Topin 2017, arXiv
    1708.07120). beta_2: Adam's. l2: the loss gets l2 / 2 times the sum of all squared kernels and
    weights added. weight_decay: each step takes this share of kernels and weights away, times the
    learning rate (Loshchilov and Hutter 2019, arXiv 1711.05101). dropout: the rate of each dropout
    layer; None for a network that has none. label_smoothing: the share of a label that all
    ten digits get alike (Szegedy et al. 2016, arXiv 1512.00567). augment: whether each batch is
    distorted (nn/training/augment.py). bends: how far distorted digits are bent, in pixels. extras:
    extra pictures to train on, as a share of the digits (nn/training/datasets.py, extra_pictures).
    precision: the one of nn/runtime/sessions.py in which the network trains fastest; a CPU that
    lacks it trains in float32. towers: the number of parts of a batch that go through the network
    side by side (nn/training/objectives.py, in_towers); it does not depend on the machine, so that
    a seed draws the same random numbers on each. pictures: composed pictures that a finder of ink
    or a reader of rows trains on; 0 for a network that reads digits.
    """

    epochs: int
    batch_size: int = 64
    learning_rate: float = 1e-3  # this and beta_2 are Adam's own: Kingma and Ba 2015, 1412.6980
    warmup: float = 0.0
    beta_2: float = 0.999
    l2: float = 0.0
    weight_decay: float = 0.0
    dropout: float | None = None
    label_smoothing: float = 0.0
    augment: bool = False
    bends: float = 0.0
    extras: float = 0.0
    precision: str = FLOAT32
    towers: int = 2
    pictures: int = 0
    optimizer: str = ADAM

    def steps_per_epoch(self, count: int) -> int:
        """Batches that show each of `count` images once; the last one may repeat some."""
        return -(-count // self.batch_size)
