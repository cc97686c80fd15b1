"""Contenders that are one call or one command: CSV readers, Pillow alone, whole processes."""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.peers.shop import Shop
from nn.data.digits import PIXELS


def csv(path: str, library: str) -> Callable[[], dict]:
    """Returns a function that reads a CSV file with a library's own reader.

    library: numpy, pandas or polars. Work is counted in megabytes.
    """
    import numpy as np

    def numpy() -> None:
        np.loadtxt(path, np.uint8, delimiter=",")

    def pandas() -> None:
        import pandas

        pandas.read_csv(path, header=None, dtype=np.uint8).to_numpy()

    def polars() -> None:
        import polars

        bytes_ = [polars.UInt8] * PIXELS  # without them it reads int64 and takes 1.6 times as long
        polars.read_csv(path, has_header=False, schema_overrides=bytes_).to_numpy()

    read = {"numpy": numpy, "pandas": pandas, "polars": polars}[library]
    megabytes = Path(path).stat().st_size / 1e6

    def run() -> dict:
        started = time.perf_counter()
        read()
        return {"seconds": time.perf_counter() - started, "work": megabytes}

    return run


def pillow(shop: str) -> Callable[[], dict]:
    """Returns a function that only decodes pictures with Pillow. Work is counted in files."""
    from PIL import Image

    paths = Shop(shop).pictures()

    def run() -> dict:
        started = time.perf_counter()
        for path in paths:
            with Image.open(path) as image:
                image.convert("L").load()
        return {"seconds": time.perf_counter() - started, "work": len(paths)}

    return run


def process(arguments: list[str]) -> Callable[[], dict]:
    """Returns a function that runs a Python process and times it from its start to its end.

    It also measures the peak resident memory, in MB. Work is counted in processes.
    """

    def run() -> dict:
        started = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE)  # fmt: skip
        seconds = time.perf_counter() - started
        unit = 1 if sys.platform == "darwin" else 1024  # bytes; Linux reports KiB, macOS bytes
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit / 2**20
        return {"seconds": seconds, "work": 1, "peak_megabytes": peak}

    return run
