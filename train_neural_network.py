#!/usr/bin/env python3
"""Trains a handwritten-digit recognizer and exports it as a SavedModel."""

import argparse
import logging
import os
import shlex
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nn.data.digits import SEED_LIMIT
from nn.errors import UserError
from nn.runtime.startup import import_tensorflow, make_output_safe

if TYPE_CHECKING:  # all that imports TensorFlow is imported late: --help is to be quick
    from nn.networks.registry import Network
    from nn.training.datasets import Source
    from nn.training.settings import Settings


EPILOG = """\
examples:
  python train_neural_network.py                      the default network
  python train_neural_network.py --network dense      --list-networks shows all
  python train_neural_network.py --network dense --hidden 512 256
  python train_neural_network.py --compare all --seeds 3
  python train_neural_network.py --resume runs/NAME   go on with a stopped run
  tensorboard --logdir runs                           see the curves, the graph

exit status: 0 done, 2 wrong usage, unusable data or a loss that diverges,
130 Ctrl-C, 143 SIGTERM
(a training that is stopped by either writes a checkpoint first)
"""
DEFAULT_NETWORK = "compact"
DEFAULT_TARGET = Path("SavedModel")
# A run that is resumed has its own.
SETTINGS = ("network", "compare", "hidden", "data", "epochs", "batch_size", "learning_rate",
            "validation_split", "refit", "augment", "extras", "precision", "seed",
            "seeds", "run_dir")  # fmt: skip


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line; a wrong one ends the process with 2."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    _add_networks(parser.add_argument_group("what to train").add_argument)
    _add_training(parser.add_argument_group("how to train it").add_argument)
    _add_folders(parser.add_argument_group("where it goes").add_argument)
    options = parser.parse_args(arguments)
    if problem := _contradiction(options):
        parser.error(problem)
    return options


def _add_networks(add: Callable) -> None:
    add("--network", metavar="NAME", help=f"which network (default: {DEFAULT_NETWORK})")
    add("--list-networks", action="store_true", help="list the networks and their defaults")
    add(
        "--hidden",
        type=_layer_size,
        nargs="+",
        metavar="N",
        help="sizes of a dense network's hidden layers, as many as it has (default: its own)",
    )
    add(
        "--compare",
        nargs="+",
        metavar="NAME",
        help="train several networks under one protocol, or all; prints a table, draws a chart",
    )
    add(
        "--seeds",
        type=_positive(int),
        metavar="N",
        help="train each of the --compare networks with N seeds, from --seed on (default: 1)",
    )
    add(
        "--data",
        metavar="DATA",
        help="mnist: the CSV files in MNIST/, downloaded where missing; bundled: the small "
        "digits that come with scikit-learn; a folder with the four CSV files; auto: mnist, "
        "or bundled where it cannot be had (default: auto)",
    )


def _add_training(add: Callable) -> None:
    add(
        "--epochs",
        type=_positive(int),
        metavar="N",
        help="times through the training digits (default: the network's; ten times that on "
        "the few bundled digits)",
    )
    add(
        "--batch-size",
        type=_positive(int),
        metavar="N",
        help="digits a step (default: the network's)",
    )
    add(
        "--learning-rate",
        type=_positive(float),
        metavar="X",
        help="Adam's highest; it falls to 0 at the end (default: the network's)",
    )
    add(
        "--validation-split",
        type=_share,
        metavar="F",
        help="share of the training digits kept for validation; 0 trains on all (default: 0.2)",
    )
    add(
        "--refit",
        action="store_true",
        default=None,
        help="then train once more, on all training digits, and export that one, with the "
        "calibration of the first, which held digits out to fit it to",
    )
    add(
        "--augment",
        action=argparse.BooleanOptionalAction,
        help="distort each digit a little, another way each time it is seen (default: the "
        "network's)",
    )
    add(
        "--extras",
        type=_share,
        metavar="F",
        help="train with more pictures, F times as many as the digits: zeros with a slash, sevens "
        "with a bar, ones with a foot; letters and scribbles, to be unsure of (default: the "
        "network's)",
    )
    add(
        "--precision",
        choices=("auto", "float32", "bfloat16"),
        help="that matrix products and convolutions are trained with; auto: bfloat16 for networks "
        "which that trains faster, on CPUs that have it, else float32 (default: auto)",
    )
    add(
        "--seed",
        type=_seed,
        metavar="N",
        help="equal seeds give equal weights on one machine (default: 0)",
    )


def _add_folders(add: Callable) -> None:
    add(
        "--run-dir",
        type=Path,
        metavar="DIR",
        help="checkpoints, history, plots (default: runs/NETWORK-TIME)",
    )
    add("--resume", type=Path, metavar="RUN_DIR", help="continue that run, with its settings")
    add(
        "--saved-model",
        type=Path,
        metavar="DIR",
        help=f"where the next version is exported (default: {DEFAULT_TARGET})",
    )
    add("--quiet", action="store_true", help="say only the result, warnings and errors")


def _contradiction(options: argparse.Namespace) -> str | None:
    """What is wrong with options that are each right, if anything."""
    given = [name for name in SETTINGS if getattr(options, name) is not None]
    networks = options.compare or []
    first, seeds = options.seed or 0, options.seeds or 1
    if options.resume and given:
        return (
            f"--resume takes its settings from what {options.resume} was started with; "
            f"drop --{_option(options, given[0])}"
        )
    if networks and options.network:
        return "--compare names the networks itself; drop --network"
    if "all" in networks and len(networks) > 1:
        return "--compare all is every network there is; drop the other names"
    if "all" in networks and options.hidden:
        return (
            "--hidden fits no network but those with as many hidden layers; "
            "name these after --compare, in place of all"
        )
    if options.refit and networks:
        return "--refit is for a single run; drop --compare"
    if options.seeds and not networks:
        return "--seeds is for --compare; a single run takes --seed"
    if first + seeds > SEED_LIMIT:
        return f"--seeds {seeds}, from {first} on: they end at {SEED_LIMIT - 1}"
    return None


def _option(options: argparse.Namespace, name: str) -> str:
    return ("no-" if getattr(options, name) is False else "") + name.replace("_", "-")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    make_output_safe()
    options = parse_arguments(arguments)
    log_to_standard_output(options.quiet)
    # TensorFlow imports Keras, which nothing here uses: without it, it starts in half the time.
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    try:
        import_tensorflow()
        if options.list_networks:
            list_networks()
            return 0
        return compare(options) if _compares(options) else run(options)
    except KeyboardInterrupt:
        print("Stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (UserError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _compares(options: argparse.Namespace) -> bool:
    """Whether several networks are asked for, or a comparison is to be resumed."""
    from nn.runs.comparison import is_comparison

    return bool(options.compare or (options.resume and is_comparison(options.resume)))


def list_networks() -> None:
    """Prints each network's name, size, layers and defaults."""
    from nn.networks.registry import NETWORKS

    for network in NETWORKS.values():
        recipe = network.recipe
        print(
            f"{network.name}: {network.parameters:,} parameters; {_epochs(recipe.epochs)}, "
            f"batch {recipe.batch_size}, rate {recipe.learning_rate:g}"
            + (", augmented" if recipe.augment else "")
        )
        print(textwrap.fill(network.summary, 80, initial_indent="    ", subsequent_indent="    "))


def run(options: argparse.Namespace) -> int:
    """Trains, scores, plots and exports one network; returns the exit status."""
    from nn.confidence.thresholds import choose, percent
    from nn.networks.registry import get_network
    from nn.runs.run import Run, reopen
    from nn.training.run_folder import RunFolder

    if options.resume:
        training = reopen(RunFolder(options.resume), options.saved_model, quiet=options.quiet)
    else:
        network = get_network(options.network or DEFAULT_NETWORK, options.hidden or ())
        source, settings = plan(options, [network], [options.seed])
        folder = RunFolder(options.run_dir or default_folder(network.name))
        target = options.saved_model or DEFAULT_TARGET
        training = Run(settings[0], source, folder, target, bool(options.refit))
        training.create()
    with stoppable(training.folder.path) as stop:
        result = training.finish(stop=stop, quiet=options.quiet)
        if training.refit:
            training = training.second(result)
            result = training.finish(stop=stop, quiet=options.quiet)
    version = training.export(result)
    print(
        f"Test accuracy {result.test.accuracy:.2%} ({result.test.errors:,} of "
        f"{result.test.count:,} wrong, {training.source.name}), loss {result.test.loss:.4f}; "
        f"trained in {result.seconds:.0f} s"
    )
    if threshold := choose(result.calibration.thresholds, None):
        answered, wrong = result.test.answered(threshold)
        print(
            f"Sure of {answered:,} of them, of these {wrong:,} wrong "
            f"(load_saved_model.py --max-error {percent(threshold.max_error)})"
        )
    print(f"Plots and checkpoints: {training.folder.path}/")
    print(f"Exported: {version}/   Try it: python load_saved_model.py samples/ --model {version}")
    return 0


def compare(options: argparse.Namespace) -> int:
    """Trains several networks with several seeds, prints a table; returns the exit status."""
    from nn.networks.registry import NETWORKS, get_network
    from nn.runs.comparison import Comparison, table

    if options.resume:
        comparison = Comparison.reopen(options.resume, options.saved_model, quiet=options.quiet)
    else:
        names = NETWORKS if options.compare == ["all"] else dict.fromkeys(options.compare)
        networks = [get_network(name, options.hidden or ()) for name in names]
        first = options.seed or 0
        source, settings = plan(options, networks, range(first, first + (options.seeds or 1)))
        comparison = Comparison.create(
            options.run_dir or default_folder("compare"),
            settings,
            source,
            options.saved_model or DEFAULT_TARGET,
        )
    for name in (
        "nn.training.train",
        "nn.training.epochs",
        "nn.runs.run",
    ):  # a line a run is enough
        logging.getLogger(name).setLevel(logging.WARNING)
    with stoppable(comparison.folder) as stop:
        outcomes = comparison.finish(stop=stop, quiet=options.quiet)
    print(table(outcomes))
    print(f"Mean ± standard deviation; chart and runs: {comparison.folder}/")
    print("Nothing is exported; to export a run: --resume and its folder")
    if missing := len(comparison.runs) - len(outcomes):
        raise UserError(f"{missing} of {len(comparison.runs)} runs came to no end, as said above")
    return 0


def plan(
    options: argparse.Namespace, networks: "Sequence[Network]", seeds: Sequence[int | None]
) -> "tuple[Source, list[Settings]]":
    """The digits, and the settings of a run of each network with each seed, seed by seed."""
    from nn.training import datasets
    from nn.training.settings import Settings

    source = datasets.load(options.data or "auto", options.quiet)
    settings = [
        Settings.of(
            network,
            bundled=source.bundled,
            epochs=options.epochs,
            batch_size=options.batch_size,
            learning_rate=options.learning_rate,
            validation_split=options.validation_split,
            augment=options.augment,
            extras=options.extras,
            precision=None if options.precision == "auto" else options.precision,
            seed=seed,
        )
        for seed in seeds
        for network in networks
    ]
    return source, settings


def default_folder(name: str) -> Path:
    """Where a run's folder goes that no --run-dir names."""
    return Path("runs", f"{name}-{datetime.now():%Y%m%d-%H%M%S}")


@contextmanager
def stoppable(folder: Path) -> Iterator[Callable]:
    """Ends the process with 128 + the signal that stops the work within, and says how to go on."""
    from nn.runtime.signals import Interrupted, catch_signals

    try:
        with catch_signals() as stop:
            yield stop
    except Interrupted as signal:
        print(f"Stopped by {signal}; a checkpoint is written. To go on:", file=sys.stderr)
        command = ["python", "train_neural_network.py", "--resume", str(folder)]
        print(f"    {shlex.join(command)}", file=sys.stderr)
        sys.exit(128 + signal.signum)


def log_to_standard_output(quiet: bool) -> None:
    """Shows what nn logs: progress on standard output, warnings on standard error."""
    progress = logging.StreamHandler(sys.stdout)
    progress.addFilter(lambda record: record.levelno < logging.WARNING)
    warnings = logging.StreamHandler(sys.stderr)
    warnings.setLevel(logging.WARNING)
    logging.raiseExceptions = False  # a closed pipe ends the printing, not the training
    logger = logging.getLogger("nn")
    logger.handlers = [progress, warnings]
    logger.setLevel(logging.WARNING if quiet else logging.INFO)


def _epochs(count: int) -> str:
    return "1 epoch" if count == 1 else f"{count} epochs"


def _positive(kind: type):
    def parse(text: str):
        value = kind(text)
        if not 0 < value < float("inf"):
            raise ValueError(text)
        return value

    parse.__name__ = f"positive {kind.__name__}"  # argparse's message names it
    return parse


def _layer_size(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 100_000:
        raise argparse.ArgumentTypeError(f"expected 1 to 100,000 units, found {text}")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"expected 0 up to, but not including, 1, found {text}")
    return value


def _seed(text: str) -> int:
    value = int(text)
    if not 0 <= value < SEED_LIMIT:
        raise argparse.ArgumentTypeError(f"expected 0 to {SEED_LIMIT - 1}, found {text}")
    return value


if __name__ == "__main__":
    sys.exit(main())
