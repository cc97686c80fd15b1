#!/usr/bin/env python3
"""Trains a handwritten-digit recognizer and exports it as a SavedModel."""

if __name__ == "__main__":  # before the other imports, which take a tenth of a second
    from nn.runtime.early_stop import end_at_ctrl_c

    end_at_ctrl_c()

import argparse
import logging
import os
import shlex
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nn.errors import UserError
from nn.runs.command_line import DEFAULT_NETWORK, parse_arguments
from nn.runtime.cluster import VARIABLE, Cluster
from nn.runtime.printable import printable
from nn.runtime.startup import import_tensorflow, make_output_safe, run_command

if TYPE_CHECKING:  # what imports TensorFlow is imported late, so that --help answers at once
    from nn.networks.registry import Network
    from nn.runs.own_hand import OwnHand
    from nn.runs.run import Run
    from nn.training.datasets import Source
    from nn.training.evaluation import Result
    from nn.training.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    make_output_safe()
    options = parse_arguments(arguments)
    log_to_standard_output(options.quiet)
    # TensorFlow imports Keras, which nothing here uses: without it, it starts in half the time.
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    return run_command(lambda: _run_options(options))


def _run_options(options: argparse.Namespace) -> int:
    """Does what the options ask for; returns the exit status."""
    import_tensorflow()
    if options.list_networks:
        list_networks()
        return 0
    command = (
        learn if _learns_own_digits(options)
        else train_helper if _trains_helper(options)
        else compare if _compares(options)
        else run
    )  # fmt: skip
    if command is not run and Cluster.of():
        raise UserError(
            f"{VARIABLE}: several workers train a single network that reads digits; unset it for "
            "--compare, for --start-from and for the networks that help others"
        )
    return command(options)


def _compares(options: argparse.Namespace) -> bool:
    """Whether several networks are to be compared, or a comparison is to be resumed."""
    from nn.training.run_folder import is_comparison

    return bool(options.compare or (options.resume and is_comparison(options.resume)))


def _learns_own_digits(options: argparse.Namespace) -> bool:
    """Whether an exported model is to learn one's own digits, or such a training is to be
    resumed."""
    from nn.training.run_folder import is_own_hand

    return bool(options.start_from or (options.resume and is_own_hand(options.resume)))


def _trains_helper(options: argparse.Namespace) -> bool:
    """Whether a finder of ink or a reader of rows is to be trained, or its training to be
    resumed."""
    from nn.networks.registry import Task, get_network
    from nn.training.run_folder import is_helper

    if options.network and get_network(options.network).task is not Task.READ_DIGITS:
        return True
    return bool(options.resume and is_helper(options.resume))


def list_networks() -> None:
    """Prints each network's name, size, layers and defaults."""
    from nn.networks.registry import NETWORKS

    for network in NETWORKS.values():
        recipe = network.recipe
        epochs = "1 epoch" if recipe.epochs == 1 else f"{recipe.epochs} epochs"
        print(
            f"{network.name}: {network.parameters:,} parameters; {epochs}, "
            f"batch {recipe.batch_size}, rate {recipe.learning_rate:g}"
            + (", augmented" if recipe.augment else "")
            + (f", {recipe.pictures:,} composed pictures" if recipe.pictures else "")
        )
        print(textwrap.fill(network.summary, 80, initial_indent="    ", subsequent_indent="    "))


def run(options: argparse.Namespace) -> int:
    """Trains, scores, plots and exports one network; returns the exit status."""
    training = _resumed_run(options) if options.resume else _new_run(options)
    folder = training.folder.path
    with nullcontext() if training.follows else working_in(folder):  # the chief writes the folder
        if version := training.exported():
            _print_finished(folder, version)
            return 0
        if training.cluster and training.follows:
            return follow(training, training.cluster, options.quiet)
        return _finish(training, options.quiet)


def _finish(training: "Run", quiet: bool) -> int:
    """Trains, scores, plots and exports a run, from where it was stopped."""
    from nn.runtime.file_locks import alone_in
    from nn.runtime.signals import catch_signals

    with ExitStack() as stack:
        with catch_signals() as stop:
            result = training.finish(stop=stop, quiet=quiet)
            if training.refit:
                training = training.second(result)
                stack.enter_context(alone_in(training.folder.path))
                result = training.finish(stop=stop, quiet=quiet)
        version = training.export(result)
    _print_scores(result, training.source.name)
    print(printable(f"Plots and checkpoints: {training.folder.path}/"))
    _print_export(version)
    return 0


def follow(training: "Run", cluster: Cluster, quiet: bool) -> int:
    """Trains as a worker that is not the chief; returns the exit status."""
    from nn.runtime.signals import Interrupted, catch_signals

    try:
        with catch_signals() as stop:
            training.follow(cluster, stop=stop, quiet=quiet)
    except Interrupted as signal:
        print(f"Stopped by {signal}; {cluster.named(0)} keeps what was trained", file=sys.stderr)
        return 128 + signal.signum
    print(f"Trained; {cluster.named(0)} scores and exports the network")
    return 0


def _print_finished(folder: Path, version: Path) -> None:
    print(printable(f"This run is finished: {folder}/"))
    _print_export(version)


def _print_export(version: Path) -> None:
    print(printable(f"Exported: {version}/   To read digits with it:"))
    print(printable(f"    {reading_command(version)}"))


def reading_command(version: Path) -> str:
    """The command that reads with a version, as the user would type it where this script runs."""
    if _is_installed():
        command = ["digits-read", "my_digits/"]
    else:
        folder = _folder_of_scripts()
        command = ["python", str(folder / "load_saved_model.py"), f"{folder / 'samples'}/"]
    return shlex.join([*command, "--model", str(version)])


def resuming_command(folder: Path) -> str:
    """The command that goes on with a run, as the user would type it where this script runs."""
    script = _folder_of_scripts() / Path(__file__).name
    command = ["digits-train"] if _is_installed() else ["python", str(script)]
    return shlex.join([*command, "--resume", str(folder)])


def _is_installed() -> bool:
    """Whether this is the command that `pip install` makes."""
    return Path(sys.argv[0]).stem == "digits-train"


def _folder_of_scripts() -> Path:
    script = Path(sys.argv[0])
    return script.parent if script.name == Path(__file__).name else Path()


def _new_run(options: argparse.Namespace) -> "Run":
    from nn.networks.registry import get_network
    from nn.runs import export_folders
    from nn.runs.run import Run
    from nn.training.run_folder import RunFolder

    network = get_network(options.network or DEFAULT_NETWORK, options.hidden or ())
    source, (settings,) = plan(options, [network], [options.seed])
    folder = RunFolder(options.run_dir or default_folder(network.name))
    target = options.saved_model or export_folders.usual(source.option)
    new = Run(
        settings, source, folder, target, bool(options.refit), bool(options.quantize),
        cluster=Cluster.of(),
    )  # fmt: skip
    if new.follows:
        new.check()
    else:
        new.create()
    return new


def _resumed_run(options: argparse.Namespace) -> "Run":
    from nn.runs.run import reopen
    from nn.training.run_folder import RunFolder

    return reopen(
        RunFolder(options.resume), options.saved_model, cluster=Cluster.of(), quiet=options.quiet
    )


def _print_scores(result: "Result", source: str) -> None:
    from nn.confidence.thresholds import choose, percent

    test = result.test
    print(
        f"Test accuracy {test.accuracy:.2%} ({test.errors:,} of {test.count:,} wrong, {source}); "
        f"trained in {result.seconds:.0f} s"
    )
    if result.calibration.fitted_to:
        print(f"Test loss {test.loss:.4f} after calibration; the epochs' losses are before it")
    if threshold := choose(result.calibration.thresholds, None):
        answered, wrong = test.answered(threshold)
        print(
            f"Sure of {answered:,} of the test digits, {wrong:,} of these wrong "
            f"(load_saved_model.py --max-error {percent(threshold.max_error)})"
        )


def compare(options: argparse.Namespace) -> int:
    """Trains several networks with several seeds, prints a table; returns the exit status."""
    from nn.networks.registry import get_network, readers
    from nn.runs import export_folders
    from nn.runs.comparison import Comparison
    from nn.runs.outcomes import table
    from nn.runtime.signals import catch_signals

    if options.resume:
        comparison = Comparison.reopen(options.resume, options.saved_model, quiet=options.quiet)
    else:
        names = readers() if options.compare == ["all"] else list(dict.fromkeys(options.compare))
        networks = [get_network(name, options.hidden or ()) for name in names]
        first = options.seed or 0
        source, settings = plan(options, networks, range(first, first + (options.seeds or 1)))
        folder = options.run_dir or default_folder("compare")
        target = options.saved_model or export_folders.usual(source.option)
        comparison = Comparison.create(folder, settings, source, target)
    for name in ("nn.training", "nn.runs.run"):  # of each run, one line is enough
        logging.getLogger(name).setLevel(logging.WARNING)
    with working_in(comparison.folder), catch_signals() as stop:
        outcomes = comparison.finish(stop=stop, quiet=options.quiet)
    print(table(outcomes))
    print(f"Mean ± standard deviation; chart and runs: {comparison.folder}/")
    print("Nothing is exported; to export a run: --resume and its folder")
    if missing := len(comparison.runs) - len(outcomes):
        raise UserError(f"{missing} of {len(comparison.runs)} runs did not finish; see above")
    return 0


def train_helper(options: argparse.Namespace) -> int:
    """Trains a finder of ink or a reader of rows, and writes its weights; returns the exit
    status."""
    from nn.networks.fixed_weights import load_weights, weights_file, weights_sha256
    from nn.networks.registry import get_network
    from nn.runs import helper_run
    from nn.runtime.signals import catch_signals
    from nn.training.run_folder import RunFolder

    if options.resume:
        if options.saved_model:
            raise UserError(f"{options.resume}: its weights are not exported; drop --saved-model")
        training = helper_run.reopen(RunFolder(options.resume), quiet=options.quiet)
    else:
        network = get_network(options.network)
        source, (settings,) = plan(options, [network], [options.seed])
        folder = RunFolder(options.run_dir or default_folder(network.name))
        pictures = options.pictures or network.recipe.pictures
        training = helper_run.HelperRun(settings, source, folder, pictures)
        training.create()
    with working_in(training.folder.path), catch_signals() as stop:
        result = training.finish(stop=stop, quiet=options.quiet)
    print(f"{result.test}; trained in {result.seconds:.0f} s")
    file = training.weights_file
    print(printable(f"Weights: {file}   SHA-256 {weights_sha256(load_weights(file))}"))
    print(printable(f"Plots and checkpoints: {training.folder.path}/"))
    print("Every export takes the weights that lie in nn/networks/. To put these there:")
    place = weights_file(training.network.name)
    print(printable(f"    {shlex.join(['cp', str(file), str(place)])}"))
    return 0


def learn(options: argparse.Namespace) -> int:
    """Lets an exported model learn one's own digits; exports the result if it is better. Returns
    the exit status: 1 if it is not."""
    from nn.runs import own_hand

    if options.resume:
        training = own_hand.reopen(options.resume, options.saved_model, quiet=options.quiet)
    else:
        training = _new_own_hand(options)
        if training.has_nothing_to_learn():
            count = len(training.own)
            print(
                f"Nothing to learn: the model already reads all {count:,} of your digits right, "
                "and is sure of them"
            )
            return 1
        training.create()
    logging.getLogger("nn.training.trainer").setLevel(logging.WARNING)  # of each part, one line
    with working_in(training.folder.path):
        if version := training.exported():
            _print_finished(training.folder.path, version)
            return 0
        return _finish_learning(training, options.quiet)


def _finish_learning(training: "OwnHand", quiet: bool) -> int:
    """Trains, judges and exports a training on own digits, from where it was stopped."""
    from nn.runtime.signals import catch_signals

    with catch_signals() as stop:
        learned = training.finish(stop=stop, quiet=quiet)
    print(*learned.verdict.lines(training.source.name), sep="\n")
    print(printable(f"Plots and checkpoints: {training.folder.path}/"))
    if objection := learned.verdict.objection:
        print(f"Nothing is exported: {objection}")
        return 1
    _print_scores(learned.result, training.source.name)
    _print_export(training.export(learned))
    return 0


def _new_own_hand(options: argparse.Namespace) -> "OwnHand":
    """The training that the options ask for; its folder is not yet made."""
    from nn.data.told import Told
    from nn.runs import export_folders
    from nn.runs.own_hand import OwnHand
    from nn.runs.start_model import Start
    from nn.training import datasets, own_digits
    from nn.training.run_folder import RunFolder

    start = Start.of(options.start_from)
    data = Path(options.data)
    own = own_digits.read(data, options.labels, start.version, Told.of(options))
    source = datasets.load("auto", options.quiet)
    names = ("epochs", "batch_size", "learning_rate", "augment", "precision", "seed", "dropout",
             "weight_decay", "warmup", "l2", "optimizer")  # fmt: skip
    settings = start.settings(source, _given(options, names))
    folder = RunFolder(options.run_dir or default_folder(f"{start.network.name}-own"))
    target = options.saved_model or export_folders.usual(str(data.resolve()))
    name = data.resolve().name
    return OwnHand(settings, own, name, source, start, folder, target)


def plan(
    options: argparse.Namespace, networks: "Sequence[Network]", seeds: Sequence[int | None]
) -> "tuple[Source, list[Settings]]":
    """The digits, and the settings of a run of each network with each seed, seed by seed."""
    from nn.data.told import Told
    from nn.training import datasets
    from nn.training.settings import Settings

    if options.dropout is not None:
        for network in networks:  # here, before any digits are downloaded
            network.check_dropout()
    source = datasets.load(options.data or "auto", options.quiet, Told.of(options))
    # The network brings its name and its hidden sizes; `seeds` has the seeds.
    names = {field.name for field in fields(Settings)} - {"network", "hidden", "seed"}
    given = _given(options, names)
    settings = [
        Settings.of(network, bundled=source.bundled, seed=seed, **given)
        for seed in seeds
        for network in networks
    ]
    return source, settings


def _given(options: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    """The options that set the settings of these names; None for the usual value."""
    given = {name: value for name, value in vars(options).items() if name in names}
    if given["precision"] == "auto":
        given["precision"] = None
    return given


def default_folder(name: str) -> Path:
    """The folder of a run that is started without --run-dir."""
    return Path("runs", f"{name}-{datetime.now():%Y%m%d-%H%M%S}")


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Keeps other processes out of the folder of a run or a comparison while the block works in it.
    If a signal ends the block, ends the process with 128 + the signal's number, and says how to go
    on."""
    from nn.runtime.file_locks import alone_in
    from nn.runtime.signals import Interrupted

    try:
        with alone_in(folder):
            yield
    except Interrupted as signal:
        print(f"Stopped by {signal}; what was trained is kept. To go on:", file=sys.stderr)
        status = 128 + signal.signum
    except KeyboardInterrupt:  # during the export, or a second one
        print("Stopped; what the newest checkpoint holds is kept. To go on:", file=sys.stderr)
        status = 130
    else:
        return
    print(printable(f"    {resuming_command(folder)}"), file=sys.stderr)
    sys.exit(status)


class _PrintableFormatter(logging.Formatter):
    """Shows a message in one line that a terminal does not obey, whatever a file's name holds."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


def log_to_standard_output(quiet: bool) -> None:
    """Shows what nn logs: progress on standard output, warnings on standard error."""
    progress = logging.StreamHandler(sys.stdout)
    progress.addFilter(lambda record: record.levelno < logging.WARNING)
    warnings = logging.StreamHandler(sys.stderr)
    warnings.setLevel(logging.WARNING)
    for handler in (progress, warnings):
        handler.setFormatter(_PrintableFormatter())
    logging.raiseExceptions = False  # a closed pipe ends the printing, not the training
    logger = logging.getLogger("nn")
    logger.handlers = [progress, warnings]
    logger.setLevel(logging.WARNING if quiet else logging.INFO)


if __name__ == "__main__":
    sys.exit(main())
