"""The JSON of TensorFlow Serving's REST API → arrays, and back.

https://www.tensorflow.org/tfx/serving/api_rest describes both formats: rows (`instances`) and
columns (`inputs`). The messages of errors follow TensorFlow Serving's where it has one.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from apps.serve.errors import RequestError
from apps.serve.signatures import (
    BYTES,
    DEFAULT,
    MAX_PICTURES,
    MAX_SIDE,
    SIGNATURES,
    UINT8,
    Signature,
    Tensor,
)

ROWS, COLUMNS = "instances", "inputs"


class Request(NamedTuple):
    """What a client asks for. inputs: by name, uint8 or int32 of [N, …], or the bytes of N files;
    is_rows: whether in rows, as the answer is then too."""

    signature: str
    inputs: dict[str, Any]
    is_rows: bool


def parse(body: bytes) -> Request:
    """Parses the body of a predict request. Raises RequestError, which names the bad instance."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, f"JSON Parse error: {error}") from None
    return parse_document(document)


def parse_document(document: Any) -> Request:
    """As `parse`, of a body that is parsed as JSON already."""
    if not isinstance(document, dict):
        raise RequestError(400, f"expected a JSON object, found {_kind(document)}")
    name = document.get("signature_name") or DEFAULT
    if not isinstance(name, str):
        raise RequestError(400, "'signature_name' key must be a string value.")
    if name not in SIGNATURES:
        raise RequestError(
            400,
            f'Serving signature name: "{name}" not found in signature def; the model has '
            f"{', '.join(SIGNATURES)}",
        )
    formats = [key for key in (ROWS, COLUMNS) if key in document]
    if not formats:
        raise RequestError(400, "Missing 'inputs' or 'instances' key")
    if len(formats) == 2:
        raise RequestError(400, "expecting only one of 'inputs' or 'instances' keys to exist")
    is_rows = formats == [ROWS]
    signature = SIGNATURES[name]
    columns = (_columns_of_rows if is_rows else _columns)(document[formats[0]], signature)
    _check_count(columns, formats[0])
    inputs = {
        key: _tensor(columns[key], tensor, f"of '{formats[0]}'", key)
        for key, tensor in signature.inputs.items()
    }
    if "sizes" in inputs:
        _check_sizes(inputs["pixels"], inputs["sizes"], formats[0])
    if "strips" in inputs and (wide := inputs["strips"].shape[2]) % 2:
        where = f"key: strips of '{formats[0]}' list"
        raise _bad(0, f"{where}. Error: expected an even width, found {wide}")
    return Request(name, inputs, is_rows)


def answer(request: Request, outputs: Mapping[str, np.ndarray]) -> dict:
    """The answer to a request, in its format. outputs: arrays of N, by name."""
    columns = {name: _listed(values) for name, values in outputs.items()}
    if not request.is_rows:
        return {"outputs": columns}
    rows = zip(*columns.values(), strict=True)
    return {"predictions": [dict(zip(columns, row, strict=True)) for row in rows]}


def _columns_of_rows(rows: Any, signature: Signature) -> dict[str, list]:
    """The values of each input, from a list of instances: an object each, or the value of the only
    input."""
    if not isinstance(rows, list):
        raise RequestError(400, f"Expecting 'instances' to be a list, found {_kind(rows)}")
    _check_count({ROWS: rows}, ROWS)  # before anything is done with each
    names = list(signature.inputs)
    columns: dict[str, list] = {name: [] for name in names}
    for place, row in enumerate(rows):
        if not isinstance(row, dict) or _is_base64(row):
            if len(names) > 1:
                raise _bad(place, f"of 'instances' list. Expecting an object of {', '.join(names)}")
            row = {names[0]: row}
        if row.keys() != columns.keys():
            found = ", ".join(row)[:100]
            raise _bad(
                place,
                f"of 'instances' list. JSON object: keys must be equal to: {', '.join(names)}; "
                f"found {found or 'none'}",
            )
        for name in names:
            columns[name].append(row[name])
    return columns


def _columns(value: Any, signature: Signature) -> dict[str, list]:
    """The values of each input, from an object of lists, or the list of the only input."""
    names = list(signature.inputs)
    if not isinstance(value, dict) or _is_base64(value):
        if len(names) > 1:
            raise RequestError(400, f"Expecting 'inputs' to be an object of {', '.join(names)}")
        value = {names[0]: value}
    for name in names:
        if name not in value:
            raise RequestError(400, f"Missing named input: {name} in 'inputs' object.")
        if not isinstance(value[name], list):
            raise RequestError(
                400, f"Expecting a list for the input {name}, found {_kind(value[name])}"
            )
    return {name: value[name] for name in names}


def _check_count(columns: Mapping[str, list], where: str) -> None:
    """Raises RequestError where there is no picture, or too many, or one input has more."""
    counts = {len(column) for column in columns.values()}
    if len(counts) > 1:
        raise RequestError(400, f"'{where}': the inputs have different numbers of pictures")
    count = counts.pop()
    if not count:
        raise RequestError(400, f"No values in '{where}' array")
    if count > MAX_PICTURES:
        raise RequestError(400, f"{count:,} pictures, over {MAX_PICTURES:,}: send several requests")


def _tensor(items: Sequence[Any], tensor: Tensor, where: str, key: str) -> Any:
    """The value of an input: an array of [N, …], or the bytes of N files."""
    values: list[Any] = []
    for place, item in enumerate(items):
        try:
            if tensor.dtype == BYTES:
                values.append(_decoded(item))
                continue
            values.append(_array(item, tensor))
            if values[-1].shape != values[0].shape:
                raise ValueError(
                    f"Expecting shape {list(values[0].shape)} but got: {list(values[-1].shape)}"
                )
        except ValueError as error:
            raise _bad(place, f"key: {key} {where} list. Error: {error}") from None
    return values if tensor.dtype == BYTES else np.stack(values)


def _decoded(item: Any) -> bytes:
    """The bytes of a file. Raises ValueError."""
    if not _is_base64(item):
        raise ValueError(f'expected a file as {{"b64": "…"}}, found {_kind(item)}')
    text = "".join(item["b64"].split())
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("Unable to base64 decode") from None


def _array(item: Any, tensor: Tensor) -> np.ndarray:
    """One picture's value of an input: uint8 or int32. Raises ValueError, one line."""
    array = np.array(item, object)  # otherwise NumPy turns text, true and 1.5 into whole numbers
    if array.ndim > len(tensor.shape):  # NumPy walks through 32 axes at most
        raise ValueError(f"expected {len(tensor.shape)} lists in each other, found {array.ndim}")
    kinds = set(map(type, array.flat))
    expected = [side if side > 0 else "any" for side in tensor.shape]
    if list in kinds:
        raise ValueError(f"expected shape {expected}, found lists of different lengths")
    fits = len(array.shape) == len(tensor.shape) and all(
        wanted in (side, -1) for side, wanted in zip(array.shape, tensor.shape, strict=True)
    )
    if not fits:
        raise ValueError(f"expected shape {expected}, found {list(array.shape)}")
    if not array.size or max(array.shape) > MAX_SIDE:
        raise ValueError(f"expected 1 to {MAX_SIDE} pixels a side, found {list(array.shape)}")
    if others := kinds - {int}:
        raise ValueError(f"expected whole numbers, found {_kind_of_type(others.pop())}")
    limits = np.iinfo(np.uint8 if tensor.dtype == UINT8 else np.int32)
    if array.min() < limits.min or array.max() > limits.max:
        raise ValueError(f"expected {limits.min} to {limits.max}, found {_outside(array, limits)}")
    return array.astype(limits.dtype)


def _outside(array: np.ndarray, limits: np.iinfo) -> str:
    number = array.min() if array.min() < limits.min else array.max()
    return str(number) if abs(number) < 10**20 else "a number of over 20 figures"


def _check_sizes(pixels: np.ndarray, sizes: np.ndarray, where: str) -> None:
    """Raises RequestError where a picture is larger than its canvas. pixels: uint8 [N, H, W];
    sizes: int32 [N, 3], as a Canvas has them."""
    fits = (sizes > 0).all(1) & (sizes[:, :2] <= pixels.shape[1:]).all(1)
    if not fits.all():
        place = int(np.argmin(fits))
        raise _bad(
            place,
            f"key: sizes of '{where}' list. Error: a picture of {sizes[place].tolist()} on a "
            f"canvas of {list(pixels.shape[1:])}",
        )


def _listed(values: np.ndarray) -> list:
    """An array as JSON has it: text as text, and each float32 with no more digits than it needs."""
    if values.dtype == object:
        return [value.decode() for value in values]
    return (values.astype(str).astype(float) if values.dtype.kind == "f" else values).tolist()


def _is_base64(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"b64"} and isinstance(value["b64"], str)


def _bad(place: int, message: str) -> RequestError:
    return RequestError(400, f"Failed to process element: {place} {message}")


def _kind(value: Any) -> str:
    return _kind_of_type(type(value))


def _kind_of_type(kind: type) -> str:
    names = {
        dict: "an object", list: "a list", str: "text", int: "a number", float: "a decimal number",
        bool: "true or false", type(None): "null",
    }  # fmt: skip
    return names[kind]
