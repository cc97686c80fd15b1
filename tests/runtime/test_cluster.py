"""What TF_CONFIG says, and who answers at a worker's address."""

import json
import signal
import socket

import pytest
from conftest import ROOT, train

from nn.errors import UserError
from nn.runtime.cluster import Cluster
from nn.runtime.signals import Interrupted

ADDRESSES = ["10.0.0.1:2222", "10.0.0.2:2222", "10.0.0.1:2223"]


def described(cluster: object, task: object) -> Cluster | None:
    return Cluster.of({"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})})


def test_a_worker_knows_the_others_and_those_on_its_host():
    cluster = described({"worker": ADDRESSES}, {"type": "worker", "index": 2})
    assert (cluster.count, cluster.is_chief, cluster.workers_here) == (3, False, 2)
    assert cluster.named(1) == "worker 1 (10.0.0.2:2222)"
    assert described({"worker": ADDRESSES}, {"type": "worker", "index": 0}).is_chief


def test_a_chief_that_is_listed_apart_is_worker_0():
    apart = {"chief": ADDRESSES[:1], "worker": ADDRESSES[1:]}
    chief = described(apart, {"type": "chief", "index": 0})
    assert (chief.addresses, chief.index) == (tuple(ADDRESSES), 0)
    last = described(apart, {"type": "worker", "index": 1})
    assert (last.addresses, last.index) == (tuple(ADDRESSES), 2)


@pytest.mark.parametrize(
    "text",
    ["", " ", "{}", '{"task": {"type": "worker", "index": 0}}',
     '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 0}}'],
)  # fmt: skip
def test_without_a_cluster_a_process_trains_alone(text):
    assert Cluster.of({"TF_CONFIG": text}) is None
    assert Cluster.of({}) is None


WORKER = {"type": "worker", "index": 0}


@pytest.mark.parametrize(
    ("cluster", "task", "message"),
    [
        ([], WORKER, r"expected a cluster of workers, found"),
        ({"worker": ADDRESSES, "ps": ["a:1"]}, WORKER, r"workers alone.*found worker, ps"),
        ({}, WORKER, r"found an empty cluster"),
        ({"worker": []}, WORKER, r"a list of addresses of each worker, found \[\]"),
        ({"worker": ["a"]}, WORKER, r"an address host:port, found a"),
        ({"worker": ["a:65536"]}, WORKER, r"an address host:port, found a:65536"),
        ({"worker": [5]}, WORKER, r"an address host:port, found 5"),
        ({"worker": ["a:1", "a:1"]}, WORKER, r"found a:1 twice"),
        ({"worker": ADDRESSES}, {"type": "ps", "index": 0}, r'a task of type "worker", found'),
        ({"worker": ADDRESSES}, {"type": "chief", "index": 0}, r'a task of type "worker", found'),
        ({"chief": ADDRESSES}, {"type": "chief", "index": 0}, r"one chief, found 3 chiefs"),
        ({"chief": ["a:1"], "worker": ["a:1"]}, WORKER, r"found a:1 twice"),
        ({"worker": ADDRESSES}, None, r'a task of type "worker", found None'),
        ({"worker": ADDRESSES}, {"type": "worker", "index": 3}, r"index below 3, found 3"),
        ({"worker": ADDRESSES}, {"type": "worker", "index": "1"}, r"index of 0 or more, found 1"),
    ],
)
def test_another_cluster_is_refused_in_one_line(cluster, task, message):
    with pytest.raises(UserError, match=f"^TF_CONFIG: .*{message}") as raised:
        described(cluster, task)
    assert "\n" not in str(raised.value)


def test_what_is_not_json_is_refused_by_the_script():
    finished = train("--network", "tiny", TF_CONFIG="{worker}")
    assert finished.returncode == 2
    assert finished.stderr.startswith("error: TF_CONFIG: not JSON")
    assert len(finished.stderr.splitlines()) == 1


def test_a_worker_waits_for_the_others_and_hears_signals_meanwhile():
    with socket.create_server(("localhost", 0)) as mute:  # accepts connections, says nothing
        port = mute.getsockname()[1]
        cluster = Cluster(("localhost:1", f"localhost:{port}"), 0)
        assert cluster.silent() == [1]
        assert cluster.ended() == []
        with pytest.raises(Interrupted):
            cluster.wait(lambda: signal.SIGINT)
        with pytest.raises(UserError, match=rf"^worker 1 \(localhost:{port}\) did not start"):
            cluster.wait(lambda: None, seconds=0)
    assert cluster.ended() == [1]


def test_what_one_process_trains_refuses_several(monkeypatch, train_here):
    tasks = {"cluster": {"worker": ["localhost:1", "localhost:2"]}, "task": WORKER}
    monkeypatch.setenv("TF_CONFIG", json.dumps(tasks))
    for arguments in (
        ["--compare", "dense", "tiny"], ["--network", "finder"],
        ["--start-from", ROOT / "SavedModel" / "1", "--data", "."],
    ):  # fmt: skip
        finished = train_here(*arguments)
        assert finished.returncode == 2
        assert finished.stderr.startswith(
            "error: TF_CONFIG: several workers train a single network"
        )
