"""Where the readings go, and how many there are of each status."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from apps.bulk.command_line import JSON
from apps.bulk.storage import Storage
from apps.bulk.worker import SCHEMAS, Settings, read_records
from nn.errors import DataError
from nn.prediction.readings import ERROR, OK, UNSURE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Hadoop's committer writes into the first, and makes the second when all is there.
UNFINISHED, FINISHED = "_temporary", "_SUCCESS"
PART = "part-"  # what the name of each file of readings begins with


def check_output(storage: Storage, output: str) -> None:
    """Deletes what a run left that did not finish. Raises DataError where there is anything else
    under this name."""
    if storage.is_there(output) and not storage.is_folder(output):
        raise DataError(f"{output}: a file; name a new folder for the readings")
    names = storage.names(output)
    if FINISHED in names:
        raise DataError(f"{output}: holds the readings of another run; name a new folder")
    if UNFINISHED in names and all(n.startswith((UNFINISHED, PART)) for n in names):
        storage.delete(output)
    elif names:
        raise DataError(f"{output}: holds other files; name a new folder for the readings")


def write(records: "DataFrame", output: str, settings: Settings) -> Mapping[str, int]:
    """Reads the records in Spark's workers and writes the readings; returns how many there are of
    each status. All of them appear in `output`, or none with a file _SUCCESS."""
    from pyspark.sql import Observation
    from pyspark.sql.functions import col, count_if
    from pyspark.sql.pandas.types import from_arrow_schema

    readings = records.mapInArrow(
        lambda batches: read_records(batches, settings),
        from_arrow_schema(SCHEMAS[settings.format]),
    )
    counts = Observation()
    statuses = [count_if(col("status") == each).alias(each) for each in (OK, UNSURE, ERROR)]
    observed = readings.observe(counts, *statuses)
    if settings.format == JSON:
        observed.select("value").write.mode("append").text(output)
    else:
        observed.write.mode("append").parquet(output)
    return counts.get


def summary(output: str, counts: Mapping[str, int]) -> str:
    """Says how many readings were written, and of which status."""
    return (
        f"{sum(counts.values()):,} readings in {output}: {counts[OK]:,} ok, {counts[UNSURE]:,} "
        f"unsure, {counts[ERROR]:,} could not be read"
    )
