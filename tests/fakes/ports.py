"""Ports of this machine that stay with whoever has them, also while nobody listens there."""

from __future__ import annotations

import socket
import sys


def reserved(port: int = 0) -> socket.socket | None:
    """Holds a port, by default a free one: until it is closed, the system gives it to nobody who asks for any port.

    Connections to it are refused until somebody listens there, who has to say ``SO_REUSEADDR``, as servers do. Systems
    other than Linux do not let two sockets have one port, and nothing is held.
    """
    if sys.platform != "linux":
        return None
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind(("127.0.0.1", port))
    except OSError:
        held.close()
        raise
    return held
