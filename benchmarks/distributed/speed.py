"""How long a step takes with one worker and with two, each on a processor of its own."""

import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.distributed.hosts import Host, one_core_each, start_workers
from nn.training.run_folder import RunFolder

NETWORKS = ("simple_dnn", "dense", "basic_cnn", "compact", "flagship")
PAIRS = 5
# The first epoch also makes the graph; the others are timed.
EPOCHS = 3


class Speed(NamedTuple):
    """Milliseconds a step with one worker and with two, the medians, and how many times as fast two
    are: the median of the pairs, the lowest and the highest."""

    network: str
    one: float
    two: float
    faster: tuple[float, float, float]

    def __str__(self) -> str:
        middle, low, high = self.faster
        times = f"{middle:.2f} ({low:.2f} to {high:.2f})"
        return f"{self.network:12}{self.one:12.1f}{self.two:13.1f}   {times}"


def measure(network: str, data: str, pairs: int = PAIRS) -> Speed:
    """Trains with one worker and with two in turn, so many times."""
    hosts = one_core_each(2)
    found = [
        (_step_milliseconds(hosts[:1], network, data), _step_milliseconds(hosts, network, data))
        for _ in range(pairs)
    ]
    ratios = sorted(one / two for one, two in found)
    ones, twos = zip(*found, strict=True)
    faster = (statistics.median(ratios), ratios[0], ratios[-1])
    return Speed(network, statistics.median(ones), statistics.median(twos), faster)


def _step_milliseconds(hosts: Sequence[Host], network: str, data: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(Path(folder, "run"))
        # Without extra pictures: composing them takes longer than these epochs.
        arguments = [
            "--network", network, "--data", data, "--epochs", EPOCHS, "--extras", 0,
            "--run-dir", run.path, "--saved-model", Path(folder, "SavedModel"),
        ]  # fmt: skip
        for process in start_workers(hosts, arguments):
            _, errors = process.communicate()
            if process.returncode:
                raise RuntimeError(errors)
        first, *others = run.read_history(EPOCHS)
        steps = (others[-1].step - first.step) / len(others)
        return 1000 * statistics.mean(epoch.seconds for epoch in others) / steps
