"""Trains a network: epochs of chunks of steps, validation, checkpoints, history."""

import logging
import math
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from nn.checkpoints import Checkpoints, RunFolder
from nn.data import Digits
from nn.errors import UserError
from nn.evaluation import Scores, evaluate
from nn.graph import Totals, TrainingGraph, build_inference_graph, build_training_graph
from nn.networks import Network, get_network
from nn.signals import Interrupted, Stop

tf1 = tf.compat.v1
log = logging.getLogger(__name__)

# A signal is handled between two chunks, so a chunk is what Ctrl-C waits for. Longer ones gain
# nothing: a session.run costs some 0.2 ms.
CHUNK_SECONDS = 0.25


@dataclass(frozen=True)
class Settings:
    """All that decides, with the data, what a run computes."""

    network: str
    epochs: int
    batch_size: int
    learning_rate: float
    validation_split: float
    seed: int

    @classmethod
    def of(cls, network: Network, *, bundled: bool = False, **given: Any) -> "Settings":
        """The network's own settings, but for those given that are not None."""
        # The bundled digits are so few that an epoch is over in a blink.
        epochs = network.epochs * (10 if bundled else 1)
        usual = cls(network.name, epochs, network.batch_size, network.learning_rate, 0.2, 0)
        return replace(usual, **{k: v for k, v in given.items() if v is not None})


@dataclass(frozen=True)
class Epoch:
    """A row of the history. Losses in nats; accuracies 0 to 1; NaN where there are no
    validation digits."""

    epoch: int
    step: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


@dataclass(frozen=True)
class Result:
    """A finished run: its history, and the scores of its last weights."""

    history: list[Epoch]
    validation: Scores | None
    test: Scores
    seconds: float


def train(
    settings: Settings,
    training: Digits,
    validation: Digits,
    test: Digits,
    run: RunFolder,
    *,
    stop: Stop = lambda: None,
    quiet: bool = False,
) -> Result:
    """Trains to the last epoch, from the run's newest checkpoint where it has one.

    stop: asked between two chunks of steps; a signal's number ends the run with a checkpoint and
    raises Interrupted. The test digits are scored once, after the last epoch. Raises UserError
    where the loss is no longer a finite number.
    """
    steps_per_epoch = -(-len(training) // settings.batch_size)
    graph = build_training_graph(
        get_network(settings.network),
        count=len(training),
        batch_size=settings.batch_size,
        total_steps=settings.epochs * steps_per_epoch,
        learning_rate=settings.learning_rate,
        seed=settings.seed,
    )
    checkpoints = Checkpoints(run, graph)
    with tf1.Session(graph=graph.graph) as session:
        session.run(graph.initialize)
        feed = {graph.feed.images: training.images, graph.feed.labels: training.labels}
        session.run(graph.load, feed)
        history = _resume(session, graph, checkpoints, run, steps_per_epoch)
        with _summaries(run, settings.network) as summarize:
            for number in range(len(history) + 1, settings.epochs + 1):
                started = time.perf_counter()
                try:
                    totals = _run_epoch(
                        session, graph, number, settings, steps_per_epoch, stop, quiet
                    )
                except Interrupted:
                    checkpoints.save(session, int(session.run(graph.totals.step)))
                    raise
                seconds = time.perf_counter() - started
                scores = evaluate(session, graph, validation) if len(validation) else None
                history.append(_epoch(number, totals, steps_per_epoch, settings, scores, seconds))
                _report(history[-1], settings.epochs)
                summarize(history[-1])
                run.write_history([asdict(epoch) for epoch in history])
                session.run(graph.start_epoch)
                checkpoints.save(session, history[-1].step)
                if signum := stop():
                    raise Interrupted(signum)
        return Result(
            history,
            evaluate(session, graph, validation) if len(validation) else None,
            evaluate(session, graph, test),
            sum(epoch.seconds for epoch in history),
        )


def model_card(settings: Settings, data: Mapping, result: Result) -> dict:
    """What an export says of itself: data is a Source's description, or says as much."""

    def describe(scores: Scores) -> dict:
        return {"accuracy": scores.accuracy, "loss": scores.loss,
                "errors": scores.errors, "images": scores.count}  # fmt: skip

    return {
        **asdict(settings),
        "parameters": get_network(settings.network).parameters,
        "data": dict(data),
        "training_seconds": round(result.seconds, 1),
        "validation": describe(result.validation) if result.validation else None,
        "test": describe(result.test),
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "numpy": np.__version__,
        },
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _resume(session, graph, checkpoints, run, steps_per_epoch) -> list[Epoch]:
    """Restores the newest checkpoint; returns the history of the epochs it has finished."""
    if not checkpoints.restore_latest(session):
        return []
    step = int(session.run(graph.totals.step))
    log.info("Resuming at step %s", f"{step:,}")
    return [Epoch(**row) for row in run.read_history(step // steps_per_epoch)]


def _run_epoch(session, graph, number, settings, steps_per_epoch, stop, quiet) -> Totals:
    """Runs the rest of an epoch chunk by chunk. Raises Interrupted, or UserError at a NaN."""
    done = int(session.run(graph.totals.step)) % steps_per_epoch
    name = f"Epoch {number}/{settings.epochs}"
    disable = True if quiet else None  # None: no bar where standard error is no terminal
    with tqdm(total=steps_per_epoch, initial=done, desc=name, unit=" steps", leave=False,
              disable=disable) as bar:  # fmt: skip
        for totals in run_steps(session, graph, steps_per_epoch - done):
            finished = (int(totals.step) - 1) % steps_per_epoch + 1
            if not math.isfinite(totals.loss):
                raise UserError(
                    f"the loss is no longer a finite number at step {totals.step:,}; "
                    f"try a lower --learning-rate (it is {settings.learning_rate:g})"
                )
            bar.set_postfix_str(
                f"loss {totals.loss / finished:.4f}, accuracy "
                f"{1 - totals.errors / (finished * settings.batch_size):.2%}", refresh=False
            )  # fmt: skip
            bar.update(finished - bar.n)
            if finished < steps_per_epoch and (signum := stop()):
                raise Interrupted(signum)
    return totals


def run_steps(session: tf1.Session, graph: TrainingGraph, steps: int) -> Iterator[Totals]:
    """Runs `steps` steps in chunks of about CHUNK_SECONDS; yields the totals after each.

    How steps fall into chunks changes no number: the totals go through the loop one by one.
    """
    size = 16
    while steps:
        size = min(size, steps)
        started = time.perf_counter()
        yield session.run(graph.train, {graph.feed.steps: size})
        steps -= size
        size = max(1, int(size * min(8.0, CHUNK_SECONDS / (time.perf_counter() - started))))


def _epoch(number, totals, steps_per_epoch, settings, scores, seconds) -> Epoch:
    seen = steps_per_epoch * settings.batch_size
    return Epoch(
        epoch=number,
        step=int(totals.step),
        loss=float(totals.loss) / steps_per_epoch,
        accuracy=1 - int(totals.errors) / seen,
        validation_loss=scores.loss if scores else math.nan,
        validation_accuracy=scores.accuracy if scores else math.nan,
        seconds=round(seconds, 3),
    )


def _report(epoch: Epoch, epochs: int) -> None:
    validation = (
        f"   validation {epoch.validation_loss:.4f} {epoch.validation_accuracy:7.2%}"
        if math.isfinite(epoch.validation_loss)
        else ""
    )
    log.info(
        f"Epoch {epoch.epoch:2d}/{epochs}   loss {epoch.loss:.4f} {epoch.accuracy:7.2%}"
        f"{validation}   {epoch.seconds:5.1f} s"
    )


@contextmanager
def _summaries(run: RunFolder, network: str) -> Iterator[Callable[[Epoch], None]]:
    """Yields a function that writes an epoch's scalars for TensorBoard, beside the graph."""
    graph = build_inference_graph(get_network(network))
    with graph.as_default(), tf1.summary.FileWriter(str(run.events), graph) as writer:

        def summarize(epoch: Epoch) -> None:
            values = [
                tf1.Summary.Value(tag=f"{split}/{name}", simple_value=getattr(epoch, prefix + name))
                for split, prefix in (("training", ""), ("validation", "validation_"))
                for name in ("loss", "accuracy")
            ]
            writer.add_summary(tf1.Summary(value=values), epoch.epoch)
            writer.flush()

        yield summarize
