"""What is kept of a training: checkpoints, the history, summaries for TensorBoard."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import tensorflow.compat.v1 as tf1

from nn.networks.registry import Network
from nn.training.checkpoints import Checkpoints
from nn.training.graph import TrainingGraph
from nn.training.run_folder import Epoch, RunFolder
from nn.training.tensorboard import summaries

KeepEpoch = Callable[[list[Epoch]], None]


class Record(Protocol):
    """What keeps a training."""

    def resume(self, session: tf1.Session, steps_per_epoch: int) -> list[Epoch]:
        """Restores what was kept last, if anything. Returns the history of the finished epochs."""

    def of_epochs(
        self, session: tf1.Session, history: Sequence[Epoch]
    ) -> AbstractContextManager[KeepEpoch]:
        """Yields a function that keeps the epoch that has just ended: it takes the history up to
        this epoch. history: the epochs that are done already."""

    def save(self, session: tf1.Session) -> None:
        """Keeps the session's present state, which `resume` restores."""


class FolderRecord:
    """Keeps a training in a run's folder. Each method raises UserError if it cannot."""

    def __init__(self, run: RunFolder, graph: TrainingGraph, network: Network) -> None:
        self._run = run
        self._graph = graph
        self._network = network
        self._checkpoints = Checkpoints(run, graph)

    def resume(self, session: tf1.Session, steps_per_epoch: int) -> list[Epoch]:
        """Restores the newest whole checkpoint, if any; as Record says."""
        if not self._checkpoints.resume(session):
            return []
        return self._run.read_history(self._step(session) // steps_per_epoch)

    @contextmanager
    def of_epochs(self, session: tf1.Session, history: Sequence[Epoch]) -> Iterator[KeepEpoch]:
        """As Record says."""
        with summaries(self._run, session, self._graph, self._network, history) as summarize:

            def keep(history: list[Epoch]) -> None:
                summarize(history[-1])
                # Writes the history first: a run can resume if its history is newer than its
                # checkpoint, but not if it is older.
                self._run.write_history(history)
                self.save(session)

            yield keep

    def save(self, session: tf1.Session) -> None:
        """Writes a checkpoint."""
        self._checkpoints.save(session, self._step(session))

    def _step(self, session: tf1.Session) -> int:
        return int(session.run(self._graph.totals.step))


class NoRecord:
    """Keeps nothing: for a worker that is not the chief, and for a trial of tuning."""

    def resume(self, session: tf1.Session, steps_per_epoch: int) -> list[Epoch]:
        """Restores nothing; a worker then gets the chief's state."""
        return []

    @contextmanager
    def of_epochs(self, session: tf1.Session, history: Sequence[Epoch]) -> Iterator[KeepEpoch]:
        """Yields a function that keeps nothing."""
        yield lambda history: None

    def save(self, session: tf1.Session) -> None:
        """Keeps nothing."""
