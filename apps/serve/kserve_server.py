"""Serves a version with KServe's Python server: python -m apps.serve.kserve_server.

KServe's server answers its V1 protocol (`:predict`), and its V2 protocol, the Open Inference
Protocol (`infer`). The model in it reads as apps/serve does, with LiteRT. docs/serving.md describes
both.

https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import numpy as np

from apps.serve import json_tensors
from apps.serve.errors import RequestError
from apps.serve.reader import Reader
from apps.serve.signatures import BYTES, DEFAULT, SIGNATURES, Tensor
from nn.prediction.predictor import Predictor
from nn.prediction.runtimes import LITERT
from nn.runtime.startup import make_output_safe, run_command

NAME = "digits"
DATATYPES = {BYTES: "BYTES", "DT_UINT8": "UINT8", "DT_INT32": "INT32", "DT_INT64": "INT64",
             "DT_FLOAT": "FP32", "DT_BOOL": "BOOL"}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    make_output_safe()
    return run_command(lambda: serve(arguments))


def serve(arguments: Sequence[str] | None) -> int:
    """Answers until a signal ends it; returns the exit status."""
    import kserve
    from kserve.errors import InvalidInput

    class Digits(kserve.Model):
        """A version, as KServe's server asks it."""

        def __init__(self, name: str, version: Path | None) -> None:
            super().__init__(name)
            self._version = version

        def load(self) -> bool:
            """Loads the version."""
            self._reader = Reader(Predictor(self._version, runtime=LITERT))
            self.ready = True
            return True

        async def predict(self, payload: Any, headers: Any = None) -> Any:
            """The answer to a request of V1, a dict, or of V2, an InferRequest."""
            is_v2 = isinstance(payload, kserve.InferRequest)
            try:
                request = _parse(v1_request(payload) if is_v2 else payload)
                outputs = await asyncio.to_thread(
                    self._reader.run, request.signature, request.inputs, Event()
                )
            except RequestError as error:
                raise InvalidInput(str(error)) from None
            if not is_v2:
                return json_tensors.answer(request, outputs)
            tensors = SIGNATURES[request.signature].outputs
            return kserve.InferResponse(
                payload.id or str(uuid4()),
                self.name,
                [
                    kserve.InferOutput(name, list(values.shape), _datatype(tensors[name]), values)
                    for name, values in outputs.items()
                ],
                requested_outputs=payload.request_outputs,
            )

        async def get_input_types(self) -> list[dict]:
            """What V2's metadata says of the inputs."""
            return _described(SIGNATURES[DEFAULT].inputs)

        async def get_output_types(self) -> list[dict]:
            """What V2's metadata says of the outputs."""
            return _described(SIGNATURES[DEFAULT].outputs)

    options = _parse_arguments(kserve.model_server.parser, arguments)
    model = Digits(options.model_name, options.model_dir)
    model.load()
    kserve.ModelServer(enable_grpc=False).start([model])
    return 0


def _parse(payload: Any) -> json_tensors.Request:
    """A request of V1: bytes, where the client does not say that they are JSON, or a dict."""
    if isinstance(payload, bytes):
        return json_tensors.parse(payload)
    return json_tensors.parse_document(payload)


def v1_request(request: Any) -> dict:
    """An InferRequest → the same request in V1's columns.

    Its parameter `signature_name` names the signature. The files of an input of BYTES are in
    base64: KServe's server refuses bytes that are not text. Raises RequestError.
    """
    parameters = request.parameters or {}
    inputs = {}
    for given in request.inputs:
        try:
            values = np.array(given.data, object).reshape(given.shape).tolist()
        except (ValueError, TypeError):
            raise RequestError(
                400, f"input {given.name}: its data do not have the shape {given.shape}"
            ) from None
        inputs[given.name] = [{"b64": each} for each in values] if _is_text(given) else values
    return {"signature_name": parameters.get("signature_name"), json_tensors.COLUMNS: inputs}


def _is_text(given: Any) -> bool:
    return given.datatype == DATATYPES[BYTES]


def _parse_arguments(
    of_kserve: argparse.ArgumentParser, arguments: Sequence[str] | None
) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m apps.serve.kserve_server",
        description="Serves a version with KServe's Python server, over HTTP.",
        parents=[of_kserve],
        conflict_handler="resolve",
    )
    parser.add_argument(
        "--model_name", default=NAME, help="the model's name in addresses (default: %(default)s)"
    )
    parser.add_argument(
        "--model_dir",
        type=Path,
        metavar="DIR",
        help="a version of a model, or a folder of versions: the highest is used (default: "
        "SavedModel in the current folder, or else beside the scripts)",
    )
    return parser.parse_args(arguments)


def _datatype(tensor: Tensor) -> str:
    return DATATYPES[tensor.dtype]


def _described(tensors: Mapping[str, Tensor]) -> list[dict]:
    return [
        {"name": name, "datatype": _datatype(tensor), "shape": [-1, *tensor.shape]}
        for name, tensor in tensors.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
