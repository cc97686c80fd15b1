"""The options of tuning. Nothing here imports TensorFlow or Optuna: --help answers at once."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from nn.data.told import add_options
from nn.runs.argument_types import positive, seed
from nn.runs.command_line import DEFAULT_NETWORK

DESCRIPTION = """\
Searches the settings with which a network trains best. Each trial trains for
a few epochs with settings that Optuna proposes. The fewer validation digits it
then reads wrong, the better. A trial ends early if it is among the worst after
an epoch. Nothing looks at the test digits.
"""
EPILOG = """\
examples:
  python -m apps.tune dense                       30 trials, in some minutes
  python -m apps.tune compact --trials 60         goes on until there are 60
  python -m apps.tune dense --only learning_rate dropout
  python -m apps.tune dense --study postgresql+psycopg://me@host/tuning

Start the same command several times, in several terminals or, with a --study
that all reach, on several machines: they share the trials. Stop any of them
with Ctrl-C; the same command goes on later. If a process is killed, its trial
counts as failed after a minute, and another process runs one in its place.

exit status: 0 the study has its trials; 2 wrong usage, unusable data or study;
130 Ctrl-C, 143 SIGTERM
"""
DEFAULT_TRIALS = 30
SETTINGS = (
    "learning_rate", "batch_size", "warmup", "weight_decay", "dropout", "augment", "hidden",
)  # fmt: skip


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line. A wrong one ends the process with exit status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m apps.tune",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "network",
        nargs="?",
        default=DEFAULT_NETWORK,
        metavar="NETWORK",
        help="which network; python train_neural_network.py --list-networks lists them (default: "
        "%(default)s)",
    )
    add(
        "--trials",
        type=positive(int),
        default=DEFAULT_TRIALS,
        metavar="N",
        help="how many finished trials the study is to have, those of all processes and of earlier "
        "commands included (default: %(default)s)",
    )
    add(
        "--study",
        metavar="URL",
        help="where the trials are kept: an SQLite file, or the URL of a database as SQLAlchemy "
        "takes it, whose driver you install (default: study.db in --run-dir)",
    )
    add(
        "--only",
        nargs="+",
        choices=SETTINGS,
        metavar="SETTING",
        help=f"tune these settings alone, of {', '.join(SETTINGS)}; the others stay as they are "
        "in the network's recipe (default: all that the network has)",
    )
    add(
        "--epochs",
        type=positive(int),
        metavar="N",
        help="epochs of each trial. Few epochs show which settings are best in a short training: "
        "for a long one, lower learning rates and more dropout may be better (default: a third of "
        "the network's epochs, but at least 3, or all if it has fewer)",
    )
    add(
        "--data",
        default="auto",
        metavar="DATA",
        help="as for train_neural_network.py (default: auto)",
    )
    add_options(add, "--data")
    add(
        "--seed",
        type=seed,
        default=0,
        metavar="N",
        help="decides the initial weights of every trial, and which digits are for validation "
        "(default: %(default)s)",
    )
    add(
        "--run-dir",
        type=Path,
        metavar="DIR",
        help="folder for the charts, and for the study if --study names none (default: "
        "runs/tune-NETWORK)",
    )
    add("--quiet", action="store_true", help="print only the result, warnings and errors")
    return parser.parse_args(arguments)
