"""A version of a model, restored: its signatures as functions of arrays, in whichever runtime.

nn/prediction/tensorflow_session.py restores the SavedModel in a session;
nn/prediction/litert_session.py runs `digits.tflite`, which the export made of the same graph.
"""

import math
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

import numpy as np

from nn.errors import ModelError
from nn.runtime.processors import ProcessorPool, RunBatch

USED_AFTER_A_FORK = (
    "this process was forked after the Predictor was made, and a fork does not copy its threads: "
    "it would hang; make a Predictor in each process"
)


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


class Runner(NamedTuple):
    """A signature, ready to run. run: arrays of N, for the inputs → for the outputs.
    images_worth_a_processor: a smaller part of a batch takes longer to be handed over than to be
    run."""

    run: RunBatch
    images_worth_a_processor: int


class RestoredModel(ABC):
    """A version of a model, ready to answer; close it.

    signatures: the names of the outputs, by the name of the signature. processors: how many share a
    batch; None: all. Raises ModelError where the version cannot be restored.
    """

    runtime: ClassVar[str]  # as --runtime names it
    signatures: Mapping[str, Collection[str]]
    _used_after_a_fork = USED_AFTER_A_FORK

    def __init__(self, version: Path, processors: int | None = None) -> None:
        self._process, self._is_closed = os.getpid(), False
        self._version = version
        self._processors = ProcessorPool(processors)
        self._functions: dict[tuple[str, type], Callable[..., Any]] = {}

    def close(self) -> None:
        """Closes it, when it has answered what it was asked. In a forked process it does nothing:
        the model is the parent's."""
        self._is_closed = True
        if os.getpid() == self._process:
            self._processors.close()
            self._end()

    def check_usable(self) -> None:
        """Raises RuntimeError once it is closed, and in a forked process."""
        if os.getpid() != self._process:
            raise RuntimeError(self._used_after_a_fork)
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
        more; None: of as many as the runtime finds worth it. in_callers_thread: runs all ops one
        after the other in the thread of the caller; where they are few and small, handing them to
        other threads takes longer. Raises ModelError where the model does not have the signature or
        an output. The function raises RuntimeError as check_usable does.
        """
        self.check_usable()
        names = [field.name for field in fields(outputs)]
        self._check_outputs(name, names)
        if (name, outputs) not in self._functions:
            runner = self._runner(name, inputs, names, in_callers_thread)
            least = min_images_per_processor or runner.images_worth_a_processor
            shared = self._processors.split_batches(runner.run, least)

            def answer(*arrays: np.ndarray) -> Outputs:
                self.check_usable()
                return outputs(*shared(*arrays))

            self._functions[name, outputs] = answer
        return self._functions[name, outputs]

    @abstractmethod
    def _runner(
        self, name: str, inputs: Sequence[str], outputs: Sequence[str], in_callers_thread: bool
    ) -> Runner:
        """Makes a signature ready to run. Raises ModelError where it is damaged."""

    @abstractmethod
    def _end(self) -> None:
        """Gives back what the runtime holds."""

    def _check_outputs(self, name: str, expected: Sequence[str]) -> None:
        """Raises ModelError where a signature or one of its outputs is missing, as older models
        may lack them."""
        if name not in self.signatures:
            raise older_model(self._version, f"without the signature {name}")
        missing = [each for each in expected if each not in self.signatures[name]]
        if missing:
            raise older_model(
                self._version, f"without the output {missing[0]} of the signature {name}"
            )


def images_worth_a_processor(multiply_adds: int) -> int:
    """How many images have MIN_MULTIPLY_ADDS_PER_PROCESSOR. multiply_adds: of one image."""
    return math.ceil(MIN_MULTIPLY_ADDS_PER_PROCESSOR / max(1, multiply_adds))


def older_model(version: Path, what: str) -> ModelError:
    """The error of a model that lacks something. what: "without …"."""
    return ModelError(
        f"{version}: an older model {what}; to write it anew: python -m nn.export --from {version} "
        f"--to {version.parent}"
    )


def damaged(version: Path, error: Exception) -> ModelError:
    """The error of a model that a runtime cannot restore."""
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return ModelError(f"{version}: cannot be restored ({reason})")
