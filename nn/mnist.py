"""Gets MNIST and writes it as the four CSV files that training reads.

python -m nn.mnist              downloads MNIST and writes the four CSV files into MNIST/
python -m nn.mnist --from DIR   imports the IDX files in DIR (.gz or not) instead
"""

if __name__ == "__main__":  # before the other imports, which take a tenth of a second
    from nn.runtime.early_stop import end_at_ctrl_c

    end_at_ctrl_c()

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from nn.data.csv_files import CSV_NAMES
from nn.data.download import MIRRORS, download, import_idx
from nn.runtime.startup import make_output_safe, run_command


def _parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parses the command line. Wrong usage ends the process with exit status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m nn.mnist",
        description="Gets MNIST and writes it as the four CSV files that training reads.",
    )
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="DIR",
        help="import the IDX files in DIR (.gz or not) instead of downloading",
    )
    parser.add_argument(
        "--to",
        dest="folder",
        type=Path,
        metavar="DIR",
        default=Path("MNIST"),
        help="where the CSV files go (default: MNIST)",
    )
    parser.add_argument(
        "--mirror",
        action="append",
        metavar="URL",
        help="download from URL instead; repeat the option to name further mirrors",
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line. Returns the exit status: 0; 2 if MNIST cannot be downloaded, read or
    written; 130 after Ctrl-C."""
    make_output_safe()
    options = _parse_arguments(arguments)
    return run_command(lambda: _fetch(options))


def _fetch(options: argparse.Namespace) -> int:
    if options.source:
        for name in import_idx(options.source, options.folder, options.quiet):
            print(f"warning: imported {name}, but it is not MNIST's own file", file=sys.stderr)
    else:
        download(options.folder, options.mirror or MIRRORS, options.quiet)
    print(f"Wrote {', '.join(CSV_NAMES)} into {options.folder}/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
