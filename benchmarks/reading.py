"""Reading digit_xtrain.csv, beside NumPy's and pandas' own readers.

    python -m benchmarks.reading

One after the other in each repeat, after a warm-up; ratios are taken within the repeat.
"""

import statistics
import sys
import time
from pathlib import Path

import numpy as np
import pandas

from nn.data import read_images

PATH = Path("MNIST/digit_xtrain.csv")
REPEATS = 5


def main() -> int:
    """The command line; returns the exit status."""
    if not PATH.exists():
        print(f"error: {PATH}: no such file; fetch it first: python -m nn.mnist", file=sys.stderr)
        return 2
    readers = {
        "nn.data.read_images": lambda: read_images(PATH),
        "numpy.loadtxt": lambda: np.loadtxt(PATH, np.uint8, delimiter=","),
        "pandas.read_csv": lambda: pandas.read_csv(PATH, header=None, dtype=np.uint8),
    }
    seconds: dict[str, list[float]] = {name: [] for name in readers}
    for repeat in range(REPEATS + 1):
        for name, read in readers.items():
            started = time.perf_counter()
            read()
            if repeat:
                seconds[name].append(time.perf_counter() - started)
    print(f"{PATH}, seconds, median of {REPEATS} (smallest to largest)")
    for name, values in seconds.items():
        spread = f"({min(values):.2f} to {max(values):.2f})"
        print(f"  {name:20s} {statistics.median(values):5.2f}   {spread}")
    ours, *others = seconds.values()
    ratios = [our / min(pair) for our, *pair in zip(ours, *others, strict=True)]
    spread = f"({min(ratios):.2f} to {max(ratios):.2f})"
    print(f"  ours / the faster    {statistics.median(ratios):5.2f}   {spread}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
