"""The options of python -m apps.bulk. Nothing here imports Spark: --help answers at once."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from nn.data.told import add_options
from nn.prediction.command_line import error_rate
from nn.prediction.runtimes import LITERT, TENSORFLOW

JSON, PARQUET = FORMATS = ("json", "parquet")

DESCRIPTION = "Reads millions of pictures or rows of pixels, a digit in each, on Apache Spark."
EPILOG = """\
examples:
  python -m apps.bulk scans/ readings/              on all cores of this machine
  python -m apps.bulk scans/ readings/ --master 'local[2]'          on two cores
  python -m apps.bulk 'scans/*/*.png' more.parquet readings/
  python -m apps.bulk hdfs://node:9000/scans hdfs://node:9000/readings \\
      --master spark://node:7077
  cat readings/part-* | jq .digit

INPUT is a folder of pictures; a picture; a pattern such as 'scans/*.png', in
quotes; a data file, whose rows hold a digit of 784 pixels each; or Parquet with
the columns path and content, in a file or folder whose name ends in .parquet.
INPUT and OUTPUT are paths or addresses that Spark knows: hdfs://, s3a://. On
several machines they must lie where all of them reach it.

OUTPUT gets a line for each picture and row, as load_saved_model.py --json
prints it, and the file _SUCCESS when everything is there. A run that was killed
leaves no _SUCCESS; run the same command again. docs/bulk.md describes all this.

exit status: 0 all inputs were read; 1 some could not be read, the others were;
2 wrong usage, no model, no such input, or Spark failed; 130 Ctrl-C
"""


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line. Wrong usage ends the process with exit status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m apps.bulk",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("inputs", nargs="+", metavar="INPUT", help="what to read, see below")
    add("output", metavar="OUTPUT", help="a new folder for the readings")
    add(
        "--master",
        default="local[*]",
        metavar="ADDRESS",
        help="where Spark runs: local[2] is two cores of this machine, spark://HOST:7077 a "
        "standalone cluster; any master of Spark's (default: %(default)s, all cores)",
    )
    add(
        "--format",
        choices=FORMATS,
        default=JSON,
        help="json writes text files with a JSON object a line, parquet Parquet files with the "
        "same fields as columns (default: %(default)s)",
    )
    add("--recursive", action="store_true", help="read the pictures in subfolders too")
    add(
        "--model",
        type=Path,
        metavar="DIR",
        help="a version of a model, or a folder of versions: the highest is used (default: "
        "SavedModel in the current folder, or else beside the scripts)",
    )
    add(
        "--max-error",
        type=error_rate,
        metavar="RATE",
        help="how many of the sure answers may be wrong, as 0.1%% or 0.001. The lower the rate, "
        "the more answers have the status unsure (default: 0.1%%, or the lowest rate that the "
        "model has a threshold for)",
    )
    add(
        "--runtime",
        choices=(LITERT, TENSORFLOW),
        default=LITERT,
        help="what runs the model in the workers: litert needs no TensorFlow there (default: "
        "%(default)s)",
    )
    add(
        "--conf",
        action="append",
        default=[],
        type=_setting,
        metavar="NAME=VALUE",
        help="a setting of Spark's, as in --conf spark.executor.memory=4g; may be given repeatedly",
    )
    add_options(add, "data files")
    return parser.parse_args(arguments)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name.startswith("spark.") and equals):
        raise argparse.ArgumentTypeError(
            f"expected a setting such as spark.executor.memory=4g, found {text}"
        )
    return name, value
