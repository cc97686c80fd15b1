"""Assembles whole graphs: one that trains and evaluates, one that predicts."""

from typing import NamedTuple

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.data.digits import SIDE
from nn.networks.layers import scale
from nn.networks.recipe import Recipe
from nn.networks.registry import Network
from nn.training.loop import Totals, TrainingStep, build_loop, create_dataset, create_totals


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


def _feed() -> Feed:
    return Feed(
        tf1.placeholder(tf.uint8, [None, SIDE, SIDE], "images"),
        tf1.placeholder(tf.int64, [None], "labels"),
        tf1.placeholder(tf.int64, [], "steps"),
        tf1.placeholder(tf.float32, [], "seconds"),
    )
