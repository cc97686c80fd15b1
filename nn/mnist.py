"""Gets MNIST, or digits in any format, and writes them as the four CSV files.

python -m nn.mnist               downloads MNIST and writes the four CSV files into MNIST/
python -m nn.mnist --from DATA   converts a file or a folder of digits instead, in any format that
                                 MNIST/README.md lists, such as MNIST's IDX files
"""

if __name__ == "__main__":  # before the other imports, which take a tenth of a second
    from nn.runtime.early_stop import end_at_ctrl_c

    end_at_ctrl_c()

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from nn.data.csv_files import CSV_NAMES
from nn.data.data_sets import read_set
from nn.data.download import IDX_FILES, MIRRORS, download, import_idx, write_csv_files
from nn.data.file_names import is_data_file
from nn.data.told import UNTOLD, Told, add_options
from nn.errors import DataError
from nn.runtime.startup import log_to_standard_error, make_output_safe, run_command


def _parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parses the command line. Wrong usage ends the process with exit status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m nn.mnist",
        description="Gets MNIST, or digits in any format, and writes them as the four CSV files "
        "that training reads.",
    )
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="DATA",
        help="convert a file or a folder of digits instead of downloading: IDX, CSV, .npz or "
        ".npy, gzipped or not; MNIST/README.md describes them",
    )
    add_options(parser.add_argument, "--from")
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
    options = parser.parse_args(arguments)
    if not options.source and Told.of(options) != UNTOLD:
        parser.error("--transposed and --inverted are about the images of --from")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line. Returns the exit status: 0; 2 if MNIST cannot be downloaded, read or
    written; 130 after Ctrl-C."""
    make_output_safe()
    options = _parse_arguments(arguments)
    return run_command(lambda: _fetch(options))


def _fetch(options: argparse.Namespace) -> int:
    is_untold = Told.of(options) == UNTOLD
    if options.source and is_untold and _has_mnists_files(options.source):
        for name in import_idx(options.source, options.folder, options.quiet):
            print(f"warning: imported {name}, but it is not MNIST's own file", file=sys.stderr)
    elif options.source:
        _convert(options)
    else:
        download(options.folder, options.mirror or MIRRORS, options.quiet)
    print(f"Wrote {', '.join(CSV_NAMES)} into {options.folder}/")
    return 0


def _has_mnists_files(source: Path) -> bool:
    """Whether a folder holds IDX files by MNIST's own names; so would a folder that is missing."""
    if not source.exists():
        return not is_data_file(source)
    names = {file.name for file in IDX_FILES} | {f"{file.name}.gz" for file in IDX_FILES}
    return source.is_dir() and any((source / name).exists() for name in names)


def _convert(options: argparse.Namespace) -> None:
    """Writes the digits of --from as the four files; logs to standard error how they are read."""
    log_to_standard_error(options.quiet)
    folder = options.source if options.source.is_dir() else options.source.parent
    if (
        any((folder / name).exists() for name in CSV_NAMES)
        and folder.resolve() == options.folder.resolve()
    ):
        raise DataError(
            f"--to {options.folder} holds the files that --from reads; name another folder"
        )
    told = Told.of(options)
    training, test = read_set(options.source, told)
    arrays = [training.images, training.labels, test.images, test.labels]
    write_csv_files(options.folder, arrays, options.quiet)


if __name__ == "__main__":
    sys.exit(main())
