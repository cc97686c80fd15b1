"""The training graph: the data set in variables, and a loop that takes many steps in one run.

To follow a batch: `build_loop` calls `TrainingStep`, which picks the batch; the network's objective
(objectives.py) distorts it, sends it through the network and computes the loss; optimizer.py moves
the weights.
"""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.networks.layers import batch_moments, move_averages
from nn.networks.recipe import Recipe
from nn.networks.registry import Network
from nn.runtime.cluster import Cluster
from nn.runtime.collectives import STEP, add_up
from nn.training.objective import Objective
from nn.training.objectives import OBJECTIVES, ReadDigits
from nn.training.optimizer import descend, gradients_of, learning_rate, penalty


class Feed(NamedTuple):
    """The placeholders. images and labels: as the network's objective has them; steps: int64 and
    seconds: float32, scalars."""

    images: tf.Tensor
    labels: tf.Tensor
    steps: tf.Tensor
    seconds: tf.Tensor


class Dataset(NamedTuple):
    """Variables: images and labels, `count` of each."""

    images: tf.Variable
    labels: tf.Variable


class Totals(NamedTuple):
    """What training has counted in this epoch, and its global step: as variables, which a
    checkpoint holds, or as their values.

    step: int64; loss: float32, the sum over steps of the batch's mean loss; errors: int64, wrong
    answers among all images seen; seconds: float32, what earlier, interrupted runs of the epoch
    took.
    """

    step: tf.Tensor
    loss: tf.Tensor
    errors: tf.Tensor
    seconds: tf.Tensor


class TrainingGraph(NamedTuple):
    """A graph that trains.

    initialize: gives all variables except the data set their first values; load: copies the fed
    data set into variables, once; add_seconds: adds `feed.seconds` to the epoch's; start_epoch:
    sets the epoch's totals to 0; totals: reads them; train: runs `feed.steps` steps and returns the
    totals; logits: of `feed.images`, as the network predicts; weights: the trained variables, the
    first layer's first; network: these and the moving averages, all that the network predicts with;
    saved: the variables that a checkpoint holds, all except the data set.
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
    network: list[tf.Variable]
    saved: list[tf.Variable]


def build_training_graph(
    network: Network, recipe: Recipe, *, count: int, seed: int, cluster: Cluster | None = None
) -> TrainingGraph:
    """The graph that trains a network on `count` images and evaluates it on any images.

    cluster: the workers that train a network which reads digits together. The recipe then has a
    tower for each, and this graph has this worker's.
    """
    with tf.Graph().as_default() as graph:
        tf1.set_random_seed(seed)  # for this graph alone: decides the initial weights
        objective: Objective = (
            ReadDigits(network, recipe, tower=cluster.index)
            if cluster
            else OBJECTIVES[network.task](network, recipe)
        )
        feed = Feed(
            *objective.placeholders(),
            tf1.placeholder(tf.int64, [], "steps"),
            tf1.placeholder(tf.float32, [], "seconds"),
        )
        # Evaluation first: it creates the network's variables, and the loop shares them.
        logits = objective.logits(feed.images)
        weights, of_network = tf1.trainable_variables(), tf1.global_variables()
        dataset, load = _create_dataset(feed.images, feed.labels, count)
        totals = _create_totals()
        step = TrainingStep(objective, recipe, weights, dataset, count, seed, cluster)
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
            of_network,
            tf1.global_variables(),
        )


def _create_dataset(
    images: tf.Tensor, labels: tf.Tensor, count: int
) -> tuple[Dataset, tf.Operation]:
    """Variables for the whole data set, still uint8, and the op that fills them from placeholders.
    They are local variables: no checkpoint, no export and no optimizer includes them."""

    def variable(placeholder: tf.Tensor) -> tf.Variable:
        name, shape = placeholder.op.name, [count, *placeholder.shape[1:]]
        zeros = tf1.zeros_initializer()
        return tf1.get_local_variable(name, shape, placeholder.dtype, initializer=zeros)

    with tf1.variable_scope("dataset", use_resource=True):
        dataset = Dataset(variable(images), variable(labels))
    # An assignment initializes a variable: the zeros are never made.
    load = tf.group(dataset.images.assign(images), dataset.labels.assign(labels))
    return dataset, load


def _create_totals() -> Totals:
    """Variables, all 0."""

    def zero(name: str, dtype: tf.DType) -> tf.Variable:
        zeros = tf1.zeros_initializer()
        return tf1.get_variable(name, [], dtype, zeros, trainable=False, use_resource=True)

    return Totals(
        zero("global_step", tf.int64),
        zero("epoch_loss", tf.float32),
        zero("epoch_errors", tf.int64),
        zero("epoch_seconds", tf.float32),
    )


@dataclass(frozen=True)
class TrainingStep:
    """What a step of training needs, and the step itself."""

    objective: Objective
    recipe: Recipe
    weights: list[tf.Variable]
    dataset: Dataset
    count: int
    seed: int
    cluster: Cluster | None

    def order(self, step: tf.Tensor) -> tf.Tensor:
        """The order of the images in a step's epoch, int32 [count]; (seed, epoch) decides it."""
        epoch = tf.cast(step // self.recipe.steps_per_epoch(self.count), tf.int32)
        key = tf.stack([self.seed, epoch])
        return tf.random.experimental.stateless_shuffle(tf.range(self.count), key)

    def __call__(self, step: tf.Tensor, order: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Trains on one batch. Returns its loss, float32, and its number of errors, int64, as the
        objective counts them."""
        recipe, seed = self.recipe, tf.stack([self.seed, tf.cast(step, tf.int32)])
        batch = batch_indices(order, step, recipe.batch_size)
        labels = self.dataset.labels.sparse_read(batch)
        losses = self.objective.losses(self.dataset.images.sparse_read(batch), labels, seed)
        # The workers' gradients add up, so the chief alone adds the penalty's.
        adds_penalty = self.cluster is None or self.cluster.is_chief
        added = penalty(self.weights, recipe.l2) if adds_penalty else 0.0
        gradients = gradients_of(losses.minimized + added, self.weights)
        averages, values = batch_moments()
        errors = tf.reduce_sum(tf.cast(losses.errors, tf.int64))
        loss = losses.reported
        if self.cluster:
            values = [value / self.cluster.count for value in values]
            parts = loss, errors, gradients, values
            loss, errors, gradients, values = add_up(parts, self.cluster, STEP)
        total_steps = recipe.epochs * recipe.steps_per_epoch(self.count)
        rate = learning_rate(step, total_steps, recipe)
        update = descend(gradients, self.weights, rate, recipe)
        # The next step reads the new weights, and a checkpoint may save the last step's averages.
        with tf.control_dependencies([update, *move_averages(averages, values)]):
            return tf.identity(loss), tf.identity(errors)


def batch_indices(order: tf.Tensor, step: tf.Tensor, batch_size: int) -> tf.Tensor:
    """The images of a step: int32 [batch_size].

    The last batch of an epoch is filled up from the epoch's start. So every batch has the same,
    statically known size, which makes the gradients' graph smaller and faster.
    """
    count = order.shape[0]
    steps_per_epoch = -(-count // batch_size)
    position = tf.cast(step % steps_per_epoch, tf.int32) * batch_size
    return tf.gather(order, (position + tf.range(batch_size)) % count)


def build_loop(train_step: TrainingStep, totals: Totals, steps: tf.Tensor) -> Totals:
    """Runs train_step `steps` times inside one session.run, all within one epoch.

    A session.run costs about as much as a step of a small network, so the loop is a
    tf.while_loop. It ends early if the loss is no longer finite: the global step then says at
    which step.
    """
    first = totals.step.read_value()
    order = train_step.order(first)  # made anew at every call, the same each time

    def body(done, loss_sum, error_count):
        loss, errors = train_step(first + done, order)
        return done + 1, loss_sum + loss, error_count + errors

    done, loss_sum, error_count = tf.while_loop(
        lambda done, loss_sum, _: (done < steps) & tf.math.is_finite(loss_sum),
        body,
        [tf.constant(0, tf.int64), totals.loss.read_value(), totals.errors.read_value()],
        parallel_iterations=1,
    )
    return Totals(
        totals.step.assign(first + done),
        totals.loss.assign(loss_sum),
        totals.errors.assign(error_count),
        totals.seconds.read_value(),
    )
