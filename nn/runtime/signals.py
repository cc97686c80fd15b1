"""Turns SIGINT and SIGTERM into a value that a loop checks between two steps of its work."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Stop = Callable[[], int | None]  # the number of the signal that came, or None


class Interrupted(Exception):
    """A signal ended training; if it had taken a step, a checkpoint is written. signum: the
    signal's number."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.signum = signum


def raise_if_stopped(stop: Stop) -> None:
    """Raises Interrupted if a signal came."""
    if signum := stop():
        raise Interrupted(signum)


@contextmanager
def catch_signals() -> Iterator[Stop]:
    """Keeps SIGINT and SIGTERM from ending the process while the block runs.

    Yields a function that returns the number of the first signal that came, or None. A second
    signal has its usual effect.
    """
    received: list[int] = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    # A signal that is ignored, as in a background job or under nohup, stays ignored.
    handlers = {
        number: handler for number, handler in handlers.items() if handler != signal.SIG_IGN
    }

    def restore() -> None:
        for number, handler in handlers.items():
            signal.signal(number, handler)

    def receive(signum: int, _) -> None:
        received.append(signum)
        restore()

    for number in handlers:
        signal.signal(number, receive)
    try:
        yield lambda: received[0] if received else None
    finally:
        restore()
