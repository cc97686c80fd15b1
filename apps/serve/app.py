"""The addresses of the server."""

import asyncio
import json
import re
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from threading import Event
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from apps.serve import json_tensors, metrics
from apps.serve.errors import ClientGoneError, RequestError
from apps.serve.reader import Reader
from apps.serve.signatures import SIGNATURES, describe
from apps.serve.uploads import files_of
from nn.prediction.readings import ERROR
from nn.runtime.printable import printable

MODEL = "digits"
# As TensorFlow Serving has it: a model, one of its versions or labels, and what is asked of it.
_ADDRESS = re.compile(
    r"/v1/models/(?P<model>[^/:]+)(/versions/(?P<version>[0-9]{1,18})|/labels/(?P<label>[^/:]+))?"
    r"(?P<asked>/metadata|:[a-z]+)?"
)


def make_app(reader: Reader, version: str, pool: Executor) -> FastAPI:
    """The app. version: the number of the model's version; pool: the threads that read."""
    app = FastAPI(title="digits", docs_url=None, redoc_url=None, openapi_url=None)
    _add_error_handlers(app)

    in_pool = partial(_in_pool, pool, reader)

    @app.get("/healthz")
    async def health() -> Response:
        return _json({"status": "ok"})

    @app.get("/metrics")
    async def all_metrics() -> Response:
        content, media_type = metrics.exposition()
        return Response(content, media_type=media_type)

    @app.post("/read")
    async def read(request: Request, number: bool = False) -> Response:
        body, content_type = await request.body(), request.headers.get("content-type")
        return await in_pool(request, _read, body, content_type, number)

    @app.get("/v1/models/{rest:path}")
    async def model(request: Request) -> Response:
        asked = _asked_of(request, version)
        if asked is None:
            return _json(_status(version))
        if asked == "/metadata":
            return _json(_metadata(version))
        raise _malformed(request)

    @app.post("/v1/models/{rest:path}")
    async def predict(request: Request) -> Response:
        asked = _asked_of(request, version)
        if asked in (":classify", ":regress"):
            raise RequestError(400, f"the model has no signature for {asked}; it has :predict")
        if asked != ":predict":
            raise _malformed(request)
        return await in_pool(request, _predict, await request.body())

    return app


async def _in_pool(
    pool: Executor, reader: Reader, request: Request, answer: Callable[..., Response], *given: Any
) -> Response:
    """Answers in a thread. If the client goes, or the server stops, a request that waits for a
    thread gets none, and one that is being read ends before its next pictures."""
    stop, loop = Event(), asyncio.get_running_loop()
    answering = loop.run_in_executor(pool, answer, reader, stop, *given)
    leaving = loop.create_task(_until_gone(request))
    try:
        await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
        if answering.done():
            return answering.result()
        raise ClientGoneError
    finally:
        stop.set()
        answering.cancel()
        leaving.cancel()


async def _until_gone(request: Request) -> None:
    """Waits until the client has closed the connection. The request's body has been taken."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _read(
    reader: Reader, stop: Event, body: bytes, content_type: str | None, is_number: bool
) -> Response:
    """Readings as load_saved_model.py --json prints them: of one file an object, of several a list.
    A file that cannot be read fails no other; alone, it is the client's error."""
    readings = reader.read(files_of(body, content_type), stop, is_number)
    metrics.count_readings(reading.status for reading in readings)
    if len(readings) > 1:
        return _json([reading.json_fields() for reading in readings])
    return _json(readings[0].json_fields(), 400 if readings[0].status == ERROR else 200)


def _predict(reader: Reader, stop: Event, body: bytes) -> Response:
    request = json_tensors.parse(body)
    outputs = reader.run(request.signature, request.inputs, stop)
    metrics.INSTANCES.labels(request.signature).inc(len(next(iter(outputs.values()))))
    return _json(json_tensors.answer(request, outputs))


def _asked_of(request: Request, version: str) -> str | None:
    """What is asked of the model: `:predict`, `/metadata`; None is its status. Raises RequestError
    where there is no such model or version."""
    found = _ADDRESS.fullmatch(request.url.path)
    if not found:
        raise _malformed(request)
    if found["model"] != MODEL:
        raise RequestError(404, f"Servable not found for request: Latest({found['model']})")
    if found["label"]:
        raise RequestError(404, f"Unrecognized servable version label: {found['label']}")
    if found["version"] and int(found["version"]) != int(version):
        raise RequestError(
            404, f"Servable not found for request: Specific({MODEL}, {found['version']})"
        )
    return found["asked"]


def _malformed(request: Request) -> RequestError:
    return RequestError(400, f"Malformed request: {request.method} {request.url.path}")


def _status(version: str) -> dict:
    status = {"error_code": "OK", "error_message": ""}
    states = [{"version": version, "state": "AVAILABLE", "status": status}]
    return {"model_version_status": states}


def _metadata(version: str) -> dict:
    signatures = {name: describe(signature) for name, signature in SIGNATURES.items()}
    return {
        "model_spec": {"name": MODEL, "signature_name": "", "version": version},
        "metadata": {"signature_def": {"signature_def": signatures}},
    }


def _add_error_handlers(app: FastAPI) -> None:
    """Every error is {"error": …}, as in TensorFlow Serving."""

    @app.exception_handler(RequestError)
    async def refused(_: Request, error: RequestError) -> Response:
        return _refusal(str(error), error.status)

    @app.exception_handler(HTTPException)
    async def not_found(request: Request, error: HTTPException) -> Response:
        message = f"{error.detail}: {request.method} {request.url.path}"
        return _refusal(message, error.status_code)

    @app.exception_handler(RequestValidationError)
    async def bad_query(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return _refusal(f"{first['loc'][-1]}: {first['msg']}", 400)

    @app.exception_handler(Exception)  # uvicorn logs it, and closes the connection
    async def failed(_: Request, error: Exception) -> Response:
        answer = _json({"error": "a fault of the server; its log says more"}, 500)
        answer.headers["connection"] = "close"
        return answer


def _refusal(message: str, status: int) -> Response:
    """One line, whatever the request holds that the message quotes."""
    return _json({"error": printable(message)}, status)


def _json(content: Any, status: int = 200) -> Response:
    return Response(json.dumps(content), status, media_type="application/json")
