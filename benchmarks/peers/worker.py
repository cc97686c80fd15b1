"""Runs one contender in a process of its own: sets it up, then runs it once for each request.

    python -m benchmarks.peers.worker MODULE FUNCTION OPTIONS

OPTIONS is a JSON object. MODULE.FUNCTION(**OPTIONS) returns a function that does the work once and
returns what it measured: a dict with "seconds" in it. The worker calls this function for each line
on standard input. It answers each with a line of JSON on standard output, to which it adds the peak
resident memory of the process so far.
"""

import importlib
import json
import os
import resource
import sys
from pathlib import Path


def main() -> None:
    """Answers requests until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes to standard error
    module, function, options = sys.argv[1:]
    run = getattr(importlib.import_module(module), function)(**json.loads(options))
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for _ in sys.stdin:
        measured = run()
        print(json.dumps({"peak_megabytes": _peak()} | measured), file=answers, flush=True)


def _peak() -> float:
    """Returns the peak resident memory in MB.

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


if __name__ == "__main__":
    main()
