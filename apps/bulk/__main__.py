"""Reads pictures on Spark: python -m apps.bulk."""

if __name__ == "__main__":  # before the other imports, which take a tenth of a second
    from nn.runtime.early_stop import end_at_ctrl_c

    end_at_ctrl_c()

import argparse
import logging
import sys
from collections.abc import Sequence

from apps.bulk.command_line import parse_arguments
from nn.data.told import Told
from nn.runtime.printable import printable
from nn.runtime.startup import make_output_safe, run_command


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    make_output_safe()
    options = parse_arguments(arguments)
    logging.getLogger().setLevel(logging.CRITICAL)  # Py4J logs Ctrl-C there, with tracebacks
    return run_command(lambda: read(options))


def read(options: argparse.Namespace) -> int:
    """Reads every input and writes the readings; returns the exit status."""
    # Late: --help answers at once.
    from apps.bulk.inputs import find_inputs, records_of
    from apps.bulk.results import check_output, summary, write
    from apps.bulk.session import spark_session
    from apps.bulk.storage import Storage
    from apps.bulk.worker import Settings
    from nn.confidence.thresholds import choose
    from nn.prediction.output import threshold_line
    from nn.prediction.readings import ERROR
    from nn.prediction.runtimes import PLACES, choose_runtime
    from nn.versions import default_folder, describe, find_version, read_card, thresholds_of

    version = find_version(options.model or default_folder())
    card = read_card(version)
    threshold = choose(thresholds_of(card), options.max_error)
    runtime = choose_runtime(options.runtime, card)
    print(printable(describe(version, card, PLACES[runtime])), file=sys.stderr)
    print(threshold_line(threshold, options.max_error), file=sys.stderr)
    with spark_session(options.master, options.conf, version) as spark:
        storage = Storage(spark)
        check_output(storage, options.output)
        inputs = find_inputs(storage, options.inputs)
        records = records_of(spark, inputs, options.recursive)
        settings = Settings(
            inputs.names, runtime, options.max_error, Told.of(options), options.format
        )
        counts = write(records, storage.qualified(options.output), settings)
    print(printable(summary(options.output, counts)), file=sys.stderr)
    return 1 if counts[ERROR] else 0


if __name__ == "__main__":
    sys.exit(main())
