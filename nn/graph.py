"""Assembles whole graphs: one that trains and evaluates, one that predicts."""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from nn.data import SIDE
from nn.networks import Network
from nn.normalize import decode_canvases, normalize

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


class Totals(NamedTuple):
    """What training has seen so far in this epoch, and its global step.

    step: int64; loss: float32, the sum over steps of the batch's mean loss; errors: int64, wrong
    answers among all images seen; seconds: float32, what earlier, interrupted runs of the epoch
    took.
    """

    step: tf.Tensor
    loss: tf.Tensor
    errors: tf.Tensor
    seconds: tf.Tensor


class Answers(NamedTuple):
    """What evaluation fetches. predictions: int64 [N]; confidences: float32 [N], the predicted
    digits' probabilities; losses: float32 [N]."""

    predictions: tf.Tensor
    confidences: tf.Tensor
    losses: tf.Tensor


class TrainingGraph(NamedTuple):
    """A graph that trains. load: copies the fed data set into variables, once; train: runs
    `feed.steps` steps; add_seconds: adds `feed.seconds` to the epoch's; start_epoch: sets the
    epoch's totals to 0; weights: what is trained, the first layer's first; saved: the variables
    that a checkpoint holds, all but the data set's."""

    graph: tf.Graph
    feed: Feed
    initialize: tf.Operation
    load: tf.Operation
    add_seconds: tf.Tensor
    start_epoch: tf.Operation
    totals: Totals
    train: Totals
    answers: Answers
    weights: list[tf.Variable]
    saved: list[tf.Variable]


class Counters(NamedTuple):
    """Variables that training moves on; a checkpoint holds them. Shapes and dtypes as Totals."""

    step: tf.Variable
    loss: tf.Variable
    errors: tf.Variable
    seconds: tf.Variable


def scale(images: tf.Tensor) -> tf.Tensor:
    """uint8 [N, 28, 28] → float32 from 0 to 1. In the graph, so that no client can forget it."""
    return tf.cast(images, tf.float32) * (1 / 255)


def cross_entropy(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Categorical cross-entropy of float32 [N, 10] with int64 [N], in nats: float32 [N]."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)


def penalty(variables: Sequence[tf.Variable], l2: float) -> tf.Tensor | float:
    """l2 / 2 times the sum of squares of kernels and weights: they have two axes or more.

    Biases, and batch norm's gamma and beta, go free (Goodfellow et al. 2016, Deep Learning, 7.1).
    """
    if not l2:
        return 0.0
    return l2 * tf.add_n([tf.nn.l2_loss(v) for v in variables if v.shape.rank > 1])


def build_training_graph(
    network: Network,
    *,
    count: int,
    batch_size: int,
    total_steps: int,
    learning_rate: float,
    seed: int,
) -> TrainingGraph:
    """The graph that trains a network on `count` images and evaluates it on any.

    learning_rate falls linearly from its value at step 0 to 0 at step total_steps.
    """
    with tf.Graph().as_default() as graph:
        tf1.set_random_seed(seed)  # this graph's alone: decides the initial weights
        feed = _feed()
        # Evaluation first: it creates the network's variables, and the loop shares them.
        logits = network.build(scale(feed.images), None)
        answers = _answers(logits, feed.labels)
        weights = tf1.trainable_variables()
        images, labels, load = _dataset_variables(feed, count)
        counters = _counters()

        def train_step(step: tf.Tensor, order: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            batch = _batch_indices(order, step, batch_size)
            batch_labels = labels.sparse_read(batch)
            with tf1.variable_scope("", reuse=True):
                step_seed = tf.stack([seed, tf.cast(step, tf.int32)])
                batch_logits = network.build(scale(images.sparse_read(batch)), step_seed)
            loss = tf.reduce_mean(cross_entropy(batch_logits, batch_labels))
            wrong = tf.not_equal(tf.argmax(batch_logits, 1), batch_labels)
            progress = tf.cast(step, tf.float32) / total_steps
            optimizer = tf1.train.AdamOptimizer(learning_rate * (1 - progress))
            update = optimizer.minimize(loss + penalty(weights, network.l2), var_list=weights)
            with tf.control_dependencies([update]):  # the next step reads the new weights
                return tf.identity(loss), tf.reduce_sum(tf.cast(wrong, tf.int64))

        train = _training_loop(train_step, counters, feed.steps, count, batch_size, seed)
        totals_of_epoch = (counters.loss, counters.errors, counters.seconds)
        return TrainingGraph(
            graph,
            feed,
            tf1.global_variables_initializer(),
            load,
            counters.seconds.assign_add(feed.seconds),
            tf.group(*(total.assign(tf.zeros_like(total)) for total in totals_of_epoch)),
            Totals(*(counter.read_value() for counter in counters)),
            train,
            answers,
            weights,
            tf1.global_variables(),
        )


def build_inference_graph(network: Network) -> tf.Graph:
    """images → probabilities, and nothing else: the graph that TensorBoard shows."""
    with tf.Graph().as_default() as graph:
        images = tf1.placeholder(tf.uint8, [None, SIDE, SIDE], "images")
        predict(network, images)
    return graph


def build_serving_graph(network: Network) -> tuple[tf.Graph, Signatures]:
    """The graph that is exported, and its signatures, as docs/saved_model.md describes them.

    All share one set of variables. `canvases` and `photos` normalize what they are given first.
    """
    with tf.Graph().as_default() as graph:
        images = tf1.placeholder(tf.uint8, [None, SIDE, SIDE], "images")
        pixels = tf1.placeholder(tf.uint8, [None, None, None], "pixels")
        sizes = tf1.placeholder(tf.int32, [None, 3], "sizes")
        image_bytes = tf1.placeholder(tf.string, [None], "image_bytes")
        outputs = {"serving_default": predict(network, images)}
        with tf1.variable_scope("", reuse=True):
            with tf.name_scope("canvases"):
                outputs["canvases"] = _normalize_and_predict(network, pixels, sizes)
            with tf.name_scope("photos"):
                canvases = decode_canvases(image_bytes)
                outputs["photos"] = _normalize_and_predict(network, *canvases)
    inputs = {
        "serving_default": {"images": images},
        "canvases": {"pixels": pixels, "sizes": sizes},
        "photos": {"image_bytes": image_bytes},
    }
    return graph, {name: {"inputs": inputs[name], "outputs": outputs[name]} for name in inputs}


def predict(network: Network, images: tf.Tensor) -> dict[str, tf.Tensor]:
    """uint8 [N, 28, 28] → probabilities float32 [N, 10] and digits int64 [N]."""
    logits = network.build(scale(images), None)
    return {
        "probabilities": tf.nn.softmax(logits, name="probabilities"),
        "digits": tf.argmax(logits, 1, name="digits"),
    }


def _normalize_and_predict(network: Network, pixels: tf.Tensor, sizes: tf.Tensor) -> dict:
    normalized = normalize(pixels, sizes)
    return predict(network, normalized.images) | {
        "normalized": normalized.images,
        "ink": normalized.ink,
        "reasons": normalized.reasons,
    }


def _answers(logits: tf.Tensor, labels: tf.Tensor) -> Answers:
    confidences = tf.reduce_max(tf.nn.softmax(logits), 1)
    return Answers(tf.argmax(logits, 1), confidences, cross_entropy(logits, labels))


def _feed() -> Feed:
    return Feed(
        tf1.placeholder(tf.uint8, [None, SIDE, SIDE], "images"),
        tf1.placeholder(tf.int64, [None], "labels"),
        tf1.placeholder(tf.int64, [], "steps"),
        tf1.placeholder(tf.float32, [], "seconds"),
    )


def _dataset_variables(feed: Feed, count: int) -> tuple[tf.Variable, tf.Variable, tf.Operation]:
    """Variables for the whole data set, still uint8, and the op that fills them from the feed.

    They are local variables: no checkpoint holds them, no export, no optimizer.
    """
    with tf1.variable_scope("dataset", use_resource=True):
        images, labels = (
            tf1.get_local_variable(
                placeholder.op.name,
                [count, *placeholder.shape[1:]],
                placeholder.dtype,
                initializer=tf1.zeros_initializer(),
            )
            for placeholder in (feed.images, feed.labels)
        )
    # Assigning initializes: the zeros are never made.
    return images, labels, tf.group(images.assign(feed.images), labels.assign(feed.labels))


def _counters() -> Counters:
    def zero(name: str, dtype: tf.DType) -> tf.Variable:
        zeros = tf1.zeros_initializer()
        return tf1.get_variable(name, [], dtype, zeros, trainable=False, use_resource=True)

    return Counters(
        zero("global_step", tf.int64),
        zero("epoch_loss", tf.float32),
        zero("epoch_errors", tf.int64),
        zero("epoch_seconds", tf.float32),
    )


def _batch_indices(order: tf.Tensor, step: tf.Tensor, batch_size: int) -> tf.Tensor:
    """The images of a step: int32 [batch_size].

    The last batch of an epoch is filled up from the epoch's start. So every batch has the same,
    statically known size, which makes the gradients' graph smaller and faster.
    """
    count = order.shape[0]
    steps_per_epoch = -(-count // batch_size)
    position = tf.cast(step % steps_per_epoch, tf.int32) * batch_size
    return tf.gather(order, (position + tf.range(batch_size)) % count)


def _training_loop(train_step, counters, steps, count, batch_size, seed) -> Totals:
    """Runs train_step `steps` times inside one session.run, all within one epoch.

    A session.run costs about as much as a step of a small network, so the loop is a
    tf.while_loop. It ends early where the loss is no longer finite: the global step then
    says at which step.
    """
    first = counters.step.read_value()
    epoch = tf.cast(first // -(-count // batch_size), tf.int32)
    # One order an epoch; made anew at every call, the same each time: it hangs on (seed, epoch).
    order = tf.random.experimental.stateless_shuffle(tf.range(count), tf.stack([seed, epoch]))

    def body(done, loss_sum, error_count):
        loss, errors = train_step(first + done, order)
        return done + 1, loss_sum + loss, error_count + errors

    done, loss_sum, error_count = tf.while_loop(
        lambda done, loss_sum, _: (done < steps) & tf.math.is_finite(loss_sum),
        body,
        [tf.constant(0, tf.int64), counters.loss.read_value(), counters.errors.read_value()],
        parallel_iterations=1,
    )
    return Totals(
        counters.step.assign(first + done),
        counters.loss.assign(loss_sum),
        counters.errors.assign(error_count),
        counters.seconds.read_value(),
    )
