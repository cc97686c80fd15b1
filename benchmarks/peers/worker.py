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
import sys

from benchmarks.memory import peak_megabytes


def main() -> None:
    """Answers requests until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes to standard error
    module, function, options = sys.argv[1:]
    run = getattr(importlib.import_module(module), function)(**json.loads(options))
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for _ in sys.stdin:
        measured = run()
        print(json.dumps({"peak_megabytes": peak_megabytes()} | measured), file=answers, flush=True)


if __name__ == "__main__":
    main()
