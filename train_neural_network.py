#!/usr/bin/env python3
"""Trains a handwritten-digit recognizer and exports it as a SavedModel."""

import argparse
import logging
import os
import shlex
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from nn.errors import UserError
from nn.startup import import_tensorflow, make_output_safe

log = logging.getLogger("nn.script")

EPILOG = """\
examples:
  python train_neural_network.py                      the default network
  python train_neural_network.py --network dense      --list-networks shows all
  python train_neural_network.py --resume runs/NAME   go on with a stopped run
  tensorboard --logdir runs                           see the curves, the graph

exit status: 0 done, 2 wrong usage or unusable data, 130 Ctrl-C, 143 SIGTERM
(a training that is stopped by either writes a checkpoint first)
"""
DEFAULT_NETWORK = "basic_cnn"
DEFAULT_TARGET = Path("SavedModel")
# A run that is resumed has its own.
SETTINGS = ("network", "data", "epochs", "batch_size", "learning_rate", "validation_split", "seed",
            "run_dir")  # fmt: skip


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line; a wrong one ends the process with 2."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--network", metavar="NAME", help=f"which network (default: {DEFAULT_NETWORK})")
    add("--list-networks", action="store_true", help="list the networks and their defaults")
    add(
        "--data",
        metavar="DATA",
        help="mnist: the CSV files in MNIST/, downloaded where missing; bundled: the small "
        "digits that come with scikit-learn; a folder with the four CSV files; auto: mnist, "
        "or bundled where it cannot be had (default: auto)",
    )
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
        help="Adam's, at the start; it falls to 0 (default: the network's)",
    )
    add(
        "--validation-split",
        type=_share,
        metavar="F",
        help="share of the training digits kept for validation; 0 trains on all (default: 0.2)",
    )
    add(
        "--seed",
        type=_seed,
        metavar="N",
        help="equal seeds give equal weights on one machine (default: 0)",
    )
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
    options = parser.parse_args(arguments)
    given = [name for name in SETTINGS if getattr(options, name) is not None]
    if options.resume and given:
        parser.error(
            f"--resume takes its settings from {options.resume / 'config.json'}; "
            f"drop --{given[0].replace('_', '-')}"
        )
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    make_output_safe()
    options = parse_arguments(arguments)
    log_to_standard_output(options.quiet)
    try:
        import_tensorflow()
        if options.list_networks:
            list_networks()
            return 0
        return run(options)
    except KeyboardInterrupt:
        print("Stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (UserError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def list_networks() -> None:
    """Prints each network's name, size, layers and defaults."""
    from nn.networks import NETWORKS

    for network in NETWORKS.values():
        print(f"{network.name}: {network.summary}")
        print(
            f"    {network.parameters:,} parameters; {network.epochs} epochs, "
            f"batch size {network.batch_size}, learning rate {network.learning_rate:g}"
        )


def run(options: argparse.Namespace) -> int:
    """Loads the data, trains, scores, plots and exports; returns the exit status."""
    from nn import plots, saved_model
    from nn.card import model_card
    from nn.data import split
    from nn.graph import build_serving_graph
    from nn.networks import get_network
    from nn.signals import Interrupted, catch_signals
    from nn.training import train

    settings, source, folder, target = (_resume if options.resume else _start)(options)
    network = get_network(settings.network)
    training, validation = split(source.training, settings.validation_split, settings.seed)
    log.info(f"Training {network.name}, {network.parameters:,} parameters")
    log.info(f"{len(training):,} training and {len(validation):,} validation digits: {source.name}")
    try:
        with catch_signals() as stop:
            result = train(
                settings, training, validation, source.test, folder, stop=stop, quiet=options.quiet
            )
    except Interrupted as signal:
        print(f"Stopped by {signal}; a checkpoint is written. To go on:", file=sys.stderr)
        command = ["python", "train_neural_network.py", "--resume", str(folder.path)]
        print(f"    {shlex.join(command)}", file=sys.stderr)
        return 128 + signal.signum
    plots.training_history(
        result.history, f"{network.name}, {settings.epochs} epochs", folder.history_plot
    )
    plots.confusion_matrix(
        result.test.confusion,
        f"{network.name}: {result.test.errors:,} of {result.test.count:,} test digits wrong",
        folder.confusion_plot,
    )
    version = saved_model.export(
        *build_serving_graph(network),
        folder.checkpoint_files()[-1],
        target / saved_model.BUNDLED if source.bundled else target,
        model_card(settings, source.describe(), result),
    )
    print(
        f"Test accuracy {result.test.accuracy:.2%} ({result.test.errors:,} of "
        f"{result.test.count:,} wrong, {source.name}), loss {result.test.loss:.4f}; "
        f"trained in {result.seconds:.0f} s"
    )
    print(f"Plots and checkpoints: {folder.path}/")
    print(f"Exported: {version}/   Try it: python load_saved_model.py samples/ --model {version}")
    return 0


def _start(options: argparse.Namespace):
    from nn import sources
    from nn.checkpoints import RunFolder
    from nn.networks import get_network
    from nn.training import Settings

    network = get_network(options.network or DEFAULT_NETWORK)
    source = sources.load(options.data or "auto", options.quiet)
    settings = Settings.of(
        network,
        bundled=source.bundled,
        epochs=options.epochs,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        validation_split=options.validation_split,
        seed=options.seed,
    )
    time = datetime.now().strftime("%Y%m%d-%H%M%S")
    folder = RunFolder(options.run_dir or Path("runs", f"{network.name}-{time}"))
    target = _check_target(options.saved_model or DEFAULT_TARGET)
    folder.create(
        {
            "settings": vars(settings),
            "load": source.option,
            "data": source.describe(),
            "saved_model": str(target.resolve()),
        }
    )
    return settings, source, folder, target


def _resume(options: argparse.Namespace):
    from nn import sources
    from nn.checkpoints import RunFolder
    from nn.training import Settings

    folder = RunFolder(options.resume)
    config = folder.read_config()
    try:
        settings = Settings(**config["settings"])
        option, data = config["load"], config["data"]
        target = _check_target(options.saved_model or Path(config["saved_model"]))
    except (KeyError, TypeError) as error:
        raise UserError(f"{folder.config_file}: not the config of a run ({error})") from None
    source = sources.load(option, options.quiet)
    if source.describe() != data:
        raise UserError(f"{source.name}: these are not the digits that the run was started with")
    return settings, source, folder, target


def _check_target(folder: Path) -> Path:
    """The folder to export to. Raises UserError, before hours of training, if it is a file."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: expected a folder to export to, found a file")
    return folder


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


def _positive(kind: type):
    def parse(text: str):
        value = kind(text)
        if not 0 < value < float("inf"):
            raise ValueError(text)
        return value

    parse.__name__ = f"positive {kind.__name__}"  # argparse's message names it
    return parse


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"expected 0 up to, but not including, 1, found {text}")
    return value


def _seed(text: str) -> int:
    value = int(text)
    if not 0 <= value < 2**31:
        raise argparse.ArgumentTypeError(f"expected 0 to {2**31 - 1}, found {text}")
    return value


if __name__ == "__main__":
    sys.exit(main())
