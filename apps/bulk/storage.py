"""Files and folders wherever Spark finds them, by Hadoop's file systems: a disk, HDFS, S3."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
_GLOB_SIGNS = re.compile(r"[][{}*?\\]")


class Storage:
    """What Spark's session sees of file systems. A path is as the user writes it: relative to the
    current folder, absolute, or an address such as hdfs://node:9000/scans."""

    def __init__(self, spark: "SparkSession") -> None:
        # PySpark has no other way to Hadoop's file systems.
        assert spark._jvm is not None
        self._java: Any = spark._jvm
        self._settings = spark.sparkContext._jsc.hadoopConfiguration()

    def qualified(self, path: str) -> str:
        """The address of a path, as Spark names it: file:/home/me/scans."""
        java_path = self._path(path)
        return self._system(java_path).makeQualified(java_path).toString()

    def is_there(self, path: str) -> bool:
        java_path = self._path(path)
        return self._system(java_path).exists(java_path)

    def is_folder(self, path: str) -> bool:
        java_path = self._path(path)
        return self._system(java_path).getFileStatus(java_path).isDirectory()

    def matches(self, pattern: str) -> bool:
        """Whether there is anything that a pattern such as scans/*.png stands for."""
        java_path = self._path(pattern)
        return bool(self._system(java_path).globStatus(java_path))

    def names(self, folder: str) -> set[str]:
        """The names of what is in a folder; none where there is no such folder."""
        java_path = self._path(folder)
        if not self.is_there(folder):
            return set()
        return {each.getPath().getName() for each in self._system(java_path).listStatus(java_path)}

    def delete(self, folder: str) -> None:
        """Deletes a folder with all that is in it."""
        java_path = self._path(folder)
        self._system(java_path).delete(java_path, True)

    def _path(self, path: str) -> Any:
        # Hadoop takes a relative name with a colon for an address.
        local = path if is_address(path) else os.path.abspath(path)  # noqa: PTH100 - keeps links
        return self._java.org.apache.hadoop.fs.Path(local)

    def _system(self, java_path: Any) -> Any:
        return java_path.getFileSystem(self._settings)


def is_address(path: str) -> bool:
    """Whether it names a file system, as in hdfs://node:9000/scans."""
    return bool(_SCHEME.match(path))


def as_named(path: str) -> str:
    """A path as load_saved_model.py writes it: without ./ and a slash at the end."""
    return path.rstrip("/") if is_address(path) else str(Path(path))


def as_folder(name: str) -> str:
    """What the names of its files begin with: scans/ of scans, nothing of the current folder."""
    return "" if name == "." else f"{name.rstrip('/')}/"


def is_pattern(path: str) -> bool:
    return bool(_GLOB_SIGNS.search(path))


def escaped(path: str) -> str:
    """A path whose characters stand for themselves where Spark expects a pattern."""
    return _GLOB_SIGNS.sub(r"\\\g<0>", path)


def unescaped(path: str) -> str:
    """The path that was escaped."""
    return re.sub(r"\\(.)", r"\1", path)


def folder_above_pattern(pattern: str) -> str:
    """The folder in front of the first name with a sign of a pattern: scans of scans/*/*.png; an
    empty text where there is none."""
    plain = pattern[: _GLOB_SIGNS.search(pattern).start()]  # type: ignore[union-attr]
    return plain[: plain.rfind("/") + 1]
