"""A SavedModel in a session: its signatures as functions of arrays."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1
from tensorflow.core.protobuf.config_pb2 import CallableOptions

from nn.prediction.restored_model import (
    RestoredModel,
    Runner,
    damaged,
    images_worth_a_processor,
)
from nn.runtime.sessions import FORKED, claim_process, configure_for_small_ops


class SessionModel(RestoredModel):
    """A version's SavedModel, restored into a session. Raises RuntimeError in a forked process
    where TensorFlow would hang."""

    runtime = "tensorflow"
    _used_after_a_fork = FORKED

    def __init__(self, version: Path, processors: int | None = None) -> None:
        claim_process()
        super().__init__(version, processors)
        config = tf1.ConfigProto()
        # Each processor works on its own part of a batch instead.
        configure_for_small_ops(config, threads_per_op=1)
        self._session = tf1.Session(graph=tf.Graph(), config=config)
        try:
            with self._session.graph.as_default(), _deprecation_warnings_off():
                tags = [tf1.saved_model.tag_constants.SERVING]
                meta_graph = tf1.saved_model.load(self._session, tags, str(version))
        except (tf.errors.OpError, OSError, ValueError, KeyError, RuntimeError) as error:
            self.close()
            raise damaged(version, error) from None
        self._definitions = meta_graph.signature_def
        self.signatures = {
            name: frozenset(definition.outputs) for name, definition in self._definitions.items()
        }

    def _end(self) -> None:
        self._session.close()

    def _runner(
        self, name: str, inputs: Sequence[str], outputs: Sequence[str], in_callers_thread: bool
    ) -> Runner:
        signature = self._definitions[name]
        try:
            feeds = [signature.inputs[each].name for each in inputs]
            fetches = [signature.outputs[each].name for each in outputs]
            run = self._callable(feeds, fetches, in_callers_thread)
            tensors = [self._session.graph.get_tensor_by_name(each) for each in fetches]
        except (tf.errors.OpError, ValueError, KeyError) as error:
            raise damaged(self._version, error) from None
        return Runner(run, images_worth_a_processor(multiply_adds(tensors)))

    def _callable(
        self, feeds: list[str], fetches: list[str], in_callers_thread: bool
    ) -> Callable[..., Sequence[np.ndarray]]:
        """Returns what `session.run(fetches, {feed: array, ...})` does as a function of the arrays.

        Session.run looks the tensors up at each call, and so takes 200 µs for an image where this
        takes 20. The method is private to TensorFlow:
        tests/prediction/test_tensorflow_session.py says what to do once it is gone.
        """
        options = CallableOptions(feed=feeds, fetch=fetches)
        if in_callers_thread:
            options.run_options.inter_op_thread_pool = -1
        return self._session._make_callable_from_options(options)


@contextmanager
def _deprecation_warnings_off() -> Iterator[None]:
    """TensorFlow warns that what restores a SavedModel into a session is deprecated. This project
    uses TF1 style on purpose."""
    before = tf1.logging.get_verbosity()
    tf1.logging.set_verbosity(tf1.logging.ERROR)
    try:
        yield
    finally:
        tf1.logging.set_verbosity(before)


def multiply_adds(outputs: Iterable[tf.Tensor]) -> int:
    """Counts the multiply-adds of the dense products and convolutions that the outputs depend on,
    for one image of a batch.

    Other ops count as nothing, and so do ops with an unknown shape, the batch dimension aside.
    """
    seen: set[tf.Operation] = set()
    waiting, total = [output.op for output in outputs], 0
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
