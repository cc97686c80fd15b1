"""Assembles whole graphs: one that trains and evaluates, one that predicts."""

from typing import NamedTuple

import tensorflow as tf

from nn.confidence.scaling import UNSCALED, Scaling
from nn.data.csv_files import SIDE
from nn.networks.layers import scale
from nn.networks.registry import Network
from nn.normalization.decoding import decode_canvases
from nn.normalization.pipeline import Normalized, normalize_by_call
from nn.normalization.small_digits import is_small, normalize_page_by_call
from nn.pictures.files import CANVAS, PAGE
from nn.training.loop import Totals, TrainingStep, build_loop, create_dataset, create_totals
from nn.training.optimizer import Recipe

tf1 = tf.compat.v1

# Signature name → {"inputs": {name: placeholder}, "outputs": {name: tensor}}.
Signatures = dict[str, dict[str, dict[str, tf.Tensor]]]


class Feed(NamedTuple):
    """The placeholders. images: uint8 [N, 28, 28]; labels: int64 [N]; steps: int64 and seconds:
    float32, scalars."""

    images: tf.Tensor
    labels: tf.Tensor
    steps: tf.Tensor
    seconds: tf.Tensor


class TrainingGraph(NamedTuple):
    """A graph that trains.

    initialize: gives all variables but the data set's their first values; load: copies the fed data
    set into variables, once; add_seconds: adds `feed.seconds` to the epoch's; start_epoch: sets the
    epoch's totals to 0; totals: reads them; train: runs `feed.steps` steps, and returns them;
    logits: of `feed.images`, as the network predicts; weights: what is trained, the first layer's
    first; saved: the variables that a checkpoint holds, all but the data set's.
    """

    graph: tf.Graph
    feed: Feed
    initialize: tf.Operation
    load: tf.Operation
    add_seconds: tf.Tensor
    start_epoch: tf.Operation
    totals: Totals
    train: Totals
    logits: tf.Tensor
    weights: list[tf.Variable]
    saved: list[tf.Variable]


def build_training_graph(
    network: Network, recipe: Recipe, *, count: int, seed: int
) -> TrainingGraph:
    """The graph that trains a network on `count` images and evaluates it on any."""
    with tf.Graph().as_default() as graph:
        tf1.set_random_seed(seed)  # this graph's alone: decides the initial weights
        feed = _feed()
        # Evaluation first: it creates the network's variables, and the loop shares them.
        logits = network.build(scale(feed.images), None)
        weights = tf1.trainable_variables()
        dataset, load = create_dataset(feed.images, feed.labels, count)
        totals = create_totals()
        step = TrainingStep(network, recipe, weights, dataset, count, seed)
        train = build_loop(step, totals, feed.steps)
        of_epoch = (totals.loss, totals.errors, totals.seconds)
        return TrainingGraph(
            graph,
            feed,
            tf1.global_variables_initializer(),
            load,
            totals.seconds.assign_add(feed.seconds),
            tf.group(*(total.assign(tf.zeros_like(total)) for total in of_epoch)),
            Totals(*(total.read_value() for total in totals)),
            train,
            logits,
            weights,
            tf1.global_variables(),
        )


def build_inference_graph(network: Network) -> tf.Graph:
    """images → probabilities, and nothing else: the graph that TensorBoard shows."""
    with tf.Graph().as_default() as graph:
        images = tf1.placeholder(tf.uint8, [None, SIDE, SIDE], "images")
        predict(network, images)
    return graph


def build_serving_graph(
    network: Network, scaling: Scaling = UNSCALED
) -> tuple[tf.Graph, Signatures]:
    """The graph that is exported, and its signatures, as docs/saved_model.md describes them.

    scaling: of the logits, for probabilities that can be trusted. All share one set of variables.
    `canvases`, `pages` and `photos` normalize what they are given first.
    """
    with tf.Graph().as_default() as graph:
        images = tf1.placeholder(tf.uint8, [None, SIDE, SIDE], "images")
        pixels = tf1.placeholder(tf.uint8, [None, None, None], "pixels")
        sizes = tf1.placeholder(tf.int32, [None, 3], "sizes")
        image_bytes = tf1.placeholder(tf.string, [None], "image_bytes")
        outputs = {"serving_default": predict(network, images, scaling)}
        with tf1.variable_scope("", reuse=True):
            with tf.name_scope("canvases"):
                normalized = normalize_by_call(pixels, sizes)
                outputs["canvases"] = _predict_all(network, scaling, normalized)
            with tf.name_scope("pages"):
                normalized = normalize_page_by_call(pixels, sizes)
                outputs["pages"] = _predict_all(network, scaling, normalized)
            with tf.name_scope("photos"):
                normalized = _normalize_photos(image_bytes)
                outputs["photos"] = _predict_all(network, scaling, normalized)
    inputs = {
        "serving_default": {"images": images},
        "canvases": {"pixels": pixels, "sizes": sizes},
        "pages": {"pixels": pixels, "sizes": sizes},
        "photos": {"image_bytes": image_bytes},
    }
    return graph, {name: {"inputs": inputs[name], "outputs": outputs[name]} for name in inputs}


def predict(
    network: Network, images: tf.Tensor, scaling: Scaling = UNSCALED
) -> dict[str, tf.Tensor]:
    """uint8 [N, 28, 28] → probabilities float32 [N, 10] and digits int64 [N]."""
    logits = network.build(scale(images), None)
    return {
        "probabilities": tf.nn.softmax(_scaled(logits, scaling), name="probabilities"),
        "digits": tf.argmax(logits, 1, name="digits"),
    }


def _scaled(logits: tf.Tensor, scaling: Scaling) -> tf.Tensor:
    """As calibration.scaled, by which it was fitted."""
    if scaling == UNSCALED:
        return logits
    gaps = tf.reduce_max(logits, axis=1, keepdims=True) - logits
    return -((gaps / scaling.temperature) ** scaling.power)


def _normalize_photos(image_bytes: tf.Tensor) -> Normalized:
    """Picture files, string [N] → digits; where one is small, it is decoded again, larger."""
    canvases, sizes = decode_canvases(image_bytes)
    found = normalize_by_call(canvases, sizes)
    small = tf.where(is_small(found, sizes))  # [M, 1]

    def look_at(file: tf.Tensor) -> Normalized:
        page = normalize_page_by_call(*decode_canvases(file[None], PAGE))
        return Normalized(*(values[0] for values in page))

    def closer() -> Normalized:
        # One by one: all at once they would take some 4 MB each.
        specs = Normalized(*(tf.TensorSpec(part.shape[1:], part.dtype) for part in found))
        specs = specs._replace(ink=tf.TensorSpec([CANVAS, CANVAS], tf.uint8))
        pages = tf.map_fn(look_at, tf.gather(image_bytes, small[:, 0]), fn_output_signature=specs)
        parts = zip(found, pages, strict=True)
        return Normalized(*(tf.tensor_scatter_nd_update(old, small, new) for old, new in parts))

    every = tf.cond(tf.size(small) > 0, closer, lambda: found)
    return every._replace(ink=tf.ensure_shape(every.ink, [None, CANVAS, CANVAS]))


def _predict_all(
    network: Network, scaling: Scaling, normalized: Normalized
) -> dict[str, tf.Tensor]:
    """Probabilities and digits, and all that the normalization tells."""
    return predict(network, normalized.images, scaling) | {
        "normalized": normalized.images,
        "ink": normalized.ink,
        "reasons": normalized.reasons,
        "light_on_dark": normalized.light_on_dark,
        "dropped": normalized.dropped,
    }


def _feed() -> Feed:
    return Feed(
        tf1.placeholder(tf.uint8, [None, SIDE, SIDE], "images"),
        tf1.placeholder(tf.int64, [None], "labels"),
        tf1.placeholder(tf.int64, [], "steps"),
        tf1.placeholder(tf.float32, [], "seconds"),
    )
