"""Tuning, from its options to the command that trains with the best settings."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, Trial

from apps.tune.report import print_result, trial_lines
from apps.tune.space import Space, tunable
from apps.tune.study import clear_errors, finished, open_study, run_trials, shown, study_url
from apps.tune.trial import train_trial
from nn.data.digits import Digits, split
from nn.data.told import Told
from nn.errors import DivergedError, UserError
from nn.networks.registry import Network, Task, get_network, readers
from nn.runtime.printable import printable
from nn.runtime.signals import Interrupted, Stop, catch_signals
from nn.training import datasets
from nn.training.datasets import Source
from nn.training.evaluation import Scores
from nn.training.settings import Settings

MIN_EPOCHS = 3  # of a trial: with fewer none can end early


def tune(options: argparse.Namespace, command: str) -> int:
    """Runs the trials that the study lacks, then reports; returns the exit status.

    command: what the user typed.
    """
    network = _reader(options.network)
    source = datasets.load(options.data, options.quiet, Told.of(options))
    tuning = Tuning.of(options, network, source)
    folder = options.run_dir or Path("runs", f"tune-{network.name}")
    folder.mkdir(parents=True, exist_ok=True)
    url = study_url(options.study, folder)
    with clear_errors(url):
        study = open_study(url, network.name, tuning.described(source))
        if not options.quiet:
            _print_opening(tuning, study, source.name, options.trials, shown(url))
        try:
            with catch_signals() as stop:
                run_trials(study, tuning.objective(stop), options.trials, tuning.teller(study))
        except Interrupted as signal:
            done = f"the study keeps its {finished(study)} finished trials"
            print(f"Stopped by {signal}; {done}. To go on:", file=sys.stderr)
            print(printable(f"    {command}"), file=sys.stderr)
            return 128 + signal.signum
        print_result(study, tuning.space, options, folder)
    return 0


@dataclass(frozen=True)
class Tuning:
    """What all trials of a study have in common."""

    space: Space
    training: Digits
    validation: Digits
    quiet: bool

    @classmethod
    def of(cls, options: argparse.Namespace, network: Network, source: Source) -> "Tuning":
        """What the options ask for. Raises UserError if the network lacks a setting that is to be
        tuned, or if no digits are left for validation."""
        # Without extra pictures: to compose them takes longer than a trial.
        usual = Settings.of(network, bundled=source.bundled, extras=0.0, seed=options.seed)
        epochs = options.epochs or min(usual.epochs, max(MIN_EPOCHS, -(-usual.epochs // 3)))
        training, validation = split(source.training, usual.validation_split, usual.seed)
        if not len(validation):
            raise UserError(f"{source.name}: too few digits to keep any for validation")
        names = tunable(usual)
        for name in options.only or ():
            if name not in names:
                has = ", ".join(names)
                raise UserError(f"{network.name} has no {name} to tune; it has {has}")
        names = [name for name in names if name in (options.only or names)]
        space = Space(replace(usual, epochs=epochs), names, len(training))
        return cls(space, training, validation, options.quiet)

    def described(self, source: Source) -> dict:
        """What a study says of its trials, so that none of another kind joins them."""
        usual = self.space.usual
        return {
            "network": usual.network,
            "epochs": usual.epochs,
            "seed": usual.seed,
            "tuned": self.space.names,
            "digits": source.description["training_sha256"][:12],
        }

    def objective(self, stop: Stop) -> Callable[[Trial], float]:
        """The function that trains with what a trial suggests, and returns the share of validation
        digits that are then read wrong.

        It raises TrialPruned if the training diverges, or is among the worst after an epoch; and
        Interrupted if `stop` returns a signal.
        """

        def run(trial: Trial) -> float:
            shares: list[float] = []

            def report(scores: Scores) -> None:
                shares.append(scores.errors / scores.count)
                trial.report(shares[-1], step=len(shares))
                if len(shares) < self.space.usual.epochs and trial.should_prune():
                    raise optuna.TrialPruned

            settings = self.space.suggest(trial)
            try:
                train_trial(
                    settings, self.training, self.validation, report, stop=stop, quiet=self.quiet
                )
            except DivergedError:
                raise optuna.TrialPruned from None
            return shares[-1]

        return run

    def teller(self, study: optuna.Study) -> Callable[[FrozenTrial], None]:
        """The function that prints what a finished trial tried, and what came of it."""

        def tell(trial: FrozenTrial) -> None:
            if not self.quiet:
                print(*trial_lines(trial, self.space, study), sep="\n", flush=True)

        return tell


def _reader(name: str) -> Network:
    """The network of that name. Raises UserError if there is none, or it reads no digits."""
    network = get_network(name)
    if network.task is not Task.READ_DIGITS:
        raise UserError(f"{name} only helps other networks; tune one of {', '.join(readers())}")
    return network


def _print_opening(
    tuning: Tuning, study: optuna.Study, source: str, trials: int, where: str
) -> None:
    space, epochs = tuning.space, tuning.space.usual.epochs
    print(f"Tuning {space.usual.network}: {', '.join(space.names)}")
    print(
        f"A trial trains for {epochs} epoch{'' if epochs == 1 else 's'} on "
        f"{len(tuning.training):,} digits;\n{len(tuning.validation):,} validation digits judge it: "
        f"{source}"
    )
    print(printable(f"Study {where}: {finished(study)} of {trials} trials are done"), flush=True)
