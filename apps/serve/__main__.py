"""Starts the server: python -m apps.serve."""

if __name__ == "__main__":  # before the other imports, which take a tenth of a second
    from nn.runtime.early_stop import end_at_ctrl_c

    end_at_ctrl_c()

import argparse
import logging
import signal
import socket
import sys
from collections.abc import Sequence

from apps.listening import address_of, is_loopback, listen
from apps.serve.command_line import parse_arguments
from nn.runtime.printable import printable
from nn.runtime.startup import make_output_safe, run_command

MAX_CONNECTIONS = 500
MAX_SECONDS_TO_STOP = 30  # for requests in work, at SIGTERM


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    make_output_safe()
    options = parse_arguments(arguments)
    return run_command(lambda: serve(options))


def serve(options: argparse.Namespace) -> int:
    """Reads digits until a signal ends it; returns the exit status."""
    # Late: --help answers at once.
    from concurrent.futures import ThreadPoolExecutor

    from apps.serve.app import make_app
    from apps.serve.limits import Limits
    from apps.serve.reader import Reader
    from nn.prediction.output import threshold_line
    from nn.prediction.predictor import Predictor
    from nn.prediction.runtimes import LITERT, PLACES
    from nn.runtime.processors import available_processors
    from nn.versions import describe

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises it again at the end
    for name in ("nn", "python_multipart"):  # what they log is about the files of clients
        logging.getLogger(name).setLevel(logging.CRITICAL)
    processors = available_processors()
    with (
        listen(options.host, options.port) as listener,
        Predictor(options.model, options.max_error, LITERT) as predictor,
    ):
        pool = ThreadPoolExecutor(processors, "reader")
        name = predictor.version.absolute().name
        app = make_app(Reader(predictor), name if name.isdigit() else "1", pool)
        line = describe(predictor.version, predictor.card, PLACES[LITERT])
        print(printable(line), file=sys.stderr)
        print(threshold_line(predictor.threshold, options.max_error), file=sys.stderr)
        _say_where(listener)
        _run(Limits(app, int(options.max_upload_mb * 1e6)), listener)
        pool.shutdown(wait=False, cancel_futures=True)
    return 0


def _say_where(listener: socket.socket) -> None:
    print(f"Serving on {address_of(listener)}", file=sys.stderr, flush=True)
    if not is_loopback(listener):
        print(
            "There is no authentication: whoever reaches this address can use the server",
            file=sys.stderr,
            flush=True,
        )


def _run(app: object, listener: socket.socket) -> None:
    import uvicorn

    from apps.serve.connections import ImpatientProtocol

    config = uvicorn.Config(
        app,
        http=ImpatientProtocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=MAX_SECONDS_TO_STOP,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    sys.exit(main())
