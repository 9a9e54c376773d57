"""No answer of an RTSP camera leads to another host, and its stream is what it was."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from pipeline.decode.input_options import NetworkOptions
from pipeline.domain.ports import SourceState
from tests.decode.test_http_access import certificate, watch
from tests.decode.test_http_answers import eventually_at_most, open_files
from tests.servers.rtsp import encode_loop
from tests.servers.scripted_rtsp import ScriptedRtsp, nal_units

METHODS = ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]


@pytest.fixture(scope="module")
def nals(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    path = encode_loop(tmp_path_factory.mktemp("relay") / "a.h264", seconds=1, size=(160, 120))
    return nal_units(path.read_bytes())


@contextmanager
def internal(host: str = "127.0.0.1") -> Iterator[tuple[int, list[bytes]]]:
    """A service of the network that must not be reached: its port, and what it received."""
    received: list[bytes] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection:
                    received.append(connection.recv(4096))

    with socket.create_server((host, 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1], received
        listening.shutdown(socket.SHUT_RDWR)


def moved(location: bytes, line: bytes = b"RTSP/1.0 302 Moved Temporarily\r\n") -> bytes:
    return line + b"{cseq}\r\nLocation: " + location + b"\r\n\r\n"


def outage(server: ScriptedRtsp, login: str = "") -> str:
    with watch(server.url(login=login)) as camera:
        lost = camera.until(lambda status: status.state is SourceState.BACKING_OFF, "backing off")
    assert camera.frames == []
    assert lost.detail.isprintable()
    return lost.detail


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scheme", ["rtsp", "rtsps", "http", "satip", "tcp"])
def test_a_redirection_to_another_host_is_refused_at_every_step(scheme: str, method: str, nals: list[bytes]) -> None:
    with internal() as (port, received):
        answer = moved(f"{scheme}://127.0.0.1:{port}/x".encode())
        with ScriptedRtsp(nals, answers={method: answer}) as server:
            why = outage(server, "admin:secret@")
            assert server.connections == 1
    assert received == []
    if method != "PLAY":  # FFmpeg itself follows none there
        assert "refers to" in why
        assert "not allowed" in why


@pytest.mark.parametrize(
    "location", [b"file:///etc/passwd", b"//127.0.0.1:9/x", b"rtsp://[::1/x", b"\x1b[31m", b"pipe:0"]
)
def test_a_redirection_to_no_camera_is_refused(location: bytes, nals: list[bytes]) -> None:
    with ScriptedRtsp(nals, answers={"DESCRIBE": moved(location)}) as server:
        assert outage(server)


@pytest.mark.parametrize(
    "line",
    [
        b"RTSP/1.0 300 x\r\n", b"RTSP/1.0 399 x\r\n", b"RTSP/2.0 302 x\r\n", b"RTSP/ 302 x\r\n", b"RTSP/1.0 +302 x\r\n",
        b"RTSP/1.0 0302 x\r\n", b"RTSP/1.0 302abc\r\n", b"RTSP/1.0 4294967598 x\r\n", b"RTSP/1.0 -4294966994 x\r\n",
        b"RTSP/1.0\t302 x\r\n", b"RT\rSP/1.0 3\r02 x\r\n", b"RTSP/1.0 \x0b302 x\r\n", b"RTSP/\x0bX 302 x\r\n",
        b"\r\n\r\nRTSP/1.0 302 x\r\n", b"  RTSP/1.0 302 x\r\n", b"RTSP/" + b"x" * 3000 + b" 302\r\n",
        b"RTSP/1.0" + b" " * 4083 + b"3025555 x\r\n", b"$\0\0\x01XRTSP/1.0 302 x\r\n", b"RTSP/1.0 302\n",
        b"RTSP/1.0 200 OK\r\n{cseq}\r\nContent-Length: 4\r\n\r\nbodyRTSP/1.0 302 x\r\n",
        b"RTSP/1.0 100 Continue\r\n{cseq}\r\n\r\nRTSP/1.0 302 x\r\n",
    ],
)  # fmt: skip
def test_no_spelling_of_a_redirection_passes(line: bytes, nals: list[bytes]) -> None:
    with internal() as (port, received):
        answer = moved(f"rtsp://127.0.0.1:{port}/x".encode(), line)
        for method in ("OPTIONS", "DESCRIBE"):
            with ScriptedRtsp(nals, answers={method: answer}) as server:
                outage(server)
    assert received == []


@pytest.mark.parametrize("method", METHODS)
def test_a_request_of_the_camera_to_move_leads_nowhere(method: str, nals: list[bytes]) -> None:
    with internal() as (port, received):
        request = f"REDIRECT rtsp://x RTSP/1.0\r\nCSeq: 9\r\nLocation: rtsp://127.0.0.1:{port}/x\r\n\r\n".encode()
        with ScriptedRtsp(nals, answers={method: request}) as server:
            outage(server)
        with ScriptedRtsp(nals, after=request) as server, watch(server.url()) as camera:
            camera.more(5)
    assert received == []


def test_a_redirection_at_the_camera_itself_is_followed_with_its_login(nals: list[bytes]) -> None:
    with ScriptedRtsp(nals) as target:
        answers = {"DESCRIBE": moved(f"rtsp://127.0.0.1:{target.port}/main".encode())}
        allowed = NetworkOptions(hosts=frozenset({f"127.0.0.1:{target.port}"}))
        with ScriptedRtsp(nals, answers=answers) as server, watch(server.url(login="a:b@"), allowed) as camera:
            camera.more(5)
        assert any(b"/main RTSP/1.0" in request for request in target.requests)


def test_endless_redirections_end(nals: list[bytes]) -> None:
    with ScriptedRtsp(nals, answers={"DESCRIBE": moved(b"rtsp://127.0.0.1:{port}/x")}) as server:
        assert "redirects more than 5 times" in outage(server)


def test_answers_without_end_are_cut(nals: list[bytes]) -> None:
    answer = b"RTSP/1.0 200 OK\r\n{cseq}\r\n" + b"X: y\r\n" * 20_000 + b"\r\n"
    with ScriptedRtsp(nals, answers={"OPTIONS": answer}) as server:
        assert "its answers are too long" in outage(server)


def test_a_stream_over_tls_is_read_when_its_certificate_is_verified(tmp_path: Path, nals: list[bytes]) -> None:
    own = certificate(tmp_path / "own.pem", "127.0.0.1")
    with ScriptedRtsp(nals, certificate=own) as server:
        with watch(server.url(), NetworkOptions(ca_file=own)) as camera:
            camera.more(20)
        assert "certificate cannot be trusted" in outage(server)
        with watch(server.url(), NetworkOptions(insecure=True)) as camera:
            camera.more(5)


def test_an_rtsps_camera_cannot_lead_to_plain_rtsp(tmp_path: Path, nals: list[bytes]) -> None:
    own = certificate(tmp_path / "own.pem", "127.0.0.1")
    answers = {"DESCRIBE": moved(b"rtsp://127.0.0.1:{port}/x")}
    network = NetworkOptions(ca_file=own)
    with ScriptedRtsp(nals, certificate=own, answers=answers) as server, watch(server.url(), network) as camera:
        refused = "the protocol 'rtsp', which is not allowed"
        lost = camera.until(lambda status: refused in status.detail, refused)
    assert lost.state is SourceState.BACKING_OFF


def test_every_connection_is_closed_with_its_session(nals: list[bytes]) -> None:
    before = open_files()
    with ScriptedRtsp(nals) as server:
        for _ in range(3):
            with watch(server.url()) as camera:
                camera.more(3)
    assert eventually_at_most(before, 10)
