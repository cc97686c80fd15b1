"""A batch shared out among the processors: each takes a part of it, all do so at once."""

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

Run = Callable[..., Sequence[np.ndarray]]  # arrays of N → arrays of N

MOST = 256  # at once: more fall out of the processor's cache, and take memory


def processors(quota: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """How many this process may use. quota: where Linux tells what a container is allowed, as in
    https://docs.kernel.org/admin-guide/cgroup-v2.html: microseconds, and of how many."""
    if hasattr(os, "sched_getaffinity"):  # Linux; elsewhere a process may use all
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    try:
        time, period = map(int, quota.read_text(encoding="ascii").split())
    except (OSError, ValueError):  # no container, or "max": all of them
        return count
    return max(1, min(count, math.ceil(time / period)))


class Workers:
    """Threads, one a processor, the caller's among them; close them."""

    def __init__(self) -> None:
        self._count = processors()
        self._others = ThreadPoolExecutor(max(1, self._count - 1))

    def close(self) -> None:
        """Ends the threads, when they have done what they were given."""
        self._others.shutdown()

    def share(self, run: Run, least: int) -> Run:
        """The same function, of which each worker runs a part, of `least` or more, as handing over
        takes time too. What runs has to leave Python's lock, as a session does."""

        def shared(*arrays: np.ndarray) -> Sequence[np.ndarray]:
            parts = min(self._count, len(arrays[0]) // least)
            if parts < 2:
                return _run_in_turn(run, arrays)
            first, *others = zip(*(np.array_split(array, parts) for array in arrays), strict=True)
            try:
                started = [self._others.submit(_run_in_turn, run, part) for part in others]
            except RuntimeError:  # closed, or the process is ending: there are no threads any more
                return _run_in_turn(run, arrays)
            return _joined([_run_in_turn(run, first), *(task.result() for task in started)])

        return shared


def _run_in_turn(run: Run, arrays: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    """Runs no more than MOST at once."""
    count = len(arrays[0])
    if count <= MOST:
        return run(*arrays)
    pieces = -(-count // MOST)
    split = (np.array_split(array, pieces) for array in arrays)
    return _joined([run(*part) for part in zip(*split, strict=True)])


def _joined(found: Sequence[Sequence[np.ndarray]]) -> Sequence[np.ndarray]:
    return [np.concatenate(arrays) for arrays in zip(*found, strict=True)]
