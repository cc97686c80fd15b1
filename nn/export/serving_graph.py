"""The serving graph, which is exported: seven signatures; six of them share their variables."""

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.confidence.scaling import UNSCALED, Scaling
from nn.data.digits import SIDE
from nn.networks.finder_weights import find_ink
from nn.networks.inference import predict
from nn.networks.layers import scale
from nn.networks.registry import Network
from nn.networks.row_weights import read_rows
from nn.normalization.decoding import decode_canvases, decode_gray, place_image
from nn.normalization.fit import fit_digit
from nn.normalization.pipeline import FindInk, Normalized, normalization, to_uint8
from nn.normalization.small_digits import Normalize, is_small, page_normalization
from nn.pictures.canvas import CANVAS, PAGE, STRIP_HEIGHT_PIXELS
from nn.pictures.reasons import REASONS, UNDECODABLE_CODE

# Signature name → {"inputs": {name: placeholder}, "outputs": {name: tensor}}.
Signatures = dict[str, dict[str, dict[str, tf.Tensor]]]


def build_serving_graph(
    network: Network, scaling: Scaling = UNSCALED, finder: FindInk | None = None
) -> tuple[tf.Graph, Signatures]:
    """The serving graph and its signatures, which docs/saved_model.md describes.

    scaling: turns the logits into probabilities that can be trusted. finder: finds the ink of
    pictures; None is the one in the repository. `canvases`, `pages`, `photos` and `read` normalize
    their pictures before the network reads them; `rows` is a network of its own.
    """
    normalize = normalization(finder or find_ink())
    normalize_page = page_normalization(normalize)
    with tf.Graph().as_default() as graph:
        images = tf1.placeholder(tf.uint8, [None, SIDE, SIDE], "images")
        pixels = tf1.placeholder(tf.uint8, [None, None, None], "pixels")
        sizes = tf1.placeholder(tf.int32, [None, 3], "sizes")
        image_bytes = tf1.placeholder(tf.string, [None], "image_bytes")
        ink = tf1.placeholder(tf.uint8, [None, None, None], "ink")
        strips = tf1.placeholder(tf.uint8, [None, STRIP_HEIGHT_PIXELS, None, 2], "strips")
        outputs = {"serving_default": predict(network, images, scaling)}
        with tf1.variable_scope("", reuse=True):
            with tf.name_scope("ink"):
                fitted = to_uint8(fit_digit(scale(ink)))
                outputs["ink"] = predict(network, fitted, scaling) | {"normalized": fitted}
            with tf.name_scope("canvases"):
                normalized = normalize(pixels, sizes)
                outputs["canvases"] = _predict_all(network, scaling, normalized)
            with tf.name_scope("pages"):
                normalized = normalize_page(pixels, sizes)
                outputs["pages"] = _predict_all(network, scaling, normalized)
            with tf.name_scope("photos"):
                normalized = _normalize_photos(image_bytes, normalize, normalize_page)
                outputs["photos"] = _predict_all(network, scaling, normalized)
        with tf.name_scope("rows"):
            outputs["rows"] = {"log_probabilities": read_rows()(strips)}
    # What a server sends: the pictures of `photos` are 16 KB of JSON for each digit.
    lean = "probabilities", "digits", "reasons"
    outputs["read"] = {name: outputs["photos"][name] for name in lean}
    inputs = {
        "serving_default": {"images": images},
        "ink": {"ink": ink},
        "canvases": {"pixels": pixels, "sizes": sizes},
        "pages": {"pixels": pixels, "sizes": sizes},
        "photos": {"image_bytes": image_bytes},
        "read": {"image_bytes": image_bytes},
        "rows": {"strips": strips},
    }
    return graph, {name: {"inputs": inputs[name], "outputs": outputs[name]} for name in inputs}


def without_strings(signatures: Signatures) -> Signatures:
    """The signatures that take no strings, without the outputs that are strings."""
    return {
        name: {
            "inputs": signature["inputs"],
            "outputs": {key: t for key, t in signature["outputs"].items() if t.dtype != tf.string},
        }
        for name, signature in signatures.items()
        if all(tensor.dtype != tf.string for tensor in signature["inputs"].values())
    }


def portable(signatures: Signatures) -> Signatures:
    """The signatures without strings, and in the types that every runtime has: int64 as int32, bool
    as uint8. It adds to the graph of the signatures."""
    smaller = {tf.int64: tf.int32, tf.bool: tf.uint8}
    return {
        name: {
            "inputs": signature["inputs"],
            "outputs": {
                key: tf.cast(tensor, smaller.get(tensor.dtype, tensor.dtype))
                for key, tensor in signature["outputs"].items()
            },
        }
        for name, signature in without_strings(signatures).items()
    }


def _normalize_photos(
    image_bytes: tf.Tensor, normalize: Normalize, normalize_page: Normalize
) -> Normalized:
    """Picture files, string [N] → digits. A file whose digit is small is decoded again, larger."""
    canvases, sizes, is_picture = decode_canvases(image_bytes)
    found = normalize(canvases, sizes)
    small = tf.where(is_small(found, sizes))  # [M, 1]

    def look_at(file: tf.Tensor) -> Normalized:
        page, size = place_image(decode_gray(file), PAGE)
        return Normalized(*(values[0] for values in normalize_page(page[None], size[None])))

    def closer() -> Normalized:
        # One file at a time: all at once, each would take some 4 MB of memory.
        specs = Normalized(*(tf.TensorSpec(part.shape[1:], part.dtype) for part in found))
        specs = specs._replace(ink=tf.TensorSpec([CANVAS, CANVAS], tf.uint8))
        pages = tf.map_fn(look_at, tf.gather(image_bytes, small[:, 0]), fn_output_signature=specs)
        parts = zip(found, pages, strict=True)
        return Normalized(*(tf.tensor_scatter_nd_update(old, small, new) for old, new in parts))

    every = tf.cond(tf.size(small) > 0, closer, lambda: found)
    return every._replace(
        ink=tf.ensure_shape(every.ink, [None, CANVAS, CANVAS]),
        reason_codes=tf.where(is_picture, every.reason_codes, UNDECODABLE_CODE),
    )


def _predict_all(
    network: Network, scaling: Scaling, normalized: Normalized
) -> dict[str, tf.Tensor]:
    """Probabilities and digits, together with the outputs of the normalization."""
    return predict(network, normalized.images, scaling, normalized.certainties) | {
        "normalized": normalized.images,
        "ink": normalized.ink,
        "reasons": tf.gather(tf.constant(REASONS), normalized.reason_codes),
        "reason_codes": normalized.reason_codes,
        "light_on_dark": normalized.light_on_dark,
        "certainties": normalized.certainties,
    }
