"""A run's folder: every file name in it, and what is written under them.

config.json     the settings and the data, as the run was started
checkpoints/    tf.train.Saver's, the last two
history.csv     a row an epoch
events/         for TensorBoard
*.png           plots
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas
import tensorflow as tf

from nn.errors import UserError
from nn.graph import TrainingGraph

tf1 = tf.compat.v1


class RunFolder:
    """The folder of one training run; knows where everything in it lies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config_file = path / "config.json"
        self.checkpoints = path / "checkpoints"
        self.history_file = path / "history.csv"
        self.events = path / "events"
        self.history_plot = path / "training_history.png"
        self.confusion_plot = path / "confusion_matrix.png"

    def create(self, config: Mapping) -> None:
        """Makes the folder and writes its config. Raises UserError where a run is there already."""
        if self.config_file.exists():
            raise UserError(
                f"{self.path}: holds a run already; continue it with --resume {self.path}, "
                "or choose another --run-dir"
            )
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        write_text(self.config_file, json.dumps(config, indent=2) + "\n")

    def read_config(self) -> dict:
        """The config that create wrote. Raises UserError where there is none to be read."""
        try:
            return json.loads(self.config_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UserError(f"{self.path}: no run to resume, it has no config.json") from None
        except (OSError, ValueError) as error:
            raise UserError(f"{self.config_file}: cannot be read ({error})") from None

    def latest_checkpoint(self) -> str | None:
        """The newest checkpoint, as tf.train.Saver names it; None where there is none."""
        return tf1.train.latest_checkpoint(str(self.checkpoints))

    def write_history(self, rows: Sequence[Mapping]) -> None:
        """Writes one row an epoch, all of them, each number so that it reads back the same."""
        write_text(self.history_file, pandas.DataFrame(rows).to_csv(index=False))

    def read_history(self, epochs: int) -> list[dict]:
        """The rows of the first `epochs` epochs: a checkpoint may be older than the history."""
        if not self.history_file.exists():
            return []
        rows = pandas.read_csv(self.history_file, float_precision="round_trip").to_dict("records")
        return rows[:epochs]


class Checkpoints:
    """Saves and restores all of a training graph's variables but the data set's.

    tf.train.Saver writes to temporary names, renames, and only then names the new checkpoint
    the latest: a run killed while it saves resumes from the checkpoint before.
    """

    def __init__(self, run: RunFolder, graph: TrainingGraph) -> None:
        self._prefix = str(run.checkpoints / "checkpoint")
        self._run = run
        with graph.graph.as_default():
            self._saver = tf1.train.Saver(graph.saved, max_to_keep=2)

    def save(self, session: tf1.Session, step: int) -> None:
        """Writes a checkpoint under the number of its global step."""
        self._saver.save(session, self._prefix, global_step=step, write_meta_graph=False)

    def restore_latest(self, session: tf1.Session) -> bool:
        """Restores the newest checkpoint; False where there is none yet.

        Raises UserError where it is damaged.
        """
        latest = self._run.latest_checkpoint()
        if latest is None:
            return False
        try:
            self._saver.restore(session, latest)
        except (tf.errors.OpError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise UserError(f"{latest}: this checkpoint cannot be restored ({reason})") from None
        return True


def write_text(path: Path, text: str) -> None:
    """Writes a whole file or none: to a temporary sibling, then renamed."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8", newline="")
    os.replace(temporary, path)
