"""Two workers, each a process, train what one process trains, to the bit; and how they end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT, card_of, train

from nn.errors import UserError
from nn.runs.run import reopen
from nn.training.run_folder import RunFolder

# Batch norm, convolutions, and two towers in one process.
OPTIONS = ["--network", "sprint", "--epochs", "12"]


def start_pair(*arguments, each: tuple[list, list] = ([], [])) -> list[subprocess.Popen]:
    """Starts two workers with these arguments; `each` has more for the one and for the other."""
    sockets = [socket.create_server(("localhost", 0)) for _ in range(2)]
    addresses = [f"localhost:{free.getsockname()[1]}" for free in sockets]
    for free in sockets:
        free.close()
    return [
        subprocess.Popen(
            [sys.executable, ROOT / "train_neural_network.py", *arguments, *own],
            env=os.environ | {"TF_CONFIG": json.dumps(
                {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            )},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for index, own in enumerate(each)
    ]  # fmt: skip


def ended(pair: list[subprocess.Popen]) -> list[tuple[int, str]]:
    """The exit status of each process, and the last line of its standard error."""
    errors = [process.communicate(timeout=120)[1] for process in pair]
    return [
        (process.returncode, error.splitlines()[-1])
        for process, error in zip(pair, errors, strict=True)
    ]


def wait_for_epochs(run: Path, epochs: int, pair: list[subprocess.Popen]) -> None:
    history, deadline = run / "history.csv", time.monotonic() + 90
    while not (history.exists() and len(history.read_text().splitlines()) > epochs):
        assert all(process.poll() is None for process in pair), ended(pair)
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_two_workers_stopped_and_killed_train_what_one_process_trains(small_data, tmp_path):
    run, options = tmp_path / "run", ["--data", small_data, *OPTIONS]
    go_on = ["--resume", run, "--saved-model", tmp_path / "SavedModel"]

    pair = start_pair(*options, "--run-dir", run, "--saved-model", tmp_path / "SavedModel")
    wait_for_epochs(run, 2, pair)
    pair[1].send_signal(signal.SIGTERM)
    (chief, _), (other, line) = ended(pair)
    assert (chief, other) == (143, 143)
    assert line.startswith("Stopped by SIGTERM; worker 0 (localhost:")

    pair = start_pair(*go_on)
    wait_for_epochs(run, 5, pair)
    pair[0].kill()
    _, (status, line) = ended(pair)
    assert status == 2
    assert line.startswith("error: worker 0 (localhost:")
    assert "no longer answers; to go on, start all workers again with --resume" in line

    assert [status for status, _ in ended(start_pair(*go_on))] == [0, 0]
    alone = train(
        *options,
        "--run-dir",
        tmp_path / "alone",
        "--saved-model",
        tmp_path / "alone" / "SavedModel",
    )
    assert alone.returncode == 0, alone.stderr
    ours, theirs = (card_of(folder / "SavedModel") for folder in (tmp_path, tmp_path / "alone"))
    assert ours["weights_sha256"] == theirs["weights_sha256"]

    assert json.loads((run / "config.json").read_text())["workers"] == 2
    with pytest.raises(UserError, match=r"was started with 2 of TensorFlow's workers, found 1;"):
        reopen(RunFolder(run))


def test_workers_with_other_options_refuse_to_train(small_data, tmp_path):
    pair = start_pair(
        "--data", small_data, "--network", "tiny", "--run-dir", tmp_path / "run",
        "--saved-model", tmp_path, each=(["--seed", "1"], ["--seed", "2"]),
    )  # fmt: skip
    for status, line in ended(pair):
        assert status == 2
        assert line.startswith("error: worker 1 (localhost:")
        assert "has another set of options than worker 0; start all workers with" in line
