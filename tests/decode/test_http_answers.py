"""Whatever an HTTP server answers, a camera behind it is an outage in words, and every connection is closed."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog

from pipeline.domain.ports import SourceState
from tests.decode.test_streams import QUICK, WatchedSource

OK = b"HTTP/1.1 200 OK\r\n"
MOVED = b"HTTP/1.1 302 Found\r\nLocation: "
LOGIN = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nWWW-Authenticate: "
ANSWERS = {
    "another protocol": b"SSH-2.0-OpenSSH_9\r\n",
    "every byte": bytes(range(256)) * 4,
    "nothing": b"",
    "no headers": OK + b"\r\n",
    "a status that is no number": b"HTTP/1.1 2OO OK\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 99 x\r\n\r\n",
    "a status beyond 599": b"HTTP/1.1 666 x\r\n\r\n",
    "escapes in the status": b"HTTP/1.1 503 \x1b[31mred\x07\r\n\r\n",
    "not modified": b"HTTP/1.1 304 Not Modified\r\n\r\n",
    "300 headers": OK + b"".join(b"X-%d: a\r\n" % number for number in range(300)) + b"\r\n",
    "a header of 100 kB": OK + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
    "a length in words": OK + b"Content-Length: abc\r\n\r\nhello",
    "a negative length": OK + b"Content-Length: -5\r\n\r\nhello",
    "a length beyond any": OK + b"Content-Length: 99999999999999999999\r\n\r\nhello",
    "less than its length": OK + b"Content-Length: 5000\r\n\r\nhello",
    "a chunk of no number": OK + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nhello\r\n",
    "a chunk cut off": OK + b"Transfer-Encoding: chunked\r\n\r\nFF\r\nhello",
    "a negative chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
    "an encoding that is none": OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
    "an empty location": MOVED + b"\r\n\r\n",
    "no location": b"HTTP/1.1 302 Found\r\n\r\n",
    "a port beyond 65535": MOVED + b"http://127.0.0.1:99999/x\r\n\r\n",
    "a port in words": MOVED + b"http://127.0.0.1:abc/x\r\n\r\n",
    "half an IPv6 address": MOVED + b"http://[::1/x\r\n\r\n",
    "a host that is not ASCII": MOVED + "http://hóst.example/x\r\n\r\n".encode("latin-1"),
    "a path that is not ASCII": MOVED + "/câm era\r\n\r\n".encode("latin-1"),
    "an escape in the host": MOVED + b"http://\x1b31mred/x\r\n\r\n",
    "a control character in the path": MOVED + b"/a\x01b\r\n\r\n",
    "a file": MOVED + b"file:///etc/passwd\r\n\r\n",
    "itself for ever": MOVED + b"/again\r\n\r\n",
    "a login without fields": LOGIN + b"Digest nonsense\r\n\r\n",
    "a login of an unknown algorithm": LOGIN + b'Digest realm="a", nonce="b", algorithm=XX\r\n\r\n',
    "a login of another kind": LOGIN + b"NTLM\r\n\r\n",
    "a login of no kind": LOGIN + b"\r\n\r\n",
    "only a promise": b"HTTP/1.1 100 Continue\r\n\r\n" * 3,
}
IMPATIENT = QUICK.model_copy(update={"refused_pause_s": 0.2, "backoff_max_s": 0.2})
SLOW = {
    "a header a byte at a time": (OK + b"X: ", b"x"),
    "promises for ever": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body a byte at a time": (OK + b"\r\n#EXTM3U\n", b"#"),
}


@contextmanager
def answering(answer: bytes, drip: bytes = b"") -> Iterator[str]:
    """A server of one answer, which goes on with `drip` until the client leaves; yields its address."""

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(4096)
            connection.sendall(answer)
            while drip:
                time.sleep(0.1)
                connection.sendall(drip)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=listening.accept()[:1], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://user:password@127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def eventually_at_most(limit: int, seconds: float) -> bool:
    """Whether no more files are open within the time: abandoned readers end at their time limit."""
    until = time.monotonic() + seconds
    while open_files() > limit and time.monotonic() < until:
        time.sleep(0.05)
    return open_files() <= limit


def watched(url: str) -> str:
    """Why a camera at this address is retried, after two attempts."""
    with structlog.testing.capture_logs() as lines, WatchedSource(url, IMPATIENT) as camera:
        camera.until(
            lambda _: [line.get("state") for line in lines].count(SourceState.BACKING_OFF) >= 2, "a second attempt"
        )
    assert {line["event"] for line in lines} == {"source_state"}, "one line per attempt, and no traceback"
    assert camera.frames == []
    details = {line["detail"] for line in lines if line.get("state") == SourceState.BACKING_OFF}
    assert len(details) == 1
    return str(details.pop())


@pytest.mark.parametrize("path", ["a.mp4", "list.m3u8"])
@pytest.mark.parametrize("kind", ANSWERS)
def test_a_malformed_answer_is_an_outage_in_words(kind: str, path: str) -> None:
    before = open_files()
    with answering(ANSWERS[kind]) as url:
        why = watched(f"{url}/{path}")
    assert why.isprintable()
    assert "unexpected" not in why
    assert "password@" not in why
    assert eventually_at_most(before, 60), "a connection stayed open"


@pytest.mark.parametrize("path", ["a.mp4", "list.m3u8"])
@pytest.mark.parametrize("kind", SLOW)
def test_an_answer_that_never_ends_is_left_in_time(kind: str, path: str) -> None:
    before = open_files()
    answer, drip = SLOW[kind]
    with answering(answer, drip) as url:
        with WatchedSource(f"{url}/{path}") as camera:
            lost = camera.until(lambda status: status.state is SourceState.BACKING_OFF, "backing off")
        assert "time" in lost.detail or "does not answer" in lost.detail
        assert eventually_at_most(before + 1, 60), "only the server's own socket is left"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("another protocol", "sends no video (its answer is not HTTP)"),
        ("a chunk cut off", "sends no video (its answer was cut off)"),
        ("half an IPv6 address", "sends no video (it refers to an address that is not valid)"),
        ("itself for ever", "sends no video (it redirects more than 5 times)"),
        ("a login of another kind", "sends no video (it asks for a login in a form that is not supported)"),
        ("a file", "refers to an address of the protocol 'file', which is not allowed"),
    ],
)
def test_the_words_say_what_is_wrong(kind: str, words: str) -> None:
    with answering(ANSWERS[kind]) as url:
        assert watched(f"{url}/list.m3u8") == words
