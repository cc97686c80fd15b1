"""The memory that a process has held."""

import resource
import sys
from pathlib import Path


def peak_megabytes() -> float:
    """The peak resident memory of this process, in MB.

    On Linux it reads VmHWM, which counts this process alone. ru_maxrss starts with the memory of
    the process that started this one.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        unit = 1 if sys.platform == "darwin" else 1024  # bytes; Linux reports KiB, macOS bytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
    return kilobytes / 2**10
