"""The processes that stay: web and scheduler, together or apart."""

from __future__ import annotations

import errno
import socket

from engine.errors import SamledError

#: Waiting connections; the kernel cuts it to its own limit.
_BACKLOG = 1024


class CannotListen(SamledError):
    """The address cannot be listened on. Choose another with --host and --port."""


def listen(host: str, port: int) -> socket.socket:
    """A bound socket, before anything slow is done: a port that is taken must be told at once. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except socket.gaierror as error:
        raise CannotListen(f"There is no address {host} here. Choose another with --host.") from error
    except OSError as error:
        match error.errno:
            case errno.EADDRINUSE:
                message = f"Port {port} is taken. Stop what uses it, or choose another: --port {_another(port)}."
            case errno.EACCES:
                message = f"Port {port} needs more rights than this user has. Choose one above 1023: --port 8000."
            case errno.EADDRNOTAVAIL:
                message = f"There is no address {host} here. Choose another with --host."
            case _:
                message = f"Cannot listen on {host}, port {port}: {error.strerror}. Choose another."
        raise CannotListen(message) from error


def _another(port: int) -> int:
    return port + 1 if port < 65535 else 8000
