#!/usr/bin/env python3
"""Reads handwritten digits with a SavedModel: pictures, folders, rows of pixels."""

if __name__ == "__main__":  # before the other imports, which take a tenth of a second
    from nn.runtime.early_stop import end_at_ctrl_c

    end_at_ctrl_c()

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from nn.data.file_names import is_data_file
from nn.data.told import Told
from nn.prediction.command_line import parse_arguments
from nn.prediction.runtimes import (
    AUTO,
    PLACES,
    TENSORFLOW,
    runtime_for,
    runtime_of_this_machine,
)
from nn.runtime.printable import printable
from nn.runtime.startup import (
    log_to_standard_error,
    make_output_safe,
    run_command,
    set_environment,
)

if TYPE_CHECKING:
    from nn.prediction.inputs import Reader
    from nn.prediction.labels import Labels
    from nn.prediction.output import Format
    from nn.prediction.page_folder import PageFolder
    from nn.prediction.predictor import Predictor
    from nn.prediction.readings import AnyReading


def main(arguments: Sequence[str] | None = None, runtime: str = TENSORFLOW) -> int:
    """Runs the command line; returns the exit status. runtime: the one for users who name none."""
    make_output_safe()
    options = parse_arguments(arguments)
    log_to_standard_error()
    set_environment()
    # TensorFlow imports Keras, which nothing here uses: this halves the time to the first digit.
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    if options.runtime is None:
        options.runtime = runtime_of_this_machine(runtime)
    return run_command(lambda: run(options))


def digits_read() -> int:
    """The installed command `digits-read`: it takes whichever runtime answers sooner."""
    return main(runtime=AUTO)


def run(options: argparse.Namespace) -> int:
    """Reads every input and shows the readings; returns the exit status."""
    from nn.prediction import inputs
    from nn.prediction.labels import Labels
    from nn.prediction.number_hint import NumberHint
    from nn.prediction.output import DigitScore, Score
    from nn.prediction.page_folder import PageFolder
    from nn.prediction.predictor import Predictor
    from nn.prediction.readings import ERROR

    paths = _paths(options)
    labels = Labels(options.labels, paths, options.number) if options.labels else None
    score, failures = Score() if options.number else DigitScore(), 0
    hint = NumberHint()
    runtime = runtime_for(options.runtime, len(paths))
    model = Predictor(options.model, options.max_error, runtime)
    with model as predictor, ExitStack() as stack:
        for note in _notes(options, predictor, labels):
            print(printable(note), file=sys.stderr)
        pages = None
        if options.explain:
            pages = stack.enter_context(PageFolder(options.explain, paths))
        reader = _reader(options, predictor, pages)
        formats = [stack.enter_context(each) for each in _formats(options, reader, paths)]
        has_labels = labels is not None
        readings = inputs.read_all(reader, paths, Told.of(options))
        for reading in _with_progress(readings):
            label = labels.find(reading) if labels else reading.label
            has_labels = has_labels or label is not None
            right = score.add(reading, label)
            failures += reading.status == ERROR
            hint.add(reading)
            for each in formats:
                each.write(reading, label, right)
        if line := hint.line(predictor):
            print(line, file=sys.stderr)
    if pages:
        print(printable(pages.summary()), file=sys.stderr)
    if has_labels and not labels:
        print("Compared with the labels in the data files themselves", file=sys.stderr)
    if has_labels:
        above = [] if formats[-1].is_empty else [""]  # a blank line below the table
        print(*above, *score.lines(), sep="\n", file=sys.stderr if options.json else sys.stdout)
    return 1 if failures else 0


def _with_progress(readings: "Iterator[AnyReading]") -> "Iterable[AnyReading]":
    """Shows on standard error how many were read. A table in a terminal shows its own progress."""
    if sys.stdout.isatty() or not sys.stderr.isatty():
        return readings
    from tqdm import tqdm  # late: its import takes as long as a picture

    return tqdm(readings, unit=" read")


def _paths(options: argparse.Namespace) -> list[Path]:
    """The files to be read; raises DataError if the results would overwrite one."""
    from nn.prediction import inputs

    paths = inputs.expand(options.inputs, options.recursive)
    also = [options.labels] if options.labels else []
    for name, output in (("--csv", options.csv), ("--kaggle", options.kaggle)):
        if output:
            inputs.refuse_to_overwrite(output, [*paths, *also], name)
    return paths


def _notes(
    options: argparse.Namespace, predictor: "Predictor", labels: "Labels | None"
) -> Iterator[str]:
    """Yields lines on the model, the threshold, the files that are not read and unused labels."""
    from nn import versions
    from nn.prediction.output import threshold_line
    from nn.prediction.skipped import skipped_lines

    place = PLACES[predictor.runtime]
    yield versions.describe(predictor.version, predictor.card, place)
    better = versions.better_version_line(predictor.version, predictor.card)
    if better and predictor.version != options.model:  # who names a version has chosen
        yield better
    yield threshold_line(predictor.threshold, options.max_error)
    known = [path for path in (options.labels, options.csv) if path]
    yield from skipped_lines(options.inputs, options.recursive, known, labels)


def _reader(
    options: argparse.Namespace, predictor: "Predictor", pages: "PageFolder | None"
) -> "Reader":
    """Makes the reader that the options ask for; imports only what it needs."""
    if options.number:
        from nn.prediction.number_reader import NumberReader

        numbers = NumberReader(predictor)
        if pages is None:
            return numbers
        from nn.prediction.explainer import NumberExplainer

        return NumberExplainer(numbers, pages)
    if pages is None:
        return predictor
    from nn.prediction.explainer import Explainer

    return Explainer(predictor, pages)


def _formats(
    options: argparse.Namespace, reader: "Reader", paths: Sequence[Path]
) -> "Iterator[Format]":
    """Makes the output formats that the options ask for, in the order in which they are opened."""
    from nn.prediction.output import CsvFile, JsonLines, KaggleFile, Table

    if options.csv:
        yield CsvFile(reader.reading_type, options.csv)
    if options.kaggle:
        yield KaggleFile(options.kaggle)
    if options.json:
        yield JsonLines()
    else:
        names = [f"{path}:12345" if is_data_file(path) else str(path) for path in paths]
        width = max(len(printable(name)) for name in names)
        yield Table(reader.reading_type, width, options.top or 1)


if __name__ == "__main__":
    sys.exit(main())
