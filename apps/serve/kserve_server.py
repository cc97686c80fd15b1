"""Serves a version with KServe's Python server: python -m apps.serve.kserve_server.

docs/serving.md describes it.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from nn.runtime.startup import make_output_safe, run_command

NAME = "digits"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    make_output_safe()
    return run_command(lambda: serve(arguments))


def serve(arguments: Sequence[str] | None) -> int:
    """Answers until a signal ends it; returns the exit status."""
    import kserve  # late, so that a missing package is one line

    from apps.serve.kserve_model import Digits

    options = _parse_arguments(kserve.model_server.parser, arguments)
    model = Digits(options.model_name, options.model_dir)
    model.load()
    kserve.ModelServer(enable_grpc=False).start([model])
    return 0


def _parse_arguments(
    of_kserve: argparse.ArgumentParser, arguments: Sequence[str] | None
) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m apps.serve.kserve_server",
        description="Serves a version with KServe's Python server, over HTTP.",
        parents=[of_kserve],
        conflict_handler="resolve",
    )
    parser.add_argument(
        "--model_name", default=NAME, help="the model's name in addresses (default: %(default)s)"
    )
    parser.add_argument(
        "--model_dir",
        type=Path,
        metavar="DIR",
        help="a version of a model, or a folder of versions: the highest is used (default: "
        "SavedModel in the current folder, or else beside the scripts)",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
