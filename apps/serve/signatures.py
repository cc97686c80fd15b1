"""What each signature takes and returns, as docs/saved_model.md describes it.

The tests compare this table with the exported SavedModel and with digits.tflite.
"""

from typing import NamedTuple

DEFAULT = "serving_default"
MAX_SIDE = 512  # pixels of a canvas: a larger one takes too much memory
# In one request: `photos` answers with 16 KB of JSON for each.
MAX_PICTURES = 1000


class Tensor(NamedTuple):
    """dtype: as TensorFlow names it; shape: without the axis of N pictures, -1 is any number."""

    dtype: str
    shape: tuple[int, ...] = ()


class Signature(NamedTuple):
    """The tensors that a signature takes and returns, by name."""

    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]


BYTES, UINT8 = "DT_STRING", "DT_UINT8"
_ANSWER = {"probabilities": Tensor("DT_FLOAT", (10,)), "digits": Tensor("DT_INT64")}
_NORMALIZED = {"normalized": Tensor(UINT8, (28, 28))}
_PICTURE = (
    _ANSWER
    | _NORMALIZED
    | {
        "reasons": Tensor(BYTES),
        "reason_codes": Tensor("DT_INT32"),
        "light_on_dark": Tensor("DT_BOOL"),
        "certainties": Tensor("DT_FLOAT"),
    }
)
_CANVASES = {"pixels": Tensor(UINT8, (-1, -1)), "sizes": Tensor("DT_INT32", (3,))}
_FILES = {"image_bytes": Tensor(BYTES)}
_PHOTOS = _PICTURE | {"ink": Tensor(UINT8, (64, 64))}
SIGNATURES = {
    DEFAULT: Signature({"images": Tensor(UINT8, (28, 28))}, _ANSWER),
    "ink": Signature({"ink": Tensor(UINT8, (-1, -1))}, _ANSWER | _NORMALIZED),
    "canvases": Signature(_CANVASES, _PICTURE | {"ink": Tensor(UINT8, (-1, -1))}),
    "pages": Signature(_CANVASES, _PHOTOS),
    "photos": Signature(_FILES, _PHOTOS),
    "read": Signature(_FILES, _ANSWER | {"reasons": Tensor(BYTES)}),
    "rows": Signature(
        {"strips": Tensor(UINT8, (40, -1, 2))}, {"log_probabilities": Tensor("DT_FLOAT", (-1, 16))}
    ),
}


def describe(signature: Signature) -> dict:
    """A signature as TensorFlow Serving's metadata has it, without the names that the tensors have
    in a graph."""

    def tensors(named: dict[str, Tensor]) -> dict:
        return {name: _describe(tensor) for name, tensor in named.items()}

    return {
        "inputs": tensors(signature.inputs),
        "outputs": tensors(signature.outputs),
        "method_name": "tensorflow/serving/predict",
    }


def _describe(tensor: Tensor) -> dict:
    sides = [{"size": str(side), "name": ""} for side in (-1, *tensor.shape)]
    return {"dtype": tensor.dtype, "tensor_shape": {"dim": sides, "unknown_rank": False}}
