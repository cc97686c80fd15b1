"""The study: trials in a database that several processes share."""

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning, OptunaError
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from nn.errors import UserError

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
TAKEN = (*FINISHED, TrialState.RUNNING)
HEARTBEAT_SECONDS, GRACE_SECONDS = 15, 60
# An SQLite file is locked while a process writes; another waits for so long.
LOCK_SECONDS = 60
# Two processes that start at once both make the tables, and one of them fails; then it tries again.
OPENING_ATTEMPTS, OPENING_PAUSE_SECONDS = 5, 1.0
# A trial ends early if an epoch's value is worse than this percentile of all trials at that epoch.
# Not the median: with a high learning rate the first epochs are worse, and the last ones better.
KEPT_PERCENTILE = 70.0
UNPRUNED_TRIALS = 5  # before there are so many, no trial ends early
PLAN = "plan"
EXAMPLE_URL = "postgresql+psycopg://me@host/tuning"
LOST_TRIAL = "Cannot tell a"  # how Optuna's error begins if a trial has ended in the meantime


class SurplusError(Exception):
    """Two processes asked for the last trial at the same time; this one is one too many."""


def study_url(study: str | None, folder: Path) -> str:
    """The URL of what --study names, which is one already, or an SQLite file; None is a file in
    the folder. Raises UserError if it is no valid URL, or the file's folder cannot be made."""
    if study and "://" in study:
        try:
            make_url(study)
        except ArgumentError:
            raise UserError(f"--study: expected a file, or a URL such as {EXAMPLE_URL}") from None
        return study
    file = Path(study) if study else folder / "study.db"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{file.parent}: cannot be made a folder ({error.strerror})") from None
    return f"sqlite:///{file}"


def shown(url: str) -> str:
    """A study's URL without its password; of an SQLite file, its path."""
    parsed = make_url(url)
    if parsed.drivername == "sqlite":
        return str(parsed.database)
    return parsed.render_as_string(hide_password=True)


@contextmanager
def clear_errors(url: str) -> Iterator[None]:
    """Turns what a database raises into a UserError of one line. url: a valid one."""
    try:
        yield
    except (SQLAlchemyError, OptunaError) as error:
        cause = getattr(error, "orig", None) or error.__cause__ or error
        reason = str(getattr(cause, "orig", None) or cause).splitlines()[0]
        raise UserError(f"{shown(url)}: the study cannot be read or written ({reason})") from None


def open_study(url: str, name: str, plan: Mapping[str, Any]) -> optuna.Study:
    """The study of that name, a new one if there is none.

    plan: what all its trials have in common. Raises UserError if the study was begun with another
    plan. Raises what the database raises if it cannot be opened.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", ExperimentalWarning)  # heartbeats and constant_liar
    study = optuna.create_study(
        storage=_open_storage(url),
        study_name=name,
        load_if_exists=True,
        # constant_liar: processes that run at once try different settings.
        sampler=optuna.samplers.TPESampler(constant_liar=True),
        pruner=optuna.pruners.PercentilePruner(KEPT_PERCENTILE, n_startup_trials=UNPRUNED_TRIALS),
    )
    begun = study.user_attrs.get(PLAN)
    if begun is None:
        study.set_user_attr(PLAN, dict(plan))
    elif begun != plan:
        other = next(key for key in plan if begun.get(key) != plan[key])
        raise UserError(
            f"{shown(url)}: the study {name} was begun with {other} {begun.get(other)}, and this "
            f"command has {plan[other]}; take the same options, or another --study"
        )
    return study


def _open_storage(url: str) -> optuna.storages.RDBStorage:
    """Raises UserError if the database's driver is missing, and what the database raises."""
    is_file = make_url(url).drivername.startswith("sqlite")
    for attempt in range(1, OPENING_ATTEMPTS + 1):
        try:
            return optuna.storages.RDBStorage(
                url,
                engine_kwargs={"connect_args": {"timeout": LOCK_SECONDS}} if is_file else None,
                heartbeat_interval=HEARTBEAT_SECONDS,
                grace_period=GRACE_SECONDS,
            )
        except (ImportError, NoSuchModuleError) as error:
            reason = str(error.__cause__ or error).splitlines()[0]
            raise UserError(
                f"{shown(url)}: the driver of this database is not installed ({reason})"
            ) from None
        except SQLAlchemyError:
            if attempt == OPENING_ATTEMPTS:
                raise
            time.sleep(OPENING_PAUSE_SECONDS)
    raise AssertionError


def count(study: optuna.Study, *states: TrialState) -> int:
    """How many of its trials are in one of these states."""
    return len(study.get_trials(deepcopy=False, states=states))


def finished(study: optuna.Study) -> int:
    """How many of its trials have ended, early or not; failed ones do not count."""
    return count(study, *FINISHED)


def run_trials(
    study: optuna.Study,
    objective: Callable[[Trial], float],
    limit: int,
    tell: Callable[[FrozenTrial], None],
) -> None:
    """Runs trials until `limit` are finished or running, those of all processes together.

    A killed process's trial counts as failed once its heartbeat is GRACE_SECONDS old. tell: gets
    each trial that this process has finished. What `objective` raises, except TrialPruned, marks
    its trial as failed, and is raised again.
    """

    def run(trial: Trial) -> float:
        earlier = study.get_trials(deepcopy=False, states=TAKEN)
        if sum(other.number < trial.number for other in earlier) >= limit:
            raise SurplusError
        return objective(trial)

    def told(_: optuna.Study, trial: FrozenTrial) -> None:
        if trial.state in FINISHED:
            tell(trial)

    while True:
        optuna.storages.fail_stale_trials(study)
        if count(study, *TAKEN) >= limit:
            return
        try:
            study.optimize(run, n_trials=1, catch=(SurplusError,), callbacks=[told])
        except ValueError as error:
            # Another process took this one for dead, because the machine had slept for example.
            # The trial counts as failed, and needs another in its place.
            if not str(error).startswith(LOST_TRIAL):
                raise
