"""Splits a batch into parts that all processors work on at the same time."""

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

RunBatch = Callable[..., Sequence[np.ndarray]]  # arrays of N rows → arrays of N rows

# A part with more rows falls out of the processor's cache, and takes more memory.
MAX_PART_ROWS = 256


def available_processors(quota: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """The number of processors that this process may use, at least 1.

    quota: the file where Linux states a container's limit: the microseconds of processor time that
    it gets in each period, and the period's length in microseconds, as in
    https://docs.kernel.org/admin-guide/cgroup-v2.html.
    """
    if hasattr(os, "sched_getaffinity"):  # Linux; elsewhere a process may use all processors
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    try:
        time, period = map(int, quota.read_text(encoding="ascii").split())
    except (OSError, ValueError):  # there is no container, or no limit ("max")
        return count
    return max(1, min(count, math.ceil(time / period)))


class ProcessorPool:
    """One thread for each processor; the caller's thread is one of them. Close it after use.

    count: of processors; None: all that this process may use."""

    def __init__(self, count: int | None = None) -> None:
        self._count = count or available_processors()
        self._others = ThreadPoolExecutor(max(1, self._count - 1))

    def close(self) -> None:
        """Waits for the work that was handed over, then ends the threads."""
        self._others.shutdown()

    def split_batches(self, run: RunBatch, min_part_rows: int) -> RunBatch:
        """A function that returns what `run` returns, but splits each batch among the processors.

        run: must release Python's lock, as a session does. min_part_rows: no part gets fewer rows,
        because handing a part to another thread takes time. After `close`, the caller's thread
        does all the work.
        """

        def run_split(*arrays: np.ndarray) -> Sequence[np.ndarray]:
            """Runs one part here and the others in the pool's threads."""
            parts = min(self._count, len(arrays[0]) // min_part_rows)
            if parts < 2:
                return run_in_parts(run, arrays)
            first, *others = zip(*(np.array_split(array, parts) for array in arrays), strict=True)
            try:
                started = [self._others.submit(run_in_parts, run, part) for part in others]
            except RuntimeError:  # the pool is closed, or the interpreter is shutting down
                return run_in_parts(run, arrays)
            return _concatenate([run_in_parts(run, first), *(task.result() for task in started)])

        return run_split


def run_in_parts(
    run: RunBatch, arrays: Sequence[np.ndarray], max_rows: int = MAX_PART_ROWS
) -> Sequence[np.ndarray]:
    """Runs a batch in this thread, at most max_rows rows at once."""
    count = len(arrays[0])
    if count <= max_rows:
        return run(*arrays)
    split = (np.array_split(array, math.ceil(count / max_rows)) for array in arrays)
    return _concatenate([run(*part) for part in zip(*split, strict=True)])


def _concatenate(parts: Sequence[Sequence[np.ndarray]]) -> Sequence[np.ndarray]:
    return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]
