"""What runs in Spark's worker processes: records of files → readings, with one Predictor each."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import groupby, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pyarrow as pa
from pyspark import SparkFiles, TaskContext

from apps.bulk.command_line import JSON, PARQUET
from nn.data.file_names import is_data_file
from nn.data.told import Told
from nn.prediction.inputs import read_all
from nn.prediction.predictor import Predictor
from nn.prediction.readings import Reading

MODEL = "model"  # the folder that a worker finds the version in
READINGS_PER_BATCH = 1024
MAX_NAME_CHARACTERS = 60  # of a copy's file: a file system takes 255 bytes
# What a worker returns. `status` is counted; of JSON lines, `value` alone is written.
SCHEMAS = {
    JSON: pa.schema([("status", pa.string()), ("value", pa.string())]),
    PARQUET: pa.schema(
        [
            ("input", pa.string()),
            ("status", pa.string()),
            ("digit", pa.int32()),
            ("probability", pa.float64()),
            ("probabilities", pa.list_(pa.float64())),
            ("reason", pa.string()),
        ]
    ),
}


class Settings(NamedTuple):
    """What a worker is told. names: as apps.bulk.inputs.Inputs has them; the rest as the options
    have it."""

    names: Mapping[str, str]
    runtime: str
    max_error: float | None
    told: Told
    format: str


def read_records(batches: Iterable[pa.RecordBatch], settings: Settings) -> Iterator[pa.RecordBatch]:
    """Reads the records of a task: batches of path (string) and content (binary) → batches of
    SCHEMAS[settings.format], a row for each picture and for each row of a data file."""
    predictor = _predictor(settings.runtime, settings.max_error)
    files = (
        (_name(path.as_py(), settings.names), content.as_py() or b"")
        for batch in batches
        for path, content in zip(batch["path"], batch["content"], strict=True)
    )
    readings = _read(predictor, files, settings.told)
    schema = SCHEMAS[settings.format]
    while some := [_row(each, settings.format) for each in islice(readings, READINGS_PER_BATCH)]:
        yield pa.RecordBatch.from_pylist(some, schema)


@cache
def _predictor(runtime: str, max_error: float | None) -> Predictor:
    """The Predictor of this process, in which Spark runs many tasks, one after the other. It takes
    the processors of a task: a worker has a process for each of the others."""
    task = TaskContext.get()
    assert task is not None
    return Predictor(SparkFiles.get(MODEL), max_error, runtime, task.cpus())


def _read(
    predictor: Predictor, files: Iterable[tuple[str, bytes]], told: Told
) -> Iterator[Reading]:
    """Yields a reading for each picture, and one for each row of a data file."""
    for is_data, group in groupby(files, lambda file: is_data_file(Path(file[0]))):
        if is_data:
            for name, content in group:
                yield from _read_data_file(predictor, name, content, told)
        else:
            yield from predictor.read_bytes(group)


def _read_data_file(
    predictor: Predictor, name: str, content: bytes, told: Told
) -> Iterator[Reading]:
    """Reads a data file as load_saved_model.py does, from a temporary copy on the worker's disk;
    readings and their reasons have the name that the user knows."""
    with TemporaryDirectory() as folder:
        # A name in Parquet may be any text; its end says what the file is.
        copy = Path(folder, Path(name).name.replace("\0", "_")[-MAX_NAME_CHARACTERS:])
        copy.write_bytes(content)
        for reading in read_all(predictor, [copy], told):
            reason = reading.reason and reading.reason.replace(str(copy), name)
            yield replace(reading, input=reading.input.replace(str(copy), name), reason=reason)


def _row(reading: Reading, format: str) -> dict:
    fields = reading.json_fields()
    return {"status": reading.status, "value": json.dumps(fields)} if format == JSON else fields


def _name(path: str, names: Mapping[str, str]) -> str:
    """The name of a file as the user gave it: file:/home/me/scans/7.png → scans/7.png. A path that
    names do not know, such as one in Parquet, is its own name."""
    known, end = path, len(path)
    while known and known not in names:
        end = path.rfind("/", 0, end - 1) + 1 if end else 0
        known = path[:end]
    return names[known] + path[len(known) :] if known else path
