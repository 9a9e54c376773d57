"""The local query endpoint: a Unix socket on which the process that owns the store answers others of the same user.

One JSON line asks (``{"query": "plates", "arguments": {…}, "requester": {"user": "ana", …}}``), one answers
(``{"answer": …}`` or ``{"error": {…}}``). There is no way to send SQL. The user must be the one that
the kernel names for the connection.

An owner that only reads, such as the HTTP API, gives the store up to a program that asks for it (``{"query":
"release"}``), such as a run, an erasure or a disposal. An owner that fills the store does not.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import structlog

from pipeline.domain.requester import Requester, system_user
from pipeline.errors import StoreBusy, StoreError, ViapublicaError
from pipeline.policy.requester_texts import check_requester
from pipeline.policy.sensitive.screen import TextScreen, standard_screen
from pipeline.storage.local_socket import OwnUserServer, peer_uid, short_address
from pipeline.store.answers.registry import QUESTIONS, name_of
from pipeline.store.questions import QueryBackend, Question

_log = structlog.get_logger(__name__)

_LONGEST_QUESTION = 1 << 23
"""Bytes: a list of 100,000 plates, or the coordinates of as many cameras."""
_IDLE_S = 60.0
_QUEUE_S = 5.0
_QUEUE_STEP_S = 0.02
_CLOSE_S = 2.0
_RELEASE_S = 30.0
"""Time for the questions that an owner answers when it is asked to give the store up."""
A = TypeVar("A")
_RELEASE: Final = b'{"query": "release"}\n'


class _Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    query: str
    arguments: dict[str, Any]
    requester: Requester


class _Problem(msgspec.Struct, frozen=True):
    subject: str
    problem: str
    fix: str


class _Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    answer: msgspec.Raw = msgspec.Raw(b"null")
    error: _Problem | None = None


_questions = msgspec.json.Decoder(_Envelope)
_replies = msgspec.json.Decoder(_Reply)
_json = msgspec.json.Encoder()


def endpoint_path(data_dir: Path) -> Path:
    """The socket of the process that owns the event store of this data folder."""
    return data_dir / "run" / "store.sock"


class StoreServer:
    """Answers questions of other processes from `store`, in threads of its own, until `close`.

    The socket and its folder are for this user only; the kernel's credentials of each connection (SO_PEERCRED) are
    checked again: the same user, or root.

    Args:
        store: answers the questions.
        socket_path: of any length. A socket that a dead process left there is replaced.
        screen: of free texts, with the additions of a city; None without.
        on_release: gives the store up when another process asks for it; None where the owner needs it itself.

    Raises:
        StoreBusy: a living process answers there, and does not give the store up.
        StoreError: the socket cannot be made.
    """

    def __init__(
        self,
        store: QueryBackend,
        socket_path: Path,
        screen: TextScreen | None = None,
        on_release: Callable[[], None] | None = None,
    ) -> None:
        self._path = socket_path
        self._on_release = on_release
        self._screen = screen or standard_screen()
        self._stopping = threading.Lock()
        try:
            socket_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            socket_path.parent.chmod(0o700)
        except OSError as error:
            raise StoreError(str(socket_path), f"its folder cannot be made private: {error.strerror}") from error
        self._server = self._listen(store)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="store-endpoint", daemon=True
        )
        self._thread.start()

    @property
    def socket_path(self) -> Path:
        """Where it listens."""
        return self._path

    def close(self) -> None:
        """Stop listening, end the connections and remove the socket; may be called twice.

        An answer that a database does not give within two seconds is no longer waited for.
        """
        if self._stop_listening():
            self._server.disconnect_all()

    def release(self) -> bool:
        """Give the store up and stop listening, if the owner can do without it; whether it does."""
        if self._on_release is None:
            return False
        self._stop_listening()
        self._server.server_close()
        self._on_release()
        return True

    def _stop_listening(self) -> bool:
        """Take no more connections; False when that was so before."""
        with self._stopping:
            if not self._thread.is_alive():
                return False
            self._server.shutdown()
            self._thread.join()
            self._path.unlink(missing_ok=True)
            return True

    def _listen(self, store: QueryBackend) -> _Server:
        if _answers(self._path) and not released(self._path):
            raise StoreBusy(
                str(self._path), "another process already answers here", "Stop it, or use another data folder."
            )
        try:
            self._path.unlink(missing_ok=True)
            return _Server(store, self._path, self._screen, self.release)
        except OSError as error:
            raise StoreError(str(self._path), f"the socket cannot be made: {error.strerror}") from error


class _Server(OwnUserServer):
    def __init__(self, store: QueryBackend, path: Path, screen: TextScreen, release: Callable[[], bool]) -> None:
        self.store = store
        self.screen = screen
        self.release = release
        super().__init__(path, _Handler)

    def disconnect_all(self) -> None:
        """End all connections and wait a moment for their threads."""
        super().disconnect_all()
        until_s = time.monotonic() + _CLOSE_S
        while self.peers and time.monotonic() < until_s:
            time.sleep(_QUEUE_STEP_S)
        if self.peers:
            _log.warning("endpoint_still_answering", connections=len(self.peers))


class _Handler(socketserver.StreamRequestHandler):
    timeout = _IDLE_S
    server: _Server

    def handle(self) -> None:
        with self.server.connected(self.connection), contextlib.suppress(OSError):
            user = system_user(peer_uid(self.connection))
            while line := self.rfile.readline(_LONGEST_QUESTION):
                if line == _RELEASE:
                    self.wfile.write(_json.encode(self.server.release()) + b"\n")
                    return
                self.wfile.write(_json.encode(_reply(self.server.store, line, user, self.server.screen)) + b"\n")
                if not line.endswith(b"\n"):
                    return


def _reply(store: QueryBackend, line: bytes, user: str, screen: TextScreen) -> _Reply:
    try:
        question, requester = _decoded(line)
        _check_user(requester, user)
        check_requester(requester, screen)
        return _Reply(answer=msgspec.Raw(_json.encode(store.ask(question, requester))))
    except ViapublicaError as error:
        return _Reply(error=_Problem(error.subject, error.problem, error.fix))
    except Exception as error:  # noqa: BLE001 - a bug in one answer must not end the connection of others
        _log.exception("endpoint_bug")
        return _Reply(
            error=_Problem("event store", f"the running process failed: {type(error).__name__}", "See its log.")
        )


def _check_user(requester: Requester, user: str) -> None:
    if requester.user != user:
        _log.warning("endpoint_requester_refused", claimed=requester.user[:64], user=user)
        raise StoreError(
            "requester",
            f"the question is asked in the name of {requester.user[:64]!r}, but the connection belongs to {user!r}",
            "Ask as that user.",
        )


def _decoded(line: bytes) -> tuple[Question[Any], Requester]:
    try:
        envelope = _questions.decode(line)
        if envelope.query not in QUESTIONS:
            raise StoreError(
                "query", f"there is no query {envelope.query[:40]!r}", f"There are {', '.join(QUESTIONS)}."
            )
        return msgspec.convert(envelope.arguments, QUESTIONS[envelope.query]), envelope.requester
    except msgspec.MsgspecError as error:
        raise StoreError("question", f"it is not understood: {error}") from error


class StoreClient(QueryBackend):
    """Asks the process that owns the store. One question at a time.

    Args:
        socket_path: of its `StoreServer`.

    Raises:
        StoreBusy: a process listens there, but accepted no connection for 5 s.
        StoreError: no process listens there.
    """

    is_of_run = True

    def __init__(self, socket_path: Path) -> None:
        self._path = socket_path
        self._one_at_a_time = threading.Lock()
        self._socket = _connect(socket_path)
        self._lines = self._socket.makefile("rb")

    def ask(self, question: Question[A], requester: Requester) -> A:
        """See `QueryBackend.ask`.

        Raises:
            StoreError: the other process reports an error.
            StoreBusy: it does not answer, or ended.
        """
        answer: A = msgspec.json.decode(self._answer(question, requester), type=question.answer_type())
        return answer

    def close(self) -> None:
        """Close the connection; may be called twice."""
        self._lines.close()
        self._socket.close()

    def _answer(self, question: Question[Any], requester: Requester) -> bytes:
        """The answer, as JSON."""
        line = _json.encode(_Envelope(name_of(type(question)), msgspec.structs.asdict(question), requester))
        with self._one_at_a_time:
            try:
                self._socket.settimeout(question.timeout_s)
                self._socket.sendall(line + b"\n")
                reply_line = self._lines.readline()
            except (OSError, ValueError) as error:
                raise self._lost(str(error)) from error
        if not reply_line.endswith(b"\n"):
            raise self._lost("it closed the connection")
        reply = _replies.decode(reply_line)
        if reply.error is not None:
            raise StoreError(reply.error.subject, reply.error.problem, reply.error.fix)
        return bytes(reply.answer)

    def _lost(self, why: str) -> StoreBusy:
        return StoreBusy(str(self._path), f"the process that owns the event store does not answer: {why}", "Ask again.")


def _connect(path: Path) -> socket.socket:
    """A connection to the process that listens at `path`.

    Raises:
        StoreBusy: a process listens, but its queue stayed full for `_QUEUE_S`.
        StoreError: no process listens.
    """
    deadline = time.monotonic() + _QUEUE_S
    while True:
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        peer.settimeout(_QUEUE_S)
        try:
            with short_address(path) as address:
                peer.connect(address)
        except BlockingIOError as error:
            # Linux does not let us wait for a place in a full queue.
            peer.close()
            if time.monotonic() > deadline:
                raise StoreBusy(
                    str(path), "too many others wait for the process that owns the event store", "Ask again."
                ) from error
            time.sleep(_QUEUE_STEP_S)
        except OSError as error:
            peer.close()
            raise StoreError(str(path), f"no running process answers here: {error.strerror}") from error
        else:
            return peer


def released(path: Path) -> bool:
    """Ask the process that owns an event store to give it up; whether it did.

    Args:
        path: of its `StoreServer`.
    """
    try:
        peer = _connect(path)
    except StoreError:
        return False
    with peer, peer.makefile("rb") as lines, contextlib.suppress(OSError):
        peer.settimeout(_RELEASE_S)
        peer.sendall(_RELEASE)
        return lines.readline() == b"true\n"
    return False


def _answers(path: Path) -> bool:
    try:
        _connect(path).close()
    except StoreBusy:
        return True
    except StoreError:
        return False
    return True
