"""Tunes a network: python -m apps.tune dense."""

if __name__ == "__main__":  # before the other imports, which take a tenth of a second
    from nn.runtime.early_stop import end_at_ctrl_c

    end_at_ctrl_c()

import argparse
import logging
import os
import shlex
import sys
from collections.abc import Sequence

from apps.tune.command_line import parse_arguments
from nn.runtime.startup import (
    import_tensorflow,
    log_to_standard_error,
    make_output_safe,
    run_command,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    make_output_safe()
    given = sys.argv[1:] if arguments is None else arguments
    options = parse_arguments(given)
    log_to_standard_error(options.quiet)
    logging.getLogger("nn.training.trainer").setLevel(logging.WARNING)  # of each trial, one line
    # TensorFlow imports Keras, which nothing here uses: without it, it starts in half the time.
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    return run_command(lambda: _tune(options, shlex.join(["python", "-m", "apps.tune", *given])))


def _tune(options: argparse.Namespace, command: str) -> int:
    """Imports what is slow to import, and tunes."""
    import_tensorflow()
    from apps.tune.tuning import tune

    return tune(options, command)


if __name__ == "__main__":
    sys.exit(main())
