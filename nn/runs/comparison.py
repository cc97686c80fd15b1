"""Several networks under one protocol: each trained with the same seeds, on the same digits.

comparison.json    the names of the runs; each run has a folder beside this file
comparison.csv     one row for each run that has finished
comparison.sha256  a hash of each line of it
comparison.png     bars of accuracy, loss, time and size
accuracy_time.png  accuracy against time
"""

import logging
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pandas

from nn.errors import DivergedError, UserError
from nn.figures import comparison_charts, drawing
from nn.runs.outcomes import ROWS_ADVICE, Outcome, read_outcomes
from nn.runs.run import Run, reopen
from nn.runtime import hashed_lines, sealed_json
from nn.runtime.file_locks import alone_in
from nn.runtime.regular_files import read_text
from nn.runtime.signals import Stop
from nn.runtime.whole_files import incomplete_folder, sync_folder
from nn.training.datasets import Source
from nn.training.run_folder import COMPARISON, RunFolder, is_comparison
from nn.training.settings import Settings

log = logging.getLogger(__name__)

PLAN_FILE, ROWS_FILE = COMPARISON, "comparison.csv"
BARS_FILE, ACCURACY_TIME_FILE = "comparison.png", "accuracy_time.png"


class Comparison:
    """Runs that are compared, each in its own part of a common folder."""

    def __init__(self, folder: Path, runs: Sequence[Run]) -> None:
        self.folder = folder
        self.runs = runs

    @classmethod
    def create(
        cls, folder: Path, settings: Sequence[Settings], source: Source, export_folder: Path
    ) -> "Comparison":
        """Makes the folder and, inside it, a folder for each run. If one fails, nothing is left.

        Raises UserError if the folder is in use already, or a run could not be trained.
        """
        if is_comparison(folder):
            raise UserError(
                f"{folder}: holds a comparison already; continue it with --resume {folder}, "
                "or choose another --run-dir"
            )
        if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            raise UserError(f"{folder}: exists and is not empty; choose another --run-dir")
        names = [f"{one.network}-{one.seed}" for one in settings]
        runs = [
            Run(one, source, RunFolder(folder / name), export_folder)
            for name, one in zip(names, settings, strict=True)
        ]
        folder.parent.mkdir(parents=True, exist_ok=True)
        with incomplete_folder(folder.parent) as temporary:
            whole = temporary / "comparison"
            for run in runs:
                replace(run, folder=RunFolder(whole / run.folder.path.name)).create()
            sealed_json.write(whole / PLAN_FILE, {"runs": names})
            whole.rename(folder)
        sync_folder(folder.parent)
        return cls(folder, runs)

    @classmethod
    def reopen(
        cls, folder: Path, export_folder: Path | None, *, quiet: bool = False
    ) -> "Comparison":
        """The comparison that a folder holds. Raises UserError if it is damaged.

        export_folder: None is the one that the comparison was started with.
        """
        file, advice = folder / PLAN_FILE, "put it back as it was, or start a new comparison"
        try:
            names = sealed_json.read(file, UserError, advice)["runs"]
            first, *others = [str(name) for name in names]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"{file}: not the plan of a comparison ({error}); {advice}") from None
        runs = [reopen(RunFolder(folder / first), export_folder, quiet=quiet)]
        for name in others:
            runs.append(reopen(RunFolder(folder / name), export_folder, source=runs[0].source))
        return cls(folder, runs)

    def finish(self, *, stop: Stop = lambda: None, quiet: bool = False) -> list[Outcome]:
        """Trains every run that has no row in comparison.csv yet; adds its row; draws the charts.

        A run that diverges gets no row: a warning names it, and the other runs go on. Raises
        Interrupted if `stop` returns a signal; a checkpoint is written first. Raises UserError if a
        run fails otherwise, if no run finishes, or if comparison.csv is damaged.
        """
        outcomes = self.finished()
        finished = {(row.network, row.seed) for row in outcomes}
        for number, run in enumerate(self.runs, 1):
            if (run.settings.network, run.settings.seed) in finished:
                continue
            try:
                with alone_in(run.folder.path):
                    outcomes.append(_outcome(run, stop, quiet))
            except DivergedError as error:
                log.warning(f"warning: {run.folder.path}: {error}; the comparison leaves it out")
                continue
            rows = [asdict(outcome) for outcome in outcomes]
            table = pandas.DataFrame(rows).to_csv(index=False, lineterminator="\n")
            hashed_lines.write(self.folder / ROWS_FILE, table)
            log.info(f"{number:2d}/{len(self.runs)}  {_line(outcomes[-1])}")
        if not outcomes:
            raise UserError(f"{self.folder}: no run has finished, so there is nothing to compare")
        outcomes = self._with_incomplete_networks_renamed(outcomes)
        source = self.runs[0].source
        title = f"{source.name}: {_seeds(outcomes)}, {len(source.test):,} test digits"
        drawing.save(comparison_charts.comparison_bars(outcomes, title), self.folder / BARS_FILE)
        drawing.save(
            comparison_charts.accuracy_by_time(outcomes, title), self.folder / ACCURACY_TIME_FILE
        )
        return outcomes

    def _with_incomplete_networks_renamed(self, outcomes: list[Outcome]) -> list[Outcome]:
        """The same outcomes; a network that lacks rows is renamed, as in `tiny (2 of 3)`."""
        planned = Counter(run.settings.network for run in self.runs)
        found = Counter(row.network for row in outcomes)
        return [
            replace(row, network=f"{row.network} ({found[row.network]} of {planned[row.network]})")
            if found[row.network] < planned[row.network]
            else row
            for row in outcomes
        ]

    def finished(self) -> list[Outcome]:
        """The rows of comparison.csv. Raises UserError if a row belongs to no planned run, or two
        rows to the same run."""
        file = self.folder / ROWS_FILE
        if not file.exists():
            return []
        rows = read_outcomes(file)
        lines = hashed_lines.lines_of(read_text(file))
        hashed_lines.check(file, lines, ROWS_ADVICE)
        planned = {(run.settings.network, run.settings.seed) for run in self.runs}
        found = {(row.network, row.seed) for row in rows}
        if not found <= planned or len(found) < len(rows):
            raise UserError(
                f"{file}: expected at most one row for each run in {PLAN_FILE}, found a row of "
                f"another run, or two rows of one run; {ROWS_ADVICE}"
            )
        return rows


def _outcome(run: Run, stop: Stop, quiet: bool) -> Outcome:
    try:
        result = run.finish(stop=stop, quiet=quiet)
    except DivergedError:
        raise
    except UserError as error:
        raise UserError(f"{run.folder.path}: {error}") from None
    test = result.test
    loss = test.loss if result.calibration.fitted_to else math.nan
    return Outcome(
        run.settings.network, run.settings.seed, run.network.parameters,
        test.count, test.errors, test.accuracy, loss, round(result.seconds, 1),
    )  # fmt: skip


def _line(outcome: Outcome) -> str:
    return (
        f"{outcome.network:16s}seed {outcome.seed}   {outcome.accuracy:7.2%} "
        f"({outcome.errors:,} wrong)   {outcome.seconds:.0f} s"
    )


def _seeds(outcomes: Sequence[Outcome]) -> str:
    count = len({outcome.seed for outcome in outcomes})
    return f"{count} seeds" if count > 1 else f"seed {outcomes[0].seed}"
