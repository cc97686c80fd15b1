"""A standalone cluster of Spark on this machine: a master and two workers of one core each."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyspark

from apps.bulk.session import require_java

SPARK_CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"
# All ports of Spark's are opened on this address.
ENVIRONMENT = {
    **os.environ,
    "SPARK_LOCAL_IP": "127.0.0.1",
    "SPARK_DAEMON_JAVA_OPTS": "-XX:TieredStopAtLevel=1",  # the master and the workers start sooner
}
MAX_SECONDS = int(os.environ.get("BULK_MAX_SECONDS", "300"))  # of a busy machine


class Cluster:
    """A running cluster. master: its address."""

    def __init__(self, master: str, workers: list[subprocess.Popen]) -> None:
        self.master, self._workers = master, workers

    def kill_executor(self) -> None:
        """Kills an executor that works: it has started Python."""
        executors = [each for worker in self._workers for each in children(worker.pid)]
        os.kill(next(filter(children, executors)), signal.SIGKILL)


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """Starts a cluster, and ends it. folder: for its logs, and what it works with."""
    require_java()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    master = f"spark://127.0.0.1:{port}"
    with ExitStack() as stack:

        def start(name: str, *arguments: str) -> subprocess.Popen:
            log = stack.enter_context(open(folder / f"{name}.log", "w"))
            command = [SPARK_CLASS, *arguments, "--host", "127.0.0.1", "--webui-port", "0"]
            process = subprocess.Popen(command, env=ENVIRONMENT, stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            return process

        start("master", "org.apache.spark.deploy.master.Master", "--port", str(port))
        workers = [
            start(name, "org.apache.spark.deploy.worker.Worker", master, "--cores", "1",
                  "--memory", "1g", "--work-dir", str(folder / name))
            for name in ("worker1", "worker2")
        ]  # fmt: skip
        log = folder / "master.log"
        wait_until(lambda: log.read_text().count("Registering worker") == len(workers), log)
        yield Cluster(master, workers)


def children(process: int) -> list[int]:
    """The processes that a process has started, and that run."""
    lists = Path(f"/proc/{process}/task").glob("*/children")
    return [int(each) for one in lists for each in one.read_text().split()]


def wait_until(is_so: Callable[[], bool], log: Path) -> None:
    """Waits until something is so; if that takes too long, fails with what the log says."""
    end = time.monotonic() + MAX_SECONDS
    while not is_so():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)
