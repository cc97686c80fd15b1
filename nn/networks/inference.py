"""Inference: images → probabilities and digits."""

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.confidence.scaling import UNSCALED, Scaling, scale_logits_in_graph
from nn.data.digits import SIDE
from nn.networks.layers import scale
from nn.networks.registry import Network, Task
from nn.pictures.canvas import STRIP_HEIGHT_PIXELS


def build_inference_graph(network: Network) -> tf.Graph:
    """The smallest graph that predicts, images → probabilities: TensorBoard shows it. A finder of
    ink predicts pictures → the probability of each pixel to be ink; a reader of rows, strips → the
    probability of each character at each step."""
    with tf.Graph().as_default() as graph:
        if network.task is Task.FIND_INK:
            pictures = tf1.placeholder(tf.float32, [None, None, None, 2], "pictures")
            tf.sigmoid(network.build(pictures, None), name="ink")
            return graph
        if network.task is Task.READ_ROWS:
            strips = tf1.placeholder(tf.float32, [None, STRIP_HEIGHT_PIXELS, None, 2], "strips")
            tf.nn.softmax(network.build(strips, None), name="characters")
            return graph
        images = tf1.placeholder(tf.uint8, [None, SIDE, SIDE], "images")
        predict(network, images)
    return graph


def predict(
    network: Network,
    images: tf.Tensor,
    scaling: Scaling = UNSCALED,
    certainties: tf.Tensor | None = None,
) -> dict[str, tf.Tensor]:
    """Adds the network to the current graph: images, uint8 [N, 28, 28] → probabilities, float32
    [N, 10], and digits, int64 [N].

    scaling: turns logits into probabilities that can be trusted (nn/confidence/scaling.py).
    certainties: of the ink that was found, float32 [N], for the scaling; None if all are 1.
    """
    logits = network.build(scale(images), None)
    return {
        "probabilities": tf.nn.softmax(
            scale_logits_in_graph(logits, scaling, certainties), name="probabilities"
        ),
        "digits": tf.argmax(logits, 1, name="digits"),
    }
