"""Starts the server: python -m apps.serve."""

if __name__ == "__main__":  # before the other imports, which take a tenth of a second
    from nn.runtime.early_stop import end_at_ctrl_c

    end_at_ctrl_c()

import argparse
import ipaddress
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence

from apps.serve.command_line import parse_arguments
from nn.errors import UserError
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
        _listen(options.host, options.port) as listener,
        Predictor(options.model, options.max_error, LITERT) as predictor,
        ThreadPoolExecutor(processors, "reader") as pool,
    ):
        name = predictor.version.absolute().name
        app = make_app(Reader(predictor), name if name.isdigit() else "1", pool)
        line = describe(predictor.version, predictor.card, f" {PLACES[LITERT]}")
        print(printable(line), file=sys.stderr)
        print(threshold_line(predictor.threshold, options.max_error), file=sys.stderr)
        _say_where(listener)
        _run(Limits(app, int(options.max_upload_mb * 1e6)), listener)
    return 0


def _listen(host: str, port: int) -> socket.socket:
    """A socket that clients can reach. Raises UserError."""
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family)
    except socket.gaierror as error:
        raise UserError(f"{host}: no address of this machine ({error.strerror})") from None
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise UserError(f"{host}:{port}: cannot listen there ({reason})") from None


def _say_where(listener: socket.socket) -> None:
    address, port = listener.getsockname()[:2]
    host = f"[{address}]" if ":" in address else address
    print(f"Serving on http://{host}:{port}", file=sys.stderr, flush=True)
    if not ipaddress.ip_address(address).is_loopback:
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
