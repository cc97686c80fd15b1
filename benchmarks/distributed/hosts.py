"""Where workers run: on this machine's own address, or each in a network namespace of its own."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_NAMESPACE, _LINK = "digits-worker-{}", "digits{}"


@dataclass(frozen=True)
class Host:
    """Where a worker runs: its address, and the command that starts a program there."""

    address: str
    prefix: tuple[str, ...] = ()


def here(count: int) -> list[Host]:
    """As many hosts, all of them this machine."""
    return [Host("localhost")] * count


def one_core_each(count: int) -> list[Host]:
    """As many hosts, each of them one processor of this machine."""
    cores = sorted(os.sched_getaffinity(0))[:count]
    return [Host("localhost", ("taskset", "-c", str(core))) for core in cores]


@contextmanager
def two_namespaces() -> Iterator[list[Host]]:
    """Two network namespaces with a cable between them; needs root and iproute2.

    They share nothing but the cable: neither reaches the other's loopback interface.
    """
    names = [_NAMESPACE.format(index) for index in range(2)]
    links = [_LINK.format(index) for index in range(2)]
    try:
        for name in names:
            _ip("netns", "add", name)
        _ip("link", "add", links[0], "type", "veth", "peer", "name", links[1])
        for index, (name, link) in enumerate(zip(names, links, strict=True)):
            _ip("link", "set", link, "netns", name)
            _ip("-n", name, "address", "add", f"10.77.0.{index + 1}/24", "dev", link)
            _ip("-n", name, "link", "set", link, "up")
            _ip("-n", name, "link", "set", "lo", "up")
        yield [
            Host(f"10.77.0.{index + 1}", ("ip", "netns", "exec", name))
            for index, name in enumerate(names)
        ]
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def start_workers(hosts: Sequence[Host], command: Sequence[object]) -> list[subprocess.Popen]:
    """Starts Python on each host, as a worker; a single one without TF_CONFIG.

    command: the arguments of Python.
    """
    ports = _free_ports(len(hosts))
    addresses = [f"{host.address}:{port}" for host, port in zip(hosts, ports, strict=True)]
    processes = []
    for index, host in enumerate(hosts):
        task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        processes.append(
            subprocess.Popen(
                [*host.prefix, sys.executable, *map(str, command)],
                cwd=_ROOT,
                env=os.environ | {"TF_CONFIG": json.dumps(task) if len(hosts) > 1 else ""},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    return processes


def _free_ports(count: int) -> list[int]:
    """Ports that no program of this machine uses at present."""
    sockets = [socket.create_server(("", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
