"""A page to draw digits on: writes it and serves it."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from apps.draw.server import make_server
from apps.draw.site import write_site
from apps.listening import address_of, listen, port_number
from nn.prediction.command_line import error_rate
from nn.runtime.startup import make_output_safe, run_command
from nn.versions import default_folder

DESCRIPTION = """\
Serves a page to draw digits on, with mouse, finger or pen; it also reads
pictures that you paste, drop or take with the camera. The model runs in the
page itself, with LiteRT.js: nothing that you draw leaves your machine, and the
page goes on working after this program has ended.
"""
EPILOG = """\
examples:
  make draw                              http://127.0.0.1:8000
  make draw ARGS='--port 9000'
  make draw-site ARGS='--site public/'   the folder alone, for a static host

exit status: 0 the folder is written, or stopped by SIGTERM; 2 wrong usage, no
model, or the port is taken; 130 Ctrl-C
"""


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line. A wrong one ends the process with exit status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m apps.draw",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="the address to serve at (default: this machine alone)")
    add("--port", type=port_number, default=8000, help="the port; 0 takes any (default: 8000)")
    add("--model", type=Path, metavar="DIR",
        help="a version of a model, or a folder of versions: the highest is used (default: "
        "SavedModel)")  # fmt: skip
    add("--max-error", type=error_rate, metavar="RATE",
        help="how many of the sure answers may be wrong, as 0.1%% (default: 0.1%%)")  # fmt: skip
    add("--site", type=Path, metavar="DIR", help="write the page into a folder and serve nothing")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    make_output_safe()
    options = parse_arguments(arguments)
    return run_command(lambda: run(options))


def run(options: argparse.Namespace) -> int:
    """Writes the page, then serves it until a signal, unless only the folder is asked for."""
    model = options.model or default_folder()
    if options.site:
        version = write_site(options.site, model, options.max_error)
        print(f"Wrote the page with {version} to {options.site}/")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that the temporary folder goes
    if hasattr(signal, "SIGHUP"):  # the terminal is closed; Windows has none
        signal.signal(signal.SIGHUP, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory() as temporary, listen(options.host, options.port) as listener:
        folder = Path(temporary) / "site"
        version = write_site(folder, model, options.max_error)
        print(f"{version}: draw at {address_of(listener)}/   Ctrl-C stops", flush=True)
        with make_server(folder, listener) as server:
            server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
