"""A SavedModel in a session: its signatures as functions of arrays."""

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1
from tensorflow.core.protobuf.config_pb2 import CallableOptions

from nn.errors import ModelError
from nn.runtime.processors import ProcessorPool
from nn.runtime.sessions import FORKED, claim_process, configure_for_small_ops

# Multiply-adds that take some 0.5 ms: worth a processor of their own, as handing a part of a batch
# to it takes 0.1 to 0.5 ms (docs/performance.md).
MIN_MULTIPLY_ADDS_PER_PROCESSOR = 20e6


@dataclass(frozen=True)
class SignatureOutputs:
    """What a signature answers: each field of a subclass is an output of that name, an array of
    N."""

    def split(self) -> list[Self]:
        """The outputs for each of the N inputs: arrays without the axis of N."""
        return [type(self)(*values) for values in zip(*vars(self).values(), strict=True)]


Outputs = TypeVar("Outputs", bound=SignatureOutputs)


class RestoredModel:
    """A version of a model, restored into a session; close it.

    version: its folder. signatures: name → SignatureDef. Raises ModelError where the version cannot
    be restored, and RuntimeError in a forked process where TensorFlow would hang.
    """

    def __init__(self, version: Path) -> None:
        claim_process()
        self._process, self._is_closed = os.getpid(), False
        self._version = version
        config = tf1.ConfigProto()
        # Each processor works on its own part of a batch instead.
        configure_for_small_ops(config, threads_per_op=1)
        self._session = tf1.Session(graph=tf.Graph(), config=config)
        self._processors = ProcessorPool()
        self._functions: dict[tuple[str, type], Callable[..., Any]] = {}
        try:
            with self._session.graph.as_default(), _deprecation_warnings_off():
                tags = [tf1.saved_model.tag_constants.SERVING]
                meta_graph = tf1.saved_model.load(self._session, tags, str(version))
        except (tf.errors.OpError, OSError, ValueError, KeyError, RuntimeError) as error:
            self.close()
            raise self._damaged(error) from None
        self.signatures = meta_graph.signature_def

    def close(self) -> None:
        """Closes the session, when it has answered what it was asked. In a forked process it does
        nothing: the session is the parent's."""
        self._is_closed = True
        if os.getpid() != self._process:
            return
        self._processors.close()
        self._session.close()

    def check_usable(self) -> None:
        """Raises RuntimeError once it is closed, and in a forked process."""
        if os.getpid() != self._process:
            raise RuntimeError(FORKED)
        if self._is_closed:
            raise RuntimeError(
                "the Predictor is closed; take all readings inside its `with` block, or make a new "
                "one"
            )

    def function(
        self,
        name: str,
        inputs: Sequence[str],
        outputs: type[Outputs],
        *,
        min_images_per_processor: int | None = None,
        in_callers_thread: bool = False,
    ) -> Callable[..., Outputs]:
        """Returns a signature as a function: arrays of N for the inputs, in their order and of
        their dtypes → outputs. It is made once for each name and type of outputs.

        min_images_per_processor: a batch is shared among processors in parts of so many images or
        more; None: of as many as have MIN_MULTIPLY_ADDS_PER_PROCESSOR. in_callers_thread: runs all
        ops one after the other in the thread of the caller; where they are few and small, handing
        them to other threads takes longer. Raises ModelError where the model does not have the
        signature, an input or an output. The function raises RuntimeError as check_usable does.
        """
        self.check_usable()
        names = [field.name for field in fields(outputs)]
        self._check_outputs(name, names)
        if (name, outputs) not in self._functions:
            try:
                signature = self.signatures[name]
                feeds = [signature.inputs[each].name for each in inputs]
                fetches = [signature.outputs[each].name for each in names]
                run = self._callable(feeds, fetches, in_callers_thread)
                tensors = [self._session.graph.get_tensor_by_name(each) for each in fetches]
            except (tf.errors.OpError, ValueError, KeyError) as error:
                raise self._damaged(error) from None
            least = min_images_per_processor or _images_worth_a_processor(tensors)
            shared = self._processors.split_batches(run, least)

            def answer(*arrays: np.ndarray) -> Outputs:
                self.check_usable()
                return outputs(*shared(*arrays))

            self._functions[name, outputs] = answer
        return self._functions[name, outputs]

    def _check_outputs(self, name: str, expected: Iterable[str]) -> None:
        """Raises ModelError where a signature or one of its outputs is missing, as older models
        may lack them."""
        if name not in self.signatures:
            raise self._older(f"without the signature {name}")
        missing = [each for each in expected if each not in self.signatures[name].outputs]
        if missing:
            raise self._older(f"without the output {missing[0]} of the signature {name}")

    def _older(self, what: str) -> ModelError:
        """The error of a model that lacks something. what: "without …"."""
        return ModelError(
            f"{self._version}: an older model {what}; to write it anew: python -m nn.export "
            f"--from {self._version} --to {self._version.parent}"
        )

    def _callable(
        self, feeds: list[str], fetches: list[str], in_callers_thread: bool
    ) -> Callable[..., Sequence[np.ndarray]]:
        """Returns what `session.run(fetches, {feed: array, ...})` does as a function of the arrays.

        Session.run looks the tensors up at each call, and so takes 200 µs for an image where this
        takes 20. The method is private to TensorFlow: tests/prediction/test_session.py says what to
        do once it is gone.
        """
        options = CallableOptions(feed=feeds, fetch=fetches)
        if in_callers_thread:
            options.run_options.inter_op_thread_pool = -1
        return self._session._make_callable_from_options(options)

    def _damaged(self, error: Exception) -> ModelError:
        reason = str(error).splitlines()[0]
        return ModelError(f"{self._version}: cannot be restored ({reason})")


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


def _images_worth_a_processor(outputs: Iterable[tf.Tensor]) -> int:
    """How many images have MIN_MULTIPLY_ADDS_PER_PROCESSOR."""
    return math.ceil(MIN_MULTIPLY_ADDS_PER_PROCESSOR / max(1, multiply_adds(outputs)))


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
