"""Unix sockets between processes of one user on this machine."""

from __future__ import annotations

import contextlib
import os
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import structlog

_PEER: Final = struct.Struct("3i")  # SO_PEERCRED: pid, uid, gid

_log = structlog.get_logger(__name__)


def peer_uid(peer: socket.socket) -> int:
    """The user at the other end of a connection, as the kernel states it."""
    _, uid, _ = _PEER.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    return int(uid)


def peer_pid(peer: socket.socket) -> int:
    """The process that opened the other end, as the kernel states it; 0 where it is not visible from here."""
    pid, _, _ = _PEER.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    return int(pid)


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


class OwnUserServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Listens on a Unix socket for programs of this user, or of root; each connection has a thread.

    Handlers hold `connected` while they answer.

    Args:
        path: of the socket, which does not exist yet; only this user may connect to it.
        handler: answers one connection.

    Raises:
        OSError: the socket cannot be made.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, path: Path, handler: type[socketserver.BaseRequestHandler]) -> None:
        self.peers: set[socket.socket] = set()
        self._guard = threading.Lock()
        with short_address(path) as address:
            super().__init__(address, handler, bind_and_activate=False)
            try:
                self.server_bind()
                path.chmod(0o600)  # before `listen`: no connection was possible so far
                self.server_activate()
            except BaseException:
                self.server_close()
                raise

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002 - the base's signature
        """See `socketserver.BaseServer`."""
        if is_own_user(request):
            return True
        _log.warning("endpoint_user_refused", uid=peer_uid(request))
        return False

    @contextlib.contextmanager
    def connected(self, peer: socket.socket) -> Iterator[None]:
        """Count a connection among `peers` as long as the `with` statement lasts."""
        with self._guard:
            self.peers.add(peer)
        try:
            yield
        finally:
            with self._guard:
                self.peers.discard(peer)

    def disconnect_all(self) -> None:
        """Close the socket, and end all connections; their threads end by themselves."""
        with self._guard:
            for peer in self.peers:
                with contextlib.suppress(OSError):
                    peer.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base's signature
        """See `socketserver.BaseServer`."""
        _log.debug("endpoint_connection_lost", exc_info=True)
