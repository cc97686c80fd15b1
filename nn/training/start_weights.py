"""The weights of an exported version, as a training's first ones."""

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.errors import UserError
from nn.training.graph import TrainingGraph


def restore_weights(session: tf1.Session, graph: TrainingGraph, prefix: str) -> None:
    """Restores the weights and moving averages of an exported version; Adam starts afresh.

    prefix: of the files in its variables/. Raises UserError if they cannot be restored.
    """
    try:
        names = {name for name, _ in tf.train.list_variables(prefix)}
        variables = [variable for variable in graph.saved if variable.op.name in names]
        with graph.graph.as_default():
            tf1.train.Saver(variables).restore(session, prefix)
    except (tf.errors.OpError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{prefix}: these weights cannot be restored ({reason})") from None
