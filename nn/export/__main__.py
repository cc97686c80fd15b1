"""Exports a version of a model anew, with the graph that this version of the project builds, or as
ONNX files."""

if __name__ == "__main__":  # before the other imports, which take a tenth of a second
    from nn.runtime.early_stop import end_at_ctrl_c

    end_at_ctrl_c()

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from nn.runtime.startup import import_tensorflow, make_output_safe, run_command
from nn.versions import LITERT_FILE

SAVED_MODEL, ONNX = "saved_model", "onnx"
DESCRIPTION = """\
Exports a version of a model anew, with the graph that this project builds now.

A SavedModel holds a graph and weights. If this project learns to normalize
pictures better, the graphs of older exports stay as they are. This command
takes the weights, the scaling of the logits and the thresholds from a version,
puts them into today's graph and writes the next version. It trains nothing and
needs no data and no checkpoints.

A quantized version stays quantized. To make one, train it:
    python train_neural_network.py --quantize
Rounding the weights changes how sure the network is, so its thresholds have to
be fitted again, to validation digits that the weights were not trained on. A
version holds no digits.

With --format onnx it writes the version as it is, its own graph and weights, as
ONNX files for other engines such as ONNX Runtime. This takes a minute or two,
and needs what pip install -r requirements/onnx.txt installs.
"""
EPILOG = """\
examples:
  python -m nn.export --from SavedModel/1 --to SavedModel    writes SavedModel/2
  python -m nn.export --from SavedModel --to renewed         the highest version
  python -m nn.export --from SavedModel/1 --to digits_onnx/ --format onnx
                    writes digits_onnx/serving_default.onnx, ink.onnx and others

The new model card keeps everything but the date, the libraries' versions and
the files' hashes; "exported_from" says which version it was made from. If the
SHA-256 of the weights differs, the command writes nothing.

ONNX has no signatures, so each signature has a file of its own, whose inputs
and outputs have the same names. Signatures that take strings are left out. A
card lies beside the files.

exit status: 0 done, 2 wrong usage, no such version, or a version that cannot
be exported anew
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
        help="the folder that gets the new version, under its next number; with --format onnx a "
        "new folder for the files",
    )
    parser.add_argument(
        "--format",
        choices=(SAVED_MODEL, ONNX),
        default=SAVED_MODEL,
        help=f"what to write (default: {SAVED_MODEL}, which holds {LITERT_FILE} too)",
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status: 0, or 2 if the export cannot be made."""
    make_output_safe()
    options = parse_arguments(arguments)
    # TensorFlow imports Keras, which nothing here uses: without it, it starts in half the time.
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    return run_command(lambda: _export(options))


def _export(options: argparse.Namespace) -> int:
    import_tensorflow()
    if options.format == ONNX:
        from nn.export.onnx import export_onnx

        folder = export_onnx(options.model, options.folder)
        names = ", ".join(sorted(path.name for path in folder.iterdir()))
        print(f"Exported: {folder}/   with {names}")
        return 0
    from nn.export.renew import renew  # late, so that --help answers at once

    version = renew(options.model, options.folder)
    command = ["python", "load_saved_model.py", "samples/", "--model", str(version)]
    print(f"Exported: {version}/   To read digits with it:")
    print(f"    {shlex.join(command)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
