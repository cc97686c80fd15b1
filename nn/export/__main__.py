"""Exports a version of a model anew, with the graph that this version of the project builds."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from nn.errors import UserError
from nn.runtime.startup import import_tensorflow, make_output_safe

DESCRIPTION = """\
Exports a version of a model anew, with the graph that this project builds today.

A SavedModel holds a graph and weights. The graph is as old as the export: when the project learns
to normalize pictures better, models that were exported before do not. This command takes the
weights, the scaling of the logits and the thresholds out of a version, puts them into today's
graph and writes that as the next version. Nothing is trained, no data and no checkpoint is needed.
"""
EPILOG = """\
examples:
  python -m nn.export --from SavedModel/1 --to SavedModel    writes SavedModel/2
  python -m nn.export --from SavedModel --to renewed         the highest version, to renewed/1

The new model card is the old one with a new date; "exported_from" says what it was made from. The
accuracy and the thresholds in it were measured on MNIST-like digits of 28x28 pixels, whose way
through the graph does not change; the weights' SHA-256 must come out the same, or nothing is
written.

exit status: 0 done, 2 wrong usage, no such version, or a version that cannot be exported anew
"""


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line. A wrong one ends the process with exit status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m nn.export",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--from",
        dest="model",
        type=Path,
        required=True,
        metavar="VERSION",
        help="the version to take the weights from, or a folder of versions: the highest is taken",
    )
    parser.add_argument(
        "--to",
        dest="folder",
        type=Path,
        required=True,
        metavar="DIR",
        help="the folder that gets the new version, under its next number",
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status: 0, or 2 if the export cannot be made."""
    make_output_safe()
    options = parse_arguments(arguments)
    # TensorFlow imports Keras, which nothing here uses: without it, it starts in half the time.
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    try:
        import_tensorflow()
        from nn.export.again import export_again  # late, so that --help answers at once

        version = export_again(options.model, options.folder)
    except (UserError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped", file=sys.stderr)
        return 130
    print(f"Exported: {version}/   Try it: python load_saved_model.py samples/ --model {version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
