"""Ctrl-C while a script still imports its modules, before run_command can catch it.

A script calls `end_at_ctrl_c` first of all, so this module imports next to nothing.
"""

import os
import signal


def end_at_ctrl_c() -> None:
    """Lets Ctrl-C end the process at once, as run_command would: with "Stopped" and status 130.

    Where SIGINT is ignored, as in a background job, it stays ignored.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def raise_at_ctrl_c() -> None:
    """Ends what end_at_ctrl_c began: Ctrl-C raises KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(*_: object) -> None:
    try:
        os.write(2, b"Stopped\n")
    except OSError:  # standard error is closed
        pass
    finally:
        os._exit(130)  # an exception could be caught, or shown, by the import that it falls into
