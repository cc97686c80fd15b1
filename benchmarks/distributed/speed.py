"""How long a step takes with one worker and with two, each on a processor of its own."""

import json
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.distributed.hosts import Host, one_core_each, start_workers

# Networks, and how many steps to time at once.
NETWORKS = {"simple_dnn": 400, "dense": 400, "basic_cnn": 40, "compact": 20, "flagship": 10}
PAIRS = 5


class Step(NamedTuple):
    """Milliseconds a step: by the clock, and of the processor time of the busiest worker."""

    clock: float
    processor: float


class Speed(NamedTuple):
    """Steps of one worker and of two, the medians; and how many times as fast two are by the clock,
    the median of the pairs, the lowest and the highest."""

    network: str
    one: Step
    two: Step
    faster: tuple[float, float, float]

    def __str__(self) -> str:
        middle, low, high = self.faster
        times = f"{middle:.2f} ({low:.2f} to {high:.2f})"
        figures = "".join(f"{number:10.1f}" for number in (*self.one, *self.two))
        return f"{self.network:12}{figures}   {times}"


HEADER = f"""\
milliseconds a step, by the clock and of one processor; how many times as fast two workers are
{"":12}{"one":>10}{"processor":>10}{"two":>10}{"processor":>10}   times (lowest to highest)"""


def measure(network: str, pairs: int = PAIRS) -> Speed:
    """Takes steps with one worker and with two in turn, so many times."""
    hosts = one_core_each(2)
    found = [(_step(hosts[:1], network), _step(hosts, network)) for _ in range(pairs)]
    ratios = sorted(one.clock / two.clock for one, two in found)
    one, two = (
        Step(*map(statistics.median, zip(*steps, strict=True)))
        for steps in zip(*found, strict=True)
    )
    return Speed(network, one, two, (statistics.median(ratios), ratios[0], ratios[-1]))


def _step(hosts: Sequence[Host], network: str) -> Step:
    command = ["-m", "benchmarks.distributed.steps", network, NETWORKS[network]]
    steps = []
    for process in start_workers(hosts, command):
        output, errors = process.communicate()
        if process.returncode:
            raise RuntimeError(errors)
        steps.append(Step(**json.loads(output.splitlines()[-1])))
    return Step(*map(max, zip(*steps, strict=True)))
