"""A version's `digits.tflite` in LiteRT: its signatures as functions of arrays, without TensorFlow.

`import tensorflow` takes seconds; LiteRT reads its first picture after 0.25 s. The file holds the
serving graph with the weights as constants (nn/export/litert.py).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, SignatureRunner

from nn.pictures.canvas import CANVAS
from nn.pictures.reasons import REASONS
from nn.prediction.restored_model import (
    RestoredModel,
    Runner,
    damaged,
    images_worth_a_processor,
    older_model,
)
from nn.runtime.processors import run_in_parts
from nn.runtime.startup import notices_dropped
from nn.versions import LITERT_FILE

# Of larger batches the values between two layers fall out of the processor's cache, and take memory
# that an interpreter keeps: a page of 512×512 pixels takes 80 MB.
MAX_PIXELS_AT_ONCE = 16 * CANVAS * CANVAS
_REASONS = np.array([reason.encode() for reason in REASONS], object)
_NOTHING = np.zeros(0, np.int32)
_TYPES = {"digits": np.int64, "light_on_dark": np.bool_}  # of outputs that differ in LiteRT


class LiteRTModel(RestoredModel):
    """A version's `digits.tflite`. card: the version's, which must list the file."""

    runtime = "litert"

    def __init__(self, version: Path, card: Mapping, processors: int | None = None) -> None:
        if LITERT_FILE not in card["files"]:
            raise older_model(version, f"without {LITERT_FILE}")
        super().__init__(version, processors)
        self._content = (version / LITERT_FILE).read_bytes()
        self._images_worth_a_processor = images_worth_a_processor(card["multiply_adds"])
        # An interpreter answers one call at a time: each call takes an idle one, or makes one.
        self._idle: list[_Interpreter] = []
        try:
            with notices_dropped():
                first = _Interpreter(self._content)
        except (ValueError, RuntimeError) as error:
            self.close()
            raise damaged(version / LITERT_FILE, error) from None
        self._idle.append(first)
        self.signatures = first.signatures

    def _end(self) -> None:
        self._idle.clear()

    def _runner(
        self, name: str, inputs: Sequence[str], outputs: Sequence[str], in_callers_thread: bool
    ) -> Runner:
        def run_part(*arrays: np.ndarray) -> list[np.ndarray]:
            """Runs a part of a batch on an idle interpreter, or on a new one."""
            try:
                interpreter = self._idle.pop()
            except IndexError:
                interpreter = _Interpreter(self._content)
            try:
                found = interpreter.run(name, dict(zip(inputs, arrays, strict=True)))
            finally:
                self._idle.append(interpreter)
            return [found[each] for each in outputs]

        def run(*arrays: np.ndarray) -> Sequence[np.ndarray]:
            pixels = max(1, arrays[0][:1].size)  # of one picture
            return run_in_parts(run_part, arrays, max(1, MAX_PIXELS_AT_ONCE // pixels))

        return Runner(run, self._images_worth_a_processor)


class _Interpreter:
    """An interpreter of one thread, with the signatures that it has run."""

    def __init__(self, content: bytes) -> None:
        self._interpreter = Interpreter(model_content=content, num_threads=1)
        # With it LiteRT makes its fast kernels, XNNPACK, and prints that it does, once in a
        # process.
        self._interpreter.allocate_tensors()
        self._runners: dict[str, SignatureRunner] = {}
        self.signatures = {
            name: frozenset(_as_in_tensorflow(dict.fromkeys(signature["outputs"], _NOTHING)))
            for name, signature in self._interpreter.get_signature_list().items()
        }

    def run(self, name: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Runs a signature: its inputs by name → its outputs by name."""
        if name not in self._runners:
            self._runners[name] = self._interpreter.get_signature_runner(name)
        return _as_in_tensorflow(self._runners[name](**arrays))


def _as_in_tensorflow(outputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The outputs of a signature in the SavedModel's types, with its `reasons` for the codes."""
    found = {
        name: array.astype(_TYPES.get(name, array.dtype), copy=False)
        for name, array in outputs.items()
    }
    if "reason_codes" in outputs:
        found["reasons"] = _REASONS[outputs["reason_codes"]]
    return found
