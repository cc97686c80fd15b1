"""Which workers train together: what the environment variable TF_CONFIG says, and who answers.

TF_CONFIG is TensorFlow's own form (https://www.tensorflow.org/guide/distributed_training), JSON:

    {"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]},
     "task": {"type": "worker", "index": 0}}

Some launchers list the first worker apart, as "chief". It is worker 0 here.

Nothing here imports TensorFlow.
"""

import json
import logging
import os
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from nn.errors import UserError
from nn.runtime.signals import Stop, raise_if_stopped

log = logging.getLogger(__name__)

VARIABLE = "TF_CONFIG"
_EXAMPLE = (
    '{"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, '
    '"task": {"type": "worker", "index": 0}}'
)
# Workers start at different moments, and load or compose their digits at different speeds.
START_SECONDS = 600
_ANSWER_SECONDS = 1.0  # a server that runs answers a new connection in some milliseconds
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Cluster:
    """The workers that train together, and which of them this process is.

    addresses: host:port of each worker; index: this worker's place among them. Worker 0 is the
    chief: it alone validates, writes and exports.
    """

    addresses: tuple[str, ...]
    index: int

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> "Cluster | None":
        """The cluster that TF_CONFIG describes; None if it describes none, or a single worker.

        Raises UserError if TF_CONFIG is not JSON, or has other tasks than workers.
        """
        text = environment.get(VARIABLE, "").strip()
        if not text:
            return None
        try:
            config = json.loads(text)
        except ValueError as error:
            raise UserError(f"{VARIABLE}: not JSON ({error}); it looks like {_EXAMPLE}") from None
        if isinstance(config, dict) and "cluster" not in config:
            return None
        cluster = cls(_addresses(config), _index(config))
        return cluster if cluster.count > 1 else None

    @property
    def count(self) -> int:
        """The number of workers."""
        return len(self.addresses)

    @property
    def is_chief(self) -> bool:
        """Whether this worker validates, writes and exports."""
        return self.index == 0

    @property
    def workers_here(self) -> int:
        """The number of workers on this worker's host, itself included: they share processors."""
        hosts = [_split(address)[0] for address in self.addresses]
        return hosts.count(hosts[self.index])

    def named(self, index: int) -> str:
        """What messages call a worker."""
        return f"worker {index} ({self.addresses[index]})"

    def silent(self) -> list[int]:
        """The other workers whose servers do not answer within a second."""
        return self._others_that(lambda address: not _answers(address))

    def ended(self) -> list[int]:
        """The other workers whose hosts answer that nobody listens at the port any more."""
        return self._others_that(_refuses)

    def _others_that(self, is_so: Callable[[str], bool]) -> list[int]:
        others = [index for index in range(self.count) if index != self.index]
        with ThreadPoolExecutor(len(others)) as pool:
            found = pool.map(is_so, [self.addresses[index] for index in others])
            return [index for index, so in zip(others, found, strict=True) if so]

    def wait(self, stop: Stop, seconds: float = START_SECONDS) -> None:
        """Waits until the servers of all other workers answer.

        Raises Interrupted if `stop` returns a signal, and UserError after so many seconds.
        """
        deadline, told = time.monotonic() + seconds, None
        while silent := self.silent():
            names = ", ".join(map(self.named, silent))
            if silent != told:
                log.info(f"Waiting for {names}")
                told = silent
            raise_if_stopped(stop)
            if time.monotonic() > deadline:
                raise UserError(
                    f"{names} did not start within {seconds / 60:g} minutes; start all workers "
                    f"with the same command and cluster, each with its own index in {VARIABLE}"
                )
            time.sleep(_POLL_SECONDS)


def _addresses(config: object) -> tuple[str, ...]:
    cluster = config.get("cluster") if isinstance(config, dict) else None
    if not isinstance(cluster, dict):
        raise _unexpected("a cluster of workers", config)
    if not cluster or set(cluster) - {"chief", "worker"}:
        raise _unexpected(
            "workers alone: the first is the chief, and there are no parameter servers or "
            "evaluators",
            ", ".join(map(str, cluster)) or "an empty cluster",
        )
    for job, addresses in cluster.items():
        if not isinstance(addresses, list) or not addresses:
            raise _unexpected(f"a list of addresses of each {job}", addresses)
    chiefs, workers = cluster.get("chief", []), cluster.get("worker", [])
    if len(chiefs) > 1:
        raise _unexpected("one chief", f"{len(chiefs)} chiefs")
    addresses = [*chiefs, *workers]
    for address in addresses:
        if not isinstance(address, str) or not _is_address(address):
            raise _unexpected("an address host:port", address)
        if addresses.count(address) > 1:
            raise _unexpected("an address of its own for each worker", f"{address} twice")
    return tuple(addresses)


def _index(config: dict) -> int:
    """This process' place among all addresses: behind the chief, if one is listed apart."""
    task, cluster = config.get("task"), config["cluster"]
    job = task.get("type") if isinstance(task, dict) else None
    if not isinstance(task, dict) or not isinstance(job, str) or job not in cluster:
        raise _unexpected('a task of type "worker"', task)
    index = task.get("index")
    if not isinstance(index, int) or isinstance(index, bool) or index < 0:
        raise _unexpected("a task index of 0 or more", index)
    if index >= len(cluster[job]):
        raise _unexpected(f"a task index below {len(cluster[job])}", index)
    return index + (len(cluster.get("chief", [])) if job == "worker" else 0)


def _unexpected(expected: str, found: object) -> UserError:
    return UserError(f"{VARIABLE}: expected {expected}, found {found}; it looks like {_EXAMPLE}")


def _is_address(address: str) -> bool:
    host, port = _split(address)
    return bool(host) and port.isascii() and port.isdigit() and 0 < int(port) < 65536


def _split(address: str) -> tuple[str, str]:
    """Host and port. An IPv6 address stands in brackets, as in [::1]:2222."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), port


def _answers(address: str, seconds: float = _ANSWER_SECONDS) -> bool:
    """Whether a server answers at an address. A gRPC server speaks first (RFC 9113, 3.4); for a
    stopped process, the system accepts a connection, but nobody says anything."""
    try:
        with socket.create_connection(_split(address), seconds) as connection:
            connection.settimeout(seconds)
            return bool(connection.recv(1))
    except OSError:
        return False


def _refuses(address: str) -> bool:
    """Whether a host refuses connections to a port. A slow or unreachable host does not."""
    try:
        socket.create_connection(_split(address), _ANSWER_SECONDS).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False
