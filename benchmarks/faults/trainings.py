"""Small trainings to provoke faults in, as processes, and what is whole of one that has ended.

Each kind of training has a folder of its own, in which the script is started:

    MNIST/          four CSV files: 1,000 of the small digits bundled with scikit-learn, enlarged
    own/            40 others, in a mirror: a hand that no model has seen
    samples/        some pictures of samples/
    start/1         the model that such a training starts from
    run/ and out/   what the training writes: its run, and its export
"""

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Timer
from typing import IO, NamedTuple

import numpy as np

from nn.runtime.startup import import_tensorflow

PROJECT = Path(__file__).parents[2]
SCRIPT = str(PROJECT / "train_neural_network.py")
FOLDERS = ("--run-dir", "run", "--saved-model", "out")
DENSE = (SCRIPT, "--data", "MNIST", "--network", "dense", "--epochs", "60", *FOLDERS)
SAMPLES = 8  # pictures
TIMEOUT_SECONDS = 600  # a training takes some 15 s; one that takes so long hangs


class Kind(NamedTuple):
    """A fault in the table, and the command that it hits: how it starts, and the file that a
    training's --resume needs."""

    fault: str
    options: tuple[str, ...]
    plan: str = "config.json"

    def command(self, folder: Path) -> tuple[str, ...]:
        """The arguments of Python that start it in a folder, or go on with a training there."""
        is_begun = (folder / "run" / self.plan).exists()
        return (SCRIPT, "--resume", "run", "--saved-model", "out") if is_begun else self.options


def start(
    command: Sequence[str], folder: Path, output: int | IO = subprocess.PIPE
) -> subprocess.Popen:
    """Starts Python in a folder, with a pipe from its standard error and its standard output."""
    return subprocess.Popen(
        [sys.executable, *command], cwd=folder, text=True, stdin=subprocess.DEVNULL,
        stdout=output, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(PROJECT)},
    )  # fmt: skip


def wait_for_first_line(process: subprocess.Popen) -> None:
    """Waits until a process has printed a line, or has ended. One that hangs is killed."""
    assert process.stdout is not None
    watch = Timer(TIMEOUT_SECONDS, process.kill)
    watch.start()
    process.stdout.readline()
    watch.cancel()


def finish(process: subprocess.Popen) -> subprocess.CompletedProcess:
    """Waits for a process; one that hangs is killed, and its status says so."""
    try:
        out, err = process.communicate(timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        err += f"\nhung: did not end in {TIMEOUT_SECONDS} s"
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess:
    """Runs Python in a folder, to the end."""
    return finish(start(command, folder))


class Ending(NamedTuple):
    """What a training leaves, without what differs from one to the next, such as its seconds.

    status, errors: of the last process, without warnings. weights: the hash in each card, and the
    hash of each newest checkpoint's variables. rows: of each history and comparison. files: the
    names of all files and folders, hidden ones too, without the events for TensorBoard.
    """

    status: int
    errors: str
    weights: dict[str, str]
    rows: dict[str, list[dict]]
    files: frozenset[str]

    @classmethod
    def of(cls, finished: subprocess.CompletedProcess, folder: Path) -> "Ending":
        """What a process has left in a folder."""
        said = finished.stderr.splitlines(keepends=True)
        names = {str(path.relative_to(folder)) for path in folder.rglob("*")
                 if not path.is_symlink()}  # fmt: skip
        return cls(
            finished.returncode,
            "".join(line for line in said if not line.startswith("warning: ")),
            dict(_weights(folder)),
            {str(path.relative_to(folder)): _rows(path) for path in folder.rglob("*.csv")},
            frozenset(name for name in names if ".tfevents." not in name),
        )


def differences(finished: subprocess.CompletedProcess, folder: Path, whole: Ending) -> list[str]:
    """What a process has not left in a folder as an uninterrupted training does, one line each."""
    ending, found = Ending.of(finished, folder), []
    if (ending.status, ending.errors) != (whole.status, whole.errors):
        found.append(f"status {ending.status}: {ending.errors}")
    for ours, theirs in ((ending.weights, whole.weights), (ending.rows, whole.rows)):
        names = sorted(ours.keys() | theirs.keys())
        found += [f"differs: {name}" for name in names if ours.get(name) != theirs.get(name)]
    found += [f"left over: {name}" for name in sorted(ending.files - whole.files)]
    return found + [f"missing: {name}" for name in sorted(whole.files - ending.files)]


def _weights(folder: Path) -> Iterator[tuple[str, str]]:
    for card in (folder / "out").glob("*/model_card.json"):
        fields = json.loads(card.read_text(encoding="utf-8"))
        yield str(card.parent.relative_to(folder)), fields["weights_sha256"]
    for checkpoints in (folder / "run").rglob("checkpoints"):
        yield str(checkpoints.relative_to(folder)), _sha256_of_newest(checkpoints)


def _sha256_of_newest(checkpoints: Path) -> str:
    """The hash of all variables of the newest checkpoint but for those that measure seconds."""
    import_tensorflow()
    import tensorflow as tf

    names = [path.stem for path in checkpoints.glob("checkpoint-*.index")]
    if not names:
        return "no checkpoint"
    newest = max(names, key=lambda name: int(name.partition("-")[2]))
    reader = tf.train.load_checkpoint(str(checkpoints / newest))
    digest = hashlib.sha256(newest.encode())
    for name in sorted(reader.get_variable_to_shape_map()):
        if "seconds" not in name:
            digest.update(name.encode() + np.asarray(reader.get_tensor(name)).tobytes())
    return digest.hexdigest()


def _rows(path: Path) -> list[dict]:
    with open(path, encoding="utf-8", newline="") as file:
        return [
            {name: cell for name, cell in row.items() if name != "seconds"}
            for row in csv.DictReader(file)
        ]


def write_given(folder: Path) -> None:
    """Writes what the commands read into a new folder: MNIST/, own/ and samples/."""
    import_tensorflow()
    from nn.data.digits import Digits
    from nn.data.download import write_csv_files
    from nn.training import datasets

    source = datasets.load("bundled")
    mirrored = Digits(np.ascontiguousarray(source.test.images[:, :, ::-1]), source.test.labels)
    for name, training, test in (
        ("MNIST", source.training[:1000], source.test),
        ("own", mirrored[:20], mirrored[20:40]),
    ):
        arrays = (training.images, training.labels, test.images, test.labels)
        write_csv_files(folder / name, arrays, quiet=True)
    (folder / "samples").mkdir()
    for path in sorted((PROJECT / "samples").glob("*.png"))[:SAMPLES]:
        shutil.copy(path, folder / "samples")


def link(given: Path, folder: Path) -> None:
    """Lets a folder, made if needed, show all that is given."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in given.iterdir():
        (folder / each.name).symlink_to(each)
