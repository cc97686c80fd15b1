"""The model in KServe's Python server.

KServe's server answers its V1 protocol (`:predict`), and its V2 protocol, the Open Inference
Protocol (`infer`). The model reads as apps/serve does, with LiteRT.

https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import kserve
import numpy as np
from kserve.errors import InvalidInput

from apps.serve import json_tensors
from apps.serve.errors import RequestError
from apps.serve.reader import Reader
from apps.serve.signatures import BYTES, DEFAULT, SIGNATURES, Tensor
from nn.prediction.predictor import Predictor
from nn.prediction.runtimes import LITERT

# As V2 names the types that SIGNATURES has.
DATATYPES = {BYTES: "BYTES", "DT_UINT8": "UINT8", "DT_INT32": "INT32", "DT_INT64": "INT64",
             "DT_FLOAT": "FP32", "DT_BOOL": "BOOL"}  # fmt: skip


class Digits(kserve.Model):
    """A version, as KServe's server asks it."""

    def __init__(self, name: str, version: Path | None) -> None:
        super().__init__(name)
        self._version = version

    def load(self) -> bool:
        """Loads the version. Raises ModelError."""
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
        answers = [
            kserve.InferOutput(name, list(values.shape), DATATYPES[tensors[name].dtype], values)
            for name, values in outputs.items()
        ]
        asked = payload.request_outputs
        number = payload.id or str(uuid4())
        return kserve.InferResponse(number, self.name, answers, requested_outputs=asked)

    async def get_input_types(self) -> list[dict]:
        """What V2's metadata says of the inputs."""
        return _described(SIGNATURES[DEFAULT].inputs)

    async def get_output_types(self) -> list[dict]:
        """What V2's metadata says of the outputs."""
        return _described(SIGNATURES[DEFAULT].outputs)


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
        is_text = given.datatype == DATATYPES[BYTES]
        try:
            values = np.array(given.data, object).reshape(given.shape).tolist()
        except (ValueError, TypeError):
            raise RequestError(
                400, f"input {given.name}: its data do not have the shape {given.shape}"
            ) from None
        inputs[given.name] = [{"b64": each} for each in values] if is_text else values
    return {"signature_name": parameters.get("signature_name"), json_tensors.COLUMNS: inputs}


def _described(tensors: Mapping[str, Tensor]) -> list[dict]:
    return [
        {"name": name, "datatype": DATATYPES[tensor.dtype], "shape": [-1, *tensor.shape]}
        for name, tensor in tensors.items()
    ]
