"""SIGINT and SIGTERM as something to ask for between two pieces of work."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Stop = Callable[[], int | None]


class Interrupted(Exception):
    """A signal ended training; a checkpoint has been written. signum: which signal."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.signum = signum


@contextmanager
def catch_signals() -> Iterator[Stop]:
    """While open, SIGINT and SIGTERM do not end the process: the function that is yielded
    returns the number of the first that came, or None. A second one has its usual effect."""
    received: list[int] = []
    usual = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    # What is ignored, as nohup and background jobs have it, stays ignored.
    usual = {number: handler for number, handler in usual.items() if handler != signal.SIG_IGN}

    def restore() -> None:
        for number, handler in usual.items():
            signal.signal(number, handler)

    def receive(signum: int, _) -> None:
        received.append(signum)
        restore()

    for number in usual:
        signal.signal(number, receive)
    try:
        yield lambda: received[0] if received else None
    finally:
        restore()
