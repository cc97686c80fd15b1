"""A run's folder: every file name in it, and what is written under them.

config.json     the settings and the data, as the run was started
checkpoints/    tf.train.Saver's, the last two
extras.sha256   of what it trains with beside digits, where there is any
history.csv     a row an epoch
events/         for TensorBoard
*.png           plots
refit/          the folder of a second run, on all training digits
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.errors import UserError
from nn.runtime.whole_files import write_text

COMPARISON = "comparison.json"  # the file that makes a folder a comparison's, not a run's


class RunFolder:
    """The folder of one training run; knows where everything in it lies."""

    def __init__(self, path: Path) -> None:
        if set(str(path)) & set("[]*?"):
            raise UserError(f"{path}: a run's folder cannot have any of []*? in its name")
        self.path = path
        self.config_file = path / "config.json"
        self.checkpoints = path / "checkpoints"
        self.extras_file = path / "extras.sha256"
        self.history_file = path / "history.csv"
        self.events = path / "events"
        self.refit = path / "refit"
        self.history_plot = path / "training_history.png"
        self.confusion_plot = path / "confusion_matrix.png"
        self.reliability_plot = path / "reliability.png"
        self.samples_plot = path / "sample_predictions.png"
        self.mistakes_plot = path / "confident_mistakes.png"
        self.weights_plot = path / "first_layer.png"
        self.augmented_plot = path / "augmented.png"

    def create(self, config: Mapping) -> None:
        """Makes the folder and writes its config. Raises UserError where a run is there already."""
        if (self.path / COMPARISON).exists():
            raise UserError(f"{self.path}: holds a comparison; choose another --run-dir")
        if self.config_file.exists():
            raise UserError(
                f"{self.path}: holds a run already; continue it with --resume {self.path}, "
                "or choose another --run-dir"
            )
        try:
            self.checkpoints.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{self.path}: cannot be made a run's folder ({error})") from None
        write_text(self.config_file, json.dumps(config, indent=2) + "\n")

    def read_config(self) -> dict:
        """The config that create wrote. Raises UserError where there is none to be read."""
        try:
            return json.loads(self.config_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UserError(f"{self.path}: no run to resume, it has no config.json") from None
        except (OSError, ValueError) as error:
            raise UserError(f"{self.config_file}: cannot be read ({error})") from None

    def check_extras(self, sha256: str) -> None:
        """Keeps the hash of what a run trains with beside digits, at its start. Raises UserError
        where it has begun with something else: they are drawn and normalized at each start, and
        another version or machine may do so otherwise."""
        if not self.checkpoint_files():
            write_text(self.extras_file, sha256 + "\n")
        elif not self.extras_file.exists() or self._read_extras() != sha256:
            raise UserError(
                f"{self.extras_file}: these are not the extras that this run began with; this "
                "version, its libraries or this machine draw others; start a new run"
            )

    def _read_extras(self) -> str:
        return self.extras_file.read_text(encoding="utf-8").strip()

    def checkpoint_files(self) -> list[str]:
        """The checkpoints, oldest first, as tf.train.Saver names them; empty before the first.

        Raises UserError where the list of them is damaged, or names one that is not there.
        """
        try:
            state = tf1.train.get_checkpoint_state(str(self.checkpoints))
        except (tf.errors.OpError, ValueError):
            state = None
        names = list(state.all_model_checkpoint_paths) if state else []
        if not names and any(self.checkpoints.glob("*.index")):
            raise UserError(f"{self.checkpoints / 'checkpoint'}: damaged or missing")
        for name in names[-1:]:
            if not Path(f"{name}.index").exists():
                raise UserError(f"{name}: this checkpoint is missing")
        return names

    def write_history(self, rows: Sequence[Mapping]) -> None:
        """Writes one row an epoch, all of them, each number so that it reads back the same."""
        write_text(self.history_file, pandas.DataFrame(rows).to_csv(index=False))

    def read_history(self, epochs: int) -> list[dict]:
        """The rows of the first `epochs` epochs: a checkpoint may be older than the history.

        Raises UserError where they are not all there.
        """
        if not epochs:
            return []
        try:
            table = pandas.read_csv(self.history_file)
        except (OSError, ValueError) as error:
            raise UserError(f"{self.history_file}: cannot be read ({error})") from None
        rows = table.to_dict("records")[:epochs]
        if [row.get("epoch") for row in rows] != list(range(1, epochs + 1)):
            raise UserError(f"{self.history_file}: expected a row for each of epochs 1 to {epochs}")
        return rows
