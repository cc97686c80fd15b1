"""The options of the server."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from apps.listening import port_number
from nn.prediction.command_line import error_rate

DESCRIPTION = "Reads handwritten digits over HTTP, with LiteRT: no TensorFlow is needed."
EPILOG = """\
examples:
  python -m apps.serve
  curl -F file=@samples/3_pen.webp http://127.0.0.1:8501/read
  curl -F a=@samples/3_pen.webp -F b=@samples/7_pencil.jpg \\
      http://127.0.0.1:8501/read
  curl -F file=@samples/numbers/02134_pen.png \\
      'http://127.0.0.1:8501/read?number=true'
  curl http://127.0.0.1:8501/v1/models/digits    the status of the model
  curl http://127.0.0.1:8501/metrics             counts for Prometheus

It answers TensorFlow Serving's REST API too: docs/serving.md has the addresses,
the answers and the limits. SIGTERM and Ctrl-C stop it once it has answered the
requests that have arrived; those that take longer than 30 s get status 503.

exit status: 0 stopped by SIGTERM; 2 wrong usage, no model, or the address is
taken; 130 Ctrl-C
"""
# TensorFlow Serving's port for REST.
DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8501
DEFAULT_MAX_UPLOAD_MB = 10.0  # the photo of a phone has up to 8


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line. Wrong usage ends the process with exit status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m apps.serve",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--host",
        default=DEFAULT_HOST,
        help="the address to listen on. Whoever reaches it can use the server: there is no "
        "authentication (default: %(default)s, which only this machine reaches)",
    )
    add(
        "--port",
        type=port_number,
        default=DEFAULT_PORT,
        help="the port; 0 takes a free one, which the server prints (default: %(default)s)",
    )
    add(
        "--model",
        type=Path,
        metavar="DIR",
        help="a version of a model, or a folder of versions: the highest is used (default: "
        "SavedModel in the current folder, or else beside the scripts)",
    )
    add(
        "--max-error",
        type=error_rate,
        metavar="RATE",
        help="how many of the sure answers of /read may be wrong, as 0.1%% or 0.001. The lower "
        "the rate, the more answers have the status unsure (default: 0.1%%, or the lowest rate "
        "that the model has a threshold for)",
    )
    add(
        "--max-upload-mb",
        type=_megabytes,
        default=DEFAULT_MAX_UPLOAD_MB,
        metavar="MB",
        help="refuse a request with a larger body. Up to 8 of this size are held in memory "
        "(default: %(default)g)",
    )
    return parser.parse_args(arguments)


def _megabytes(text: str) -> float:
    try:
        size = float(text)
    except ValueError:
        size = 0.0
    if not 0 < size <= 1000:
        raise argparse.ArgumentTypeError(f"expected megabytes, up to 1000, found {text}")
    return size
