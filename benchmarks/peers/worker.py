"""One contender in a process of its own: it makes ready, then runs whenever it is told to.

    python -m benchmarks.peers.worker MODULE FUNCTION OPTIONS

MODULE.FUNCTION(**OPTIONS), OPTIONS as JSON, returns a function that does the work once and returns
what it measured, a dict with "seconds" in it. Each line on standard input runs it once; each answer
is a line of JSON on standard output, with the most memory that the process has held so far.
"""

import importlib
import json
import os
import resource
import sys
from pathlib import Path


def main() -> None:
    """Answers until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes to standard error
    module, function, options = sys.argv[1:]
    run = getattr(importlib.import_module(module), function)(**json.loads(options))
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for _ in sys.stdin:
        measured = run()
        print(json.dumps({"peak_megabytes": _peak()} | measured), file=answers, flush=True)


def _peak() -> float:
    """The most resident memory, in MB. Where Linux tells, of this process alone: the other figure
    begins with that of the process which started it."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        unit = 1 if sys.platform == "darwin" else 1024  # bytes there, elsewhere kilobytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
    return kilobytes / 2**10


if __name__ == "__main__":
    main()
