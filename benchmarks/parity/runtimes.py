"""The runtimes that are compared. To add one, write a function as those below, and name it in
RUNTIMES."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from benchmarks.parity.inputs import Arrays, InputSet, Run
from benchmarks.parity.needs import LITERT, ONNX, Need
from nn import Predictor
from nn.errors import UserError
from nn.prediction.read_ahead import CanvasOutputs


@dataclass(frozen=True)
class PictureOutputs(CanvasOutputs):
    """What is compared of pictures. reason_codes: int32 [N]."""

    reason_codes: np.ndarray


# A set of inputs → `digits`, int64 [N], `probabilities`, float32 [N, 10], and, of pictures,
# `reason_codes`, int32 [N]; None if the runtime has no answers to this set.
AnswerSet = Callable[[InputSet], Arrays | None]


class Runtime(NamedTuple):
    """A runtime. opened: a version → what answers, until it is closed. needs: what it needs beside
    TensorFlow. most: so many inputs of each set are enough; None: all."""

    opened: Callable[[Path], AbstractContextManager[AnswerSet]]
    needs: tuple[Need, ...] = ()
    most: int | None = None


@contextmanager
def session(version: Path) -> Iterator[Run]:
    """A session, as TensorFlow 1 had it: the reference."""
    with closing(tf1.Session(graph=tf.Graph())) as opened:
        with opened.graph.as_default():
            signatures = tf1.saved_model.load(opened, ["serve"], str(version)).signature_def

        def run(name: str, arrays: Arrays) -> Arrays:
            signature = signatures[name]
            feed = {signature.inputs[key].name: array for key, array in arrays.items()}
            return opened.run({key: out.name for key, out in signature.outputs.items()}, feed)

        yield run


@contextmanager
def _single(version: Path) -> Iterator[AnswerSet]:
    with session(version) as run:
        yield lambda inputs: inputs.run(run, batch=1)


@contextmanager
def _eager(version: Path) -> Iterator[AnswerSet]:
    signatures = tf.saved_model.load(str(version)).signatures

    def run(name: str, arrays: Arrays) -> Arrays:
        given = {key: tf.constant(array) for key, array in arrays.items()}
        return {key: tensor.numpy() for key, tensor in signatures[name](**given).items()}

    yield lambda inputs: inputs.run(run)


@contextmanager
def _command_line(version: Path) -> Iterator[AnswerSet]:
    """saved_model_cli, which TensorFlow installs: each batch is a process, and a file an array."""

    def run(name: str, arrays: Arrays) -> Arrays:
        with tempfile.TemporaryDirectory() as folder:
            given = []
            for key, array in arrays.items():
                np.save(Path(folder) / f"{key}.npy", array)
                given.append(f"{key}={folder}/{key}.npy")
            finished = subprocess.run(
                [sys.executable, "-m", "tensorflow.python.tools.saved_model_cli", "run",
                 "--dir", str(version), "--tag_set", "serve", "--signature_def", name,
                 "--inputs", ";".join(given), "--outdir", f"{folder}/out"],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if finished.returncode:
                raise UserError(f"saved_model_cli failed:\n{finished.stderr.strip()}")
            found = Path(folder, "out").glob("*.npy")
            return {path.stem: np.load(path, allow_pickle=True) for path in found}

    yield lambda inputs: inputs.run(run)


@contextmanager
def _predictor(version: Path, *, runtime: str) -> Iterator[AnswerSet]:
    with Predictor(version, runtime=runtime) as predictor:

        def run(name: str, arrays: Arrays) -> Arrays:
            if name == "serving_default":
                return predictor.predict(arrays["images"])._asdict()
            signature = predictor.signature(name, PictureOutputs)
            return vars(signature(arrays["pixels"], arrays["sizes"]))

        yield lambda inputs: inputs.run(run)


@contextmanager
def _onnx(version: Path) -> Iterator[AnswerSet]:
    """ONNX Runtime, with the files that nn.export writes of the version."""
    from onnxruntime import InferenceSession

    from nn.export.onnx import export_onnx

    with tempfile.TemporaryDirectory() as folder:
        files = export_onnx(version, Path(folder) / "onnx").glob("*.onnx")
        sessions = {
            file.stem: InferenceSession(file, providers=["CPUExecutionProvider"]) for file in files
        }

    def run(name: str, arrays: Arrays) -> Arrays:
        names = [output.name for output in sessions[name].get_outputs()]
        return dict(zip(names, sessions[name].run(names, dict(arrays)), strict=True))

    yield lambda inputs: inputs.run(run)


@contextmanager
def _from_file(_: Path, *, file: Path) -> Iterator[AnswerSet]:
    if file.suffix == ".json":
        held = json.loads(file.read_text(encoding="utf-8"))
    else:
        held = {}
        for key, array in np.load(file).items():
            name, _, output = key.partition("/")
            held.setdefault(name, {})[output] = array
    yield lambda inputs: held.get(inputs.name)


def from_file(file: Path) -> Runtime:
    """A runtime of another process, which wrote its answers into a file.

    In a JSON file they are {set: {output: values}}, in an NPZ file arrays called set/output, with
    the outputs of an AnswerSet. A set may be missing.
    """
    return Runtime(partial(_from_file, file=file))


RUNTIMES = {
    "session one by one": Runtime(_single),
    "tf.saved_model.load": Runtime(_eager),
    "saved_model_cli": Runtime(_command_line, most=100),  # 10 s a call
    "Predictor in TensorFlow": Runtime(partial(_predictor, runtime="tensorflow")),
    "Predictor in LiteRT": Runtime(partial(_predictor, runtime="litert"), (LITERT,)),
    "ONNX Runtime": Runtime(_onnx, ONNX),
}
