"""Where an app listens: this machine alone, unless told otherwise."""

import argparse
import ipaddress
import os
import socket

from nn.errors import UserError


def port_number(text: str) -> int:
    """Parses a port, for argparse."""
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, found {text}")
    return int(text)


def listen(host: str, port: int) -> socket.socket:
    """A socket that clients can reach; port 0 takes a free one. Raises UserError."""
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family)
    except socket.gaierror as error:
        raise UserError(f"{host}: no address of this machine ({error.strerror})") from None
    except UnicodeError:
        raise UserError(f"{host}: not the name of a machine") from None
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise UserError(
            f"{host}:{port}: cannot listen there ({reason}); --port 0 takes any free port"
        ) from None


def address_of(listener: socket.socket) -> str:
    """The address for a browser: http://127.0.0.1:8000."""
    address, port = listener.getsockname()[:2]
    return f"http://{f'[{address}]' if ':' in address else address}:{port}"


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this machine reaches it."""
    return ipaddress.ip_address(listener.getsockname()[0]).is_loopback
