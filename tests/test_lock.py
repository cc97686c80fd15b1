"""requirements/serve.lock has all that requirements/serve.txt names, each with its hashes."""

import re

from conftest import ROOT

PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def pins(text: str) -> dict[str, str]:
    """The versions that a requirements file pins, by the names of the packages."""
    return dict(PIN.findall(text))


def test_the_lock_of_the_server_has_what_its_requirements_name():
    folder = ROOT / "requirements"
    lock = (folder / "serve.lock").read_text(encoding="utf-8")
    named = {}
    for name in ("lite.txt", "serve.txt"):
        named |= pins((folder / name).read_text(encoding="utf-8"))
    assert "-r lite.txt" in (folder / "serve.txt").read_text(encoding="utf-8")
    assert len(named) == 9
    assert named.items() <= pins(lock).items(), "not up to date; this writes it anew: make lock"
    locked = [entry for entry in re.split(r"\n(?=[a-z])", lock) if PIN.match(entry)]
    assert len(locked) == len(pins(lock))
    assert all("--hash=sha256:" in entry for entry in locked)
