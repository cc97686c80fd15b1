"""A run's folder: every file name in it, its config, its history.

config.json     how the run was started: settings, source of the data, folder for the export; with a
                checksum of itself (nn/runtime/sealed_json.py)
checkpoints/    the last two checkpoints (nn/training/checkpoints.py)
extras.sha256   hash of the extra pictures, if the run trains on any
history.csv     one row for each epoch
history.sha256  a hash of each line of it
training/       summaries for TensorBoard: of training, and the training graph
validation/     summaries for TensorBoard: of validation, and the graph that predicts
*.png           plots
exported.json   the version that the run was exported as (nn/runs/exports.py)
finder.npz      the weights of a finder of ink (nn/runs/helper_run.py); rows.npz of a reader of rows
refit/          the folder of a second run, on all training digits
.lock           which process works in the folder (nn/runtime/file_locks.py)

TensorBoard shows a summary folder under its path: `compact-20261129-120000/training`.

Nothing here imports TensorFlow.
"""

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pandas

from nn.errors import UserError
from nn.runtime import hashed_lines, sealed_json
from nn.runtime.file_locks import alone_in
from nn.runtime.regular_files import read_text
from nn.runtime.whole_files import sync_folder, write_text

_ADVICE = "put the file back as it was, or start a new run"
MAX_ROW_CHARACTERS = 80  # of a damaged row, in a message
COMPARISON = "comparison.json"  # a folder with this file is a comparison's, not a single run's


@dataclass(frozen=True)
class Epoch:
    """A row of the history.

    Losses are in nats, accuracies from 0 to 1; both of validation are NaN without validation
    digits. step: the global step after the epoch; seconds: of training, without validation.
    """

    epoch: int
    step: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float

    @property
    def is_plausible(self) -> bool:
        """Whether training can have written these values."""
        scores = [(self.loss, self.accuracy)]
        if not (math.isnan(self.validation_loss) and math.isnan(self.validation_accuracy)):
            scores.append((self.validation_loss, self.validation_accuracy))
        return (
            self.step > 0
            and math.isfinite(self.seconds)
            and all(math.isfinite(loss) and 0 <= accuracy <= 1 for loss, accuracy in scores)
        )


class RunFolder:
    """The folder of one training run: where each file in it lies."""

    def __init__(self, path: Path) -> None:
        if set(str(path)) & set("[]*?"):
            raise UserError(f"{path}: a run's folder cannot have any of []*? in its path")
        self.path = path
        self.config_file = path / "config.json"
        self.checkpoints = path / "checkpoints"
        self.extras_file = path / "extras.sha256"
        self.history_file = path / "history.csv"
        self.export_file = path / "exported.json"
        self.training_events = path / "training"
        self.validation_events = path / "validation"
        self.refit = path / "refit"
        self.history_plot = path / "training_history.png"
        self.confusion_plot = path / "confusion_matrix.png"
        self.reliability_plot = path / "reliability.png"
        self.samples_plot = path / "sample_predictions.png"
        self.mistakes_plot = path / "confident_mistakes.png"
        self.weights_plot = path / "first_layer.png"
        self.augmented_plot = path / "augmented.png"
        self.ink_plot = path / "ink.png"
        self.rows_plot = path / "rows.png"

    def create(self, config: Mapping, write_first: Callable[[], None] = lambda: None) -> None:
        """Makes the folder and writes its config. write_first: writes all else that a resumed run
        needs; a folder with a config can be resumed. Raises UserError if the folder holds a run or
        a comparison already, or cannot be made."""
        if is_comparison(self.path):
            raise UserError(f"{self.path}: holds a comparison; choose another --run-dir")
        try:
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            sync_folder(self.path.parent)
        except OSError as error:
            raise UserError(f"{self.path}: cannot be made a run's folder ({error})") from None
        with alone_in(self.path):  # two trainings may start at once
            if self.config_file.exists():
                raise UserError(
                    f"{self.path}: holds a run already; continue it with --resume {self.path}, "
                    "or choose another --run-dir"
                )
            write_first()
            sealed_json.write(self.config_file, config)

    def read_config(self) -> dict:
        """The config that create wrote. Raises UserError if it is missing or damaged."""
        try:
            return sealed_json.read(self.config_file, UserError, _ADVICE)
        except FileNotFoundError:
            raise UserError(f"{self.path}: no run to resume, it has no config.json") from None

    @property
    def has_checkpoints(self) -> bool:
        """Whether the run has written a checkpoint, damaged or not."""
        return any(self.checkpoints.glob("*.index"))

    def check_extras(self, sha256: str) -> None:
        """Writes the hash of the run's extra pictures at its start, and checks it when it resumes.

        The pictures are drawn and normalized anew each time, and another version or machine may
        draw them differently. Raises UserError if the run began with other pictures, or the file
        with their hash cannot be read.
        """
        if not self.has_checkpoints:
            write_text(self.extras_file, sha256 + "\n")
            return
        try:
            begun_with = read_text(self.extras_file).strip()
        except (OSError, ValueError) as error:
            raise UserError(
                f"{self.extras_file}: cannot be read, so nobody knows which extra pictures this "
                f"run began with ({error}); start a new run"
            ) from None
        if begun_with != sha256:
            raise UserError(
                f"{self.extras_file}: this run began with other extra pictures; this version, its "
                "libraries or this machine draws them differently; start a new run"
            )

    def write_history(self, history: Sequence[Epoch]) -> None:
        """Writes one row for each epoch. Every number reads back as exactly the same."""
        rows = [asdict(epoch) for epoch in history]
        table = pandas.DataFrame(rows).to_csv(index=False, lineterminator="\n")
        hashed_lines.write(self.history_file, table)

    def read_history(self, epochs: int) -> list[Epoch]:
        """The first `epochs` epochs: the history may be newer than the newest checkpoint.

        Raises UserError if the file is missing, or a row of these epochs is missing or damaged:
        nothing else holds what it said, to the last digit.
        """
        if not epochs:
            return []
        try:
            lines = hashed_lines.lines_of(read_text(self.history_file))
            header, *rows = [*csv.reader(lines)]
        except FileNotFoundError:
            raise self._damaged_history("", f"{epochs:,} epochs", "no such file") from None
        except (OSError, ValueError, csv.Error) as error:
            raise UserError(f"{self.history_file}: cannot be read ({error}); {_ADVICE}") from None
        columns = [field.name for field in fields(Epoch)]
        if header != columns:
            raise self._damaged_history(", line 1", ",".join(columns), _shown(header))
        history = [self._epoch(n, rows[n - 1 : n]) for n in range(1, epochs + 1)]
        hashed_lines.check(self.history_file, lines[: epochs + 1], _ADVICE)
        return history

    def _epoch(self, number: int, rows: Sequence[Sequence[str]]) -> Epoch:
        """The epoch of this number, from the one row in `rows`. Raises UserError if there is none,
        or it is another's, or no epoch's."""
        where = f", line {number + 1}"
        if not rows:
            raise self._damaged_history(where, f"a row for epoch {number}", "the end of the file")
        try:
            epoch, step, *numbers = rows[0]
            found = Epoch(int(epoch), int(step), *(float(cell or math.nan) for cell in numbers))
        except (TypeError, ValueError):
            row = f"{len(fields(Epoch))} numbers"
            raise self._damaged_history(where, row, _shown(rows[0])) from None
        if found.epoch != number or not found.is_plausible:
            row = f"the numbers of epoch {number}"
            raise self._damaged_history(where, row, _shown(rows[0]))
        return found

    def _damaged_history(self, where: str, expected: str, found: str) -> UserError:
        return UserError(
            f"{self.history_file}{where}: expected {expected}, found {found}; {_ADVICE}"
        )


def _shown(row: Sequence[str]) -> str:
    line = ",".join(row)
    return repr(line if len(line) <= MAX_ROW_CHARACTERS else f"{line[:MAX_ROW_CHARACTERS]}…")


def is_comparison(folder: Path) -> bool:
    """Whether a folder holds a comparison, not a single run."""
    return (folder / COMPARISON).exists()


def is_helper(folder: Path) -> bool:
    """Whether a folder holds the training of a finder of ink or of a reader of rows
    (nn/runs/helper_run.py), damaged or not."""
    return _config_has(folder, "pictures")


def is_own_hand(folder: Path) -> bool:
    """Whether a folder holds a training on own digits (nn/runs/own_hand.py), damaged or not."""
    return _config_has(folder, "own")


def _config_has(folder: Path, field: str) -> bool:
    try:
        return field in RunFolder(folder).read_config()
    except UserError:  # who opens the run says so
        return False
