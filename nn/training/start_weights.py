"""The weights of an exported version, as a training's first ones."""

from collections.abc import Mapping

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.errors import UserError
from nn.runtime.sessions import reason_of
from nn.training.graph import TrainingGraph


def restore_weights(session: tf1.Session, graph: TrainingGraph, prefix: str) -> None:
    """Restores the weights and moving averages of an exported version; Adam starts afresh.

    prefix: of the files in its variables/. Raises UserError if they cannot be restored, or are not
    those of the graph's network.
    """
    try:
        shapes = dict(tf.train.list_variables(prefix))
        _check_shapes(shapes, graph, prefix)
        variables = [variable for variable in graph.saved if variable.op.name in shapes]
        with graph.graph.as_default():
            tf1.train.Saver(variables).restore(session, prefix)
    except (tf.errors.OpError, ValueError) as error:
        raise UserError(
            f"{prefix}: these weights cannot be restored ({reason_of(error)})"
        ) from None


def _check_shapes(shapes: Mapping[str, list[int]], graph: TrainingGraph, prefix: str) -> None:
    """Raises UserError if a weight is missing or has another shape, which TensorFlow would restore
    silently, or if the graph has no place for a variable."""
    expected = {variable.op.name: variable.shape.as_list() for variable in graph.saved}
    for name in sorted({weights.op.name for weights in graph.weights} | shapes.keys()):
        if name not in shapes or shapes[name] != expected.get(name):
            raise UserError(
                f"{prefix}: these weights do not fit the network: {name}: expected shape "
                f"{expected.get(name)}, found {shapes.get(name)}"
            )
