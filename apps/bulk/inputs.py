"""What the user names → Spark's records of a path and the content of a file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING
from urllib.parse import unquote

from apps.bulk.storage import (
    Storage,
    as_folder,
    as_named,
    escaped,
    folder_above_pattern,
    is_pattern,
    unescaped,
)
from nn.errors import DataError
from nn.pictures.formats import EXTENSIONS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

PARQUET_SUFFIX = ".parquet"
PATH, CONTENT = COLUMNS = ["path", "content"]  # as Spark's binaryFile source calls them
SCHEMA = f"{PATH} string, {CONTENT} binary"
RECORDS_PER_TASK = 1000  # some 2 s of work
_HIDDEN = r"^\."
_LOCAL = re.compile(r"^file:/+")


@dataclass
class Inputs:
    """The inputs by their kinds, as addresses that Spark reads: folders of pictures; files and
    patterns; Parquet. names: the address of a file, or of a folder with a slash at its end → its
    name as the user gave it."""

    folders: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    parquet: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)


def find_inputs(storage: Storage, texts: Sequence[str]) -> Inputs:
    """Looks for each input. Raises DataError where there is none of that name."""
    inputs = Inputs()
    for text in texts:
        address, name = storage.qualified(text), as_named(text)
        is_there = storage.is_there(text)
        if not is_there and not (is_pattern(text) and storage.matches(text)):
            what = "nothing has such a name" if is_pattern(text) else "no such file or folder"
            raise DataError(f"{text}: {what}")
        if name.lower().endswith(PARQUET_SUFFIX):
            inputs.parquet.append(escaped(address) if is_there else address)
        elif not is_there:
            above = folder_above_pattern(text) or "."
            inputs.files.append(address)
            inputs.names[as_folder(storage.qualified(above))] = as_folder(as_named(above))
        elif storage.is_folder(text):
            inputs.folders.append(address)
            inputs.names[as_folder(address)] = as_folder(name)
        else:
            inputs.files.append(escaped(address))
            inputs.names[address] = name
    return inputs


def records_of(spark: "SparkSession", inputs: Inputs, recursive: bool) -> "DataFrame":
    """The records of all inputs: path, a string, and content, binary. Raises DataError where a
    folder holds no picture, or Parquet other columns."""
    frames = [_folder(spark, folder, inputs, recursive) for folder in inputs.folders]
    if inputs.files:
        frames.append(_files(spark, spark.read.format("binaryFile").load(inputs.files)))
    frames += [_parquet(spark, address) for address in inputs.parquet]
    return reduce(lambda one, other: one.unionAll(other), frames)


def _folder(spark: "SparkSession", folder: str, inputs: Inputs, recursive: bool) -> "DataFrame":
    """The pictures of a folder, those that load_saved_model.py takes: by their extension, hidden
    files left out."""
    extensions = [extension[1:] for extension in EXTENSIONS]
    in_either_case = ["".join(f"[{c}{c.upper()}]" for c in each) for each in extensions]
    # What Spark ignores, it does not look into: without --recursive these are all subfolders too.
    others = rf"|^(?!.*\.(?i:{'|'.join(extensions)})$)"
    reader = spark.read.format("binaryFile").options(
        recursiveFileLookup=True,
        pathGlobFilter=f"*.{{{','.join(in_either_case)}}}",
        ignoredPathSegmentRegex=_HIDDEN if recursive else _HIDDEN + others,
    )
    frame = reader.load(escaped(folder))
    if not frame.inputFiles():
        raise DataError(
            f"{inputs.names[as_folder(folder)] or './'}: no pictures to be read in this folder "
            f"({', '.join(EXTENSIONS)})"
        )
    return _files(spark, frame)


def _files(spark: "SparkSession", frame: "DataFrame") -> "DataFrame":
    """The records of what binaryFile has found, with those of empty files: Spark lists these, but
    leaves them out without a word."""
    with_content = {row[PATH] for row in frame.select(PATH).collect()}
    listed = (_LOCAL.sub("file:/", unquote(address)) for address in frame.inputFiles())
    empty = [(path, b"") for path in listed if path not in with_content]
    records = frame.select(COLUMNS)
    return records.unionAll(spark.createDataFrame(empty, SCHEMA)) if empty else records


def _parquet(spark: "SparkSession", address: str) -> "DataFrame":
    """Records of Parquet, in as many parts as they are worth tasks: a file of small pictures is one
    part by itself."""
    frame = spark.read.parquet(address)
    found = ", ".join(f"{each.name} {each.dataType.simpleString()}" for each in frame.schema)
    if not {*SCHEMA.split(", ")} <= {*found.split(", ")}:
        name = unescaped(address)
        raise DataError(f"{name}: expected the columns {SCHEMA}; found {found}")
    tasks = -(-frame.count() // RECORDS_PER_TASK)
    return frame.select(COLUMNS).repartition(max(1, tasks), PATH)
