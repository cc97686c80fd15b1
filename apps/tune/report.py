"""What tuning prints and draws."""

import argparse
import shlex
from pathlib import Path

import optuna
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import BaseTrial, FrozenTrial, TrialState

from apps.tune import charts
from apps.tune.space import Space
from apps.tune.study import GRACE_SECONDS, count, finished
from nn.data.told import Told
from nn.errors import UserError
from nn.figures import drawing
from nn.networks.registry import get_network
from nn.runtime.printable import printable
from nn.training.settings import Settings

# The importances say what sets the best tenth of the trials apart from the others, or the best five
# if a tenth is fewer, as the documentation of PedAnovaImportanceEvaluator advises.
BEST_SHARE, MIN_BEST_TRIALS = 0.1, 5
MIN_TRIALS_FOR_IMPORTANCE = 2 * MIN_BEST_TRIALS
SHORT_NAMES = {"learning_rate": "rate", "batch_size": "batch", "weight_decay": "decay"}


def trial_lines(trial: FrozenTrial, space: Space, study: optuna.Study) -> list[str]:
    """What came of a finished trial, and what it tried."""
    if trial.state is TrialState.COMPLETE:
        outcome = f"{trial.value:.2%} wrong"
        outcome += ", the best so far" if trial.number == study.best_trial.number else ""
    elif trial.last_step is None:
        outcome = "diverged"
    else:
        last = trial.intermediate_values[trial.last_step]
        outcome = f"ended early, {last:.2%} wrong after epoch {trial.last_step}"
    seconds = trial.duration.total_seconds() if trial.duration else 0.0
    settings = space.suggest(trial)
    values = [f"{SHORT_NAMES.get(name, name)} {_value(settings, name)}" for name in space.names]
    return [f"Trial {trial.number:3d}  {outcome}   {seconds:.0f} s", f"    {', '.join(values)}"]


def _value(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    if name == "hidden":
        return " ".join(map(str, value))
    return ("yes" if value else "no") if name == "augment" else f"{value:g}"


def training_options(trial: BaseTrial, space: Space) -> list[str]:
    """The options of train_neural_network.py that set what a trial tried."""
    options: list[str] = []
    settings = space.suggest(trial)
    for name in space.names:
        option, value = name.replace("_", "-"), getattr(settings, name)
        if name == "augment":
            options.append(f"--{option}" if value else f"--no-{option}")
        elif name == "hidden":
            options += [f"--{option}", *map(str, value)]
        else:
            options += [f"--{option}", f"{value:g}"]
    return options


def training_command(trial: BaseTrial, space: Space, options: argparse.Namespace) -> str:
    """The command that trains with what a trial tried, on the digits that were tuned with."""
    command = ["python", "train_neural_network.py", "--network", space.usual.network]
    command += training_options(trial, space)
    if space.usual.seed:
        command += ["--seed", str(space.usual.seed)]
    if options.data != "auto":
        command += ["--data", options.data]
    for name, value in Told.of(options)._asdict().items():
        if value is not None:
            command.append(f"--{name}" if value else f"--no-{name}")
    return shlex.join(command)


def print_result(
    study: optuna.Study, space: Space, options: argparse.Namespace, folder: Path
) -> None:
    """Prints the best settings as a command, and draws the charts into a folder.

    Raises UserError if no trial has trained to its end.
    """
    if running := count(study, TrialState.RUNNING):
        print(
            f"Other processes run {running} of the trials. If they were killed, run this again in "
            f"{GRACE_SECONDS} s"
        )
    if not count(study, TrialState.COMPLETE):
        raise UserError("no trial has trained to its end; try more --trials")
    best, early = study.best_trial, count(study, TrialState.PRUNED)
    print(
        f"Best of {finished(study)} trials ({early} ended early): trial {best.number}, "
        f"{best.value:.2%} of the validation digits wrong"
    )
    print("To train with its settings:")
    print(printable(f"    {training_command(best, space, options)}"))
    network, epochs = space.usual.network, space.usual.epochs
    extras = " --extras 0" if get_network(network).recipe.extras else ""
    print(f"The trial itself was shorter; to repeat it, add --epochs {epochs}{extras}")
    print(printable(f"Charts: {', '.join(map(str, draw(study, network, folder)))}"))


def draw(study: optuna.Study, network: str, folder: Path) -> list[Path]:
    """Draws the history, and the importances if there are enough trials; returns the files."""
    trials = study.get_trials(deepcopy=False)
    complete = {t.number: t.values[0] for t in trials if t.state is TrialState.COMPLETE}
    pruned = {
        t.number: t.intermediate_values[t.last_step]
        for t in trials
        if t.state is TrialState.PRUNED and t.last_step is not None
    }
    title = f"{network}: {finished(study)} trials, the best with {study.best_value:.2%} wrong"
    files = [folder / "history.png"]
    drawing.save(charts.history(complete, pruned, title), files[0])
    if len(complete) >= MIN_TRIALS_FOR_IMPORTANCE:
        title = f"{network}: which settings mattered in {len(complete)} trials"
        files.append(folder / "importance.png")
        best_share = max(BEST_SHARE, MIN_BEST_TRIALS / len(complete))
        evaluator = PedAnovaImportanceEvaluator(target_quantile=best_share)
        shares = get_param_importances(study, evaluator=evaluator)
        drawing.save(charts.importances(shares, title), files[1])
    return files
