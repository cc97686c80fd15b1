"""The reader of rows: a network that reads a row of digits and signs as a whole.

It answers for each step along the row which character is there, or none. Training needs no places,
only texts: the loss adds up all ways in which the steps can spell one (CTC: Graves et al. 2006,
Connectionist Temporal Classification). So it learns by itself where a digit ends, also if it
touches the next one, and that the wall of a cell is not the digit 1.
"""

import tensorflow as tf

from nn.data.texts import CHARACTERS
from nn.networks.layers import batch_norm, conv2d, max_pool
from nn.networks.registry import Task, register
from nn.runtime.sessions import BFLOAT16

DILATIONS_STEPS = 1, 3, 6  # of the last convolutions


@register(
    "rows", task=Task.READ_ROWS, parameters=254_288, epochs=8, batch_size=32, learning_rate=4e-3,
    warmup=0.1, beta_2=0.99, weight_decay=0.01, precision=BFLOAT16, towers=1, pictures=75_000,
)  # fmt: skip
def rows(strips: tf.Tensor, seed: tf.Tensor | None, *, folded: bool = False) -> tf.Tensor:
    """conv 4×3: 32; 3×3: 48, 64, 64; 5×1: 96; three residual 1×5: 96; a logit for each character

    Each convolution is followed by batch norm and ReLU. The last three see every step, every third
    and every sixth: up to two digits to both sides, because the neighbors tell a dot from a comma,
    and a one from the wall of a cell.

    Returns logits, float32 [N, W / 2, 16]: of each of CHARACTERS, and of none.

    strips: float32 [N, 40, W, 2] from 0 to 1, as nn/prediction/number_strips.py cuts them; W is
    even. seed, folded: as in nn/networks/finder.py.
    """

    def block(
        x: tf.Tensor,
        filters: int,
        number: int,
        size: tuple[int, int] = (3, 3),
        stride: tuple[int, int] = (1, 1),
        dilation: tuple[int, int] = (1, 1),
        padding: str = "SAME",
    ) -> tf.Tensor:
        """A convolution, batch norm, ReLU."""
        name = f"conv_{number}"
        x = conv2d(
            x, filters, name, size=size, stride=stride, dilation=dilation, padding=padding,
            bias=folded,
        )  # fmt: skip
        if not folded:
            x = batch_norm(x, f"batch_norm_{number}", training=seed is not None)
        return tf.nn.relu(x)

    x = tf.nn.space_to_depth(strips, 2)  # [N, 20, W / 2, 8]
    x = block(block(x, 32, 1, (4, 3), (2, 1)), 48, 2)  # [N, 10, W / 2, 48]
    x = max_pool(x, "pool", size=(2, 1))  # [N, 5, W / 2, 48]
    x = block(block(x, 64, 3), 64, 4)  # [N, 5, W / 2, 64]
    x = block(x, 96, 5, (5, 1), padding="VALID")  # [N, 1, W / 2, 96]
    for number, steps in enumerate(DILATIONS_STEPS, 6):
        x += block(x, 96, number, (1, 5), dilation=(1, steps))
    return conv2d(x, len(CHARACTERS) + 1, "logits", size=1, padding="SAME")[:, 0]
