"""Starts Spark, and sends the code and the model to its workers."""

import os
import re
import shutil
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zipfile import ZipFile

from apps.bulk.worker import MODEL
from nn.errors import UserError
from nn.runtime.locations import PROJECT

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LEAST_JAVA = 17
# Debian's packages. The default of some releases of Ubuntu is older.
DEFAULT_JAVA, NEW_JAVA = "default-jre-headless", "openjdk-17-jre-headless"
_JAVA_VERSION = re.compile(r'(?<=version ")(\d+)[\d._]*')  # openjdk version "17.0.15" 2025-04-15
_SETTINGS = {
    "spark.app.name": "digits",
    # Without it a page that shows the run listens on all addresses of this machine.
    "spark.ui.enabled": "false",
    # A picture takes 2 ms, however few bytes it has: with 128 KiB added to each, a task gets some
    # 1,000 small ones. Spark's own 4 MiB make it 31.
    "spark.sql.files.openCostInBytes": "131072",
    # Without a checksum beside each file: Hadoop cannot name that of a file like 7:30.png.
    "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
}
# Java compiles what it runs often a second time, better. Here it runs nothing so often: that took 8
# of 26 s of processor time to read 52 pictures, and gained nothing with 20,000.
_COMPILE_ONCE = "-XX:TieredStopAtLevel=1"
_LOG_SETTINGS = Path(__file__).with_name("log4j2.properties").as_uri()
_JAVA_SETTINGS = {
    "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={_LOG_SETTINGS} {_COMPILE_ONCE}",
    "spark.executor.extraJavaOptions": _COMPILE_ONCE,
}
_LOCAL_SETTINGS = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


@contextmanager
def spark_session(
    master: str, settings: Iterable[tuple[str, str]], version: Path
) -> Iterator["SparkSession"]:
    """Spark's session, whose workers import `nn` and `apps`, and find the version in MODEL.

    master: its address; settings: the user's own, which come before those of this module. Raises
    UserError where there is no Java, where no master answers, and where Spark fails meanwhile.
    """
    require_java()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # it would take any python3
    # PySpark looks at pandas wherever Arrow is used, but mapInArrow does not use it.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    # At Ctrl-C it cannot ask Java to stop, which stops by itself.
    warnings.filterwarnings("ignore", "Unable to cleanly shutdown Spark JVM", RuntimeWarning)
    from pyspark.sql import SparkSession

    from apps.bulk.errors import spark_errors_told

    builder = SparkSession.Builder().master(master).config(map=_all_settings(master, settings))
    at_ctrl_c = signal.getsignal(signal.SIGINT)
    with TemporaryDirectory() as folder, spark_errors_told():
        spark = builder.getOrCreate()
        # What PySpark has set calls Java, which may be in the midst of another call.
        signal.signal(signal.SIGINT, at_ctrl_c)
        try:
            spark.sparkContext.addPyFile(_pack_code(Path(folder)))
            spark.sparkContext.addArchive(f"{_pack_model(version, Path(folder))}#{MODEL}")
            yield spark
        finally:
            spark.stop()


def _all_settings(master: str, settings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The settings of this module, with the user's own in place of those of the same name."""
    local = _LOCAL_SETTINGS if master.startswith("local") else {}
    progress = {"spark.ui.showConsoleProgress": str(sys.stderr.isatty()).lower()}
    return {**_SETTINGS, **_JAVA_SETTINGS, **local, **progress, **dict(settings)}


def require_java() -> None:
    """Raises UserError where Spark would find no Java, or one that is too old."""
    home = os.environ.get("JAVA_HOME")
    where = f"in JAVA_HOME, {home}" if home else "here"
    java = shutil.which(Path(home, "bin", "java") if home else "java")
    if not java:
        raise UserError(_java_needed(f"there is none {where}", DEFAULT_JAVA))
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    # Old ones count 1.8, new ones 17.0.15.
    if (found := _JAVA_VERSION.search(told)) and int(found[1]) < LEAST_JAVA:
        raise UserError(_java_needed(f"the one {where} is {found[0]}", NEW_JAVA))


def _java_needed(found: str, package: str) -> str:
    return (
        f"Spark needs Java {LEAST_JAVA} or newer, and {found}; install it, on Debian and Ubuntu "
        f"by: apt-get install {package}"
    )


def _pack_code(folder: Path) -> str:
    """A ZIP file of the modules that the workers import."""
    file = folder / "digits.zip"
    with ZipFile(file, "w") as archive:
        for package in ("nn", "apps"):
            for module in sorted((PROJECT / package).rglob("*.py")):
                archive.write(module, module.relative_to(PROJECT))
    return str(file)


def _pack_model(version: Path, folder: Path) -> str:
    """A ZIP file of a version of a model."""
    return shutil.make_archive(str(folder / "model"), "zip", version)
