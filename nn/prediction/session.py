"""A SavedModel in a session: its signatures as functions of arrays."""

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import tensorflow as tf
import tensorflow.compat.v1 as tf1
from tensorflow.core.protobuf.config_pb2 import CallableOptions

from nn.errors import ModelError
from nn.runtime.processors import ProcessorPool
from nn.runtime.sessions import configure_for_small_ops

# What is worth a processor of its own, in multiply-adds: some 0.5 ms. To hand it a part of a batch
# takes 0.1 to 0.5 ms (docs/performance.md).
WORTH = 20e6


class RestoredModel:
    """A version of a model, restored into a session; close it. Raises ModelError."""

    def __init__(self, version: Path) -> None:
        self._version = version
        config = tf1.ConfigProto()
        # Each processor works on its own part of a batch instead.
        configure_for_small_ops(config, threads_per_op=1)
        self._session = tf1.Session(graph=tf.Graph(), config=config)
        self._processors = ProcessorPool()
        try:
            with self._session.graph.as_default():
                tags = [tf1.saved_model.tag_constants.SERVING]
                meta_graph = tf1.saved_model.load(self._session, tags, str(version))
        except (tf.errors.OpError, OSError, ValueError, KeyError, RuntimeError) as error:
            self.close()
            raise self._damaged(error) from None
        self.signatures = meta_graph.signature_def

    def close(self) -> None:
        """Closes the session, when it has answered what it was asked."""
        self._processors.close()
        self._session.close()

    def function(
        self,
        name: str,
        inputs: list[str],
        answer: type[NamedTuple],
        *,
        least: int | None = None,
        in_turn: bool = False,
    ) -> Callable[..., NamedTuple]:
        """A function that runs a signature: arrays of the inputs, of the right dtypes → the outputs
        that `answer` names. Raises ModelError where there are none such.

        Session.run looks up what is fed and fetched at each call, which takes longer than a small
        network. least: so many images are worth a processor of their own; None: as many as have
        WORTH multiply-adds. in_turn: op after op in the caller's thread; for few and small ones, to
        hand them to others takes longer too.
        """
        try:
            signature = self.signatures[name]
            options = CallableOptions(
                feed=[signature.inputs[each].name for each in inputs],
                fetch=[signature.outputs[each].name for each in answer._fields],
            )
            if in_turn:
                options.run_options.inter_op_thread_pool = -1
            run = self._session._make_callable_from_options(options)
            outputs = map(self._session.graph.get_tensor_by_name, options.fetch)
            least = least or math.ceil(WORTH / max(1, multiply_adds(outputs)))
        except (tf.errors.OpError, ValueError, KeyError) as error:
            raise self._damaged(error) from None
        run = self._processors.split_batches(run, least)
        return lambda *arrays: answer(*run(*arrays))

    def _damaged(self, error: Exception) -> ModelError:
        reason = str(error).splitlines()[0]
        return ModelError(f"{self._version}: cannot be restored ({reason})")


def multiply_adds(outputs: Iterable[tf.Tensor]) -> int:
    """Of the dense products and convolutions that the outputs come from, for one image of a batch.

    All else counts nothing, nor does an op whose shapes are not known but for the batch.
    """
    seen, waiting, total = set(), [output.op for output in outputs], 0
    while waiting:
        op = waiting.pop()
        if op in seen:
            continue
        seen.add(op)
        waiting += [tensor.op for tensor in op.inputs]
        if op.type in ("MatMul", "Conv2D"):
            weights = op.inputs[1].shape.num_elements() or 0
            places = op.outputs[0].shape[1:-1].num_elements() or 0  # of a dense product: 1
            total += weights * places
    return total
