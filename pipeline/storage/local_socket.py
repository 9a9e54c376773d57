"""Unix sockets between processes of one user on this machine."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PEER: Final = struct.Struct("3i")  # SO_PEERCRED: pid, uid, gid


def peer_uid(peer: socket.socket) -> int:
    """The user at the other end of a connection, as the kernel states it."""
    _, uid, _ = _PEER.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    return int(uid)


def is_own_user(peer: socket.socket) -> bool:
    """Whether the other end is a process of this user, or of root."""
    return peer_uid(peer) in {os.geteuid(), 0}


@contextlib.contextmanager
def short_address(path: Path) -> Iterator[str]:
    """An address for a path that fits the 107 bytes of a Unix socket's name, however deep the path: through /proc."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
