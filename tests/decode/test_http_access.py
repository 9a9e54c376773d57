"""A camera reaches no host but its own, and one whose certificate is not trusted is not watched."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from pipeline.decode.input_options import InputOptions, NetworkOptions
from pipeline.decode.supervised_source import open_source
from pipeline.domain.ports import SourceState
from tests.decode.clips import Recipe, encode
from tests.decode.test_streams import QUICK, WatchedSource

ENDED = "the end"


class Server:
    """Files of a folder over HTTP or HTTPS; notes every request. ``/to/NAME`` redirects to `target`/NAME."""

    def __init__(self, folder: Path, certificate: Path | None = None, credentials: str = "") -> None:
        self.paths: list[str] = []
        self.target = ""
        server = self

        class Handler(SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                server.paths.append(self.path)
                if self.path.startswith("/to/"):
                    self.send_response(302)
                    self.send_header("Location", server.target + self.path.removeprefix("/to"))
                    self.end_headers()
                elif credentials and "Basic" not in self.headers.get("Authorization", ""):
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                    self.end_headers()
                else:
                    super().do_GET()

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self.scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
            self.scheme = "https"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def url(self, path: str, login: str = "") -> str:
        return f"{self.scheme}://{login}{self.host}/{path}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def certificate(path: Path, name: str) -> Path:
    """A self-signed certificate for a name or address, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    general = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=9))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([general]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(pem + built.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    encode(tmp_path / "a.mp4", Recipe(frames=10))
    encode(tmp_path / "a.ts", Recipe(frames=10))
    return tmp_path


@pytest.fixture
def camera(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    yield server
    server.close()


@pytest.fixture
def internal(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    yield server
    server.close()


def playlist(folder: Path, *segments: str, key: str = "") -> None:
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:1", *([key] if key else [])]
    lines += [f"#EXTINF:1.0,\n{segment}" for segment in segments]
    (folder / "list.m3u8").write_text("\n".join([*lines, "#EXT-X-ENDLIST", ""]))


def watch(url: str, network: NetworkOptions = NetworkOptions()) -> WatchedSource:  # noqa: B008
    watched = WatchedSource(url)
    watched.source = open_source("cam", url, settings=QUICK, options=InputOptions(network=network, ends=True))
    return watched


def frames_of(url: str, network: NetworkOptions = NetworkOptions()) -> int:  # noqa: B008
    with watch(url, network) as watched:
        watched.until(lambda status: status.state is SourceState.ENDED, ENDED)
    return len(watched.frames)


def problem_of(url: str, network: NetworkOptions = NetworkOptions()) -> str:  # noqa: B008
    with watch(url, network) as watched:
        status = watched.until(lambda status: status.state is SourceState.BACKING_OFF, "backing off")
    assert watched.frames == []
    return status.detail


@pytest.mark.parametrize(
    "reference",
    ["segment", "variant", "key", "map", "redirected segment", "redirected playlist", "redirected file"],
)
def test_no_reference_of_a_camera_reaches_another_host(
    reference: str, camera: Server, internal: Server, folder: Path
) -> None:
    inner = internal.url("a.ts")
    path = "list.m3u8"
    camera.target = f"http://{internal.host}"
    if reference == "segment":
        playlist(folder, inner)
    elif reference == "variant":
        (folder / "inner.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.ts\n#EXT-X-ENDLIST\n")
        (folder / path).write_text(f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9\n{internal.url('inner.m3u8')}\n")
    elif reference == "key":
        playlist(folder, "a.ts", key=f'#EXT-X-KEY:METHOD=AES-128,URI="{internal.url("key")}",IV=0x{0:032x}')
    elif reference == "map":
        playlist(folder, "a.ts", key=f'#EXT-X-MAP:URI="{internal.url("a.mp4")}"')
    elif reference == "redirected segment":
        playlist(folder, "to/a.ts")
    else:
        path = "to/list.m3u8" if reference == "redirected playlist" else "to/a.mp4"
        playlist(folder, "a.ts")
    assert problem_of(camera.url(path))
    assert internal.paths == []
    assert camera.paths


def test_the_refused_host_is_named(camera: Server, internal: Server) -> None:
    camera.target = f"http://{internal.host}"
    assert problem_of(camera.url("to/a.mp4")) == f"refers to the host {internal.host}, which is not allowed"
    assert internal.paths == []


@pytest.mark.parametrize("path", ["to/a.mp4", "to/list.m3u8", "list.m3u8"])
def test_a_host_that_is_allowed_is_requested(path: str, camera: Server, internal: Server, folder: Path) -> None:
    camera.target = f"http://{internal.host}"
    playlist(folder, internal.url("a.ts"))
    assert frames_of(camera.url(path), NetworkOptions(hosts=frozenset({internal.host}))) == 10
    assert internal.paths


def test_redirections_at_the_camera_itself_are_followed(folder: Path) -> None:
    camera = Server(folder, credentials="admin:secret")
    camera.target = f"http://{camera.host}"
    playlist(folder, "to/a.ts")
    assert frames_of(camera.url("to/a.mp4", login="admin:secret@")) == 10
    assert frames_of(camera.url("to/list.m3u8", login="admin:secret@")) == 10
    camera.close()


def test_encrypted_segments_are_decrypted(camera: Server, folder: Path) -> None:
    key, iv = bytes(range(16)), bytes(16)
    plain = (folder / "a.ts").read_bytes()
    padding = 16 - len(plain) % 16
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    (folder / "secret.ts").write_bytes(encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize())
    (folder / "key").write_bytes(key)
    playlist(folder, "secret.ts", key=f'#EXT-X-KEY:METHOD=AES-128,URI="key",IV=0x{iv.hex()}')
    assert frames_of(camera.url("list.m3u8")) == 10


@pytest.mark.parametrize("path", ["a.mp4", "list.m3u8"])
def test_certificates_are_verified(path: str, folder: Path) -> None:
    own, evil = certificate(folder / "own.pem", "127.0.0.1"), certificate(folder / "evil.pem", "evil")
    playlist(folder, "a.ts")
    camera, other = Server(folder, own), Server(folder, evil)
    try:
        assert "certificate cannot be trusted" in problem_of(camera.url(path))
        assert "certificate cannot be trusted" in problem_of(other.url(path))
        assert "certificate cannot be trusted" in problem_of(other.url(path), NetworkOptions(ca_file=evil))
        assert "certificate cannot be trusted" in problem_of(other.url(path), NetworkOptions(ca_file=own))
        assert camera.paths == other.paths == [], "nothing is requested before the certificate is verified"
        assert frames_of(camera.url(path), NetworkOptions(ca_file=own)) == 10
        assert frames_of(other.url(path), NetworkOptions(ca_file=evil, server_name="evil")) == 10
        assert frames_of(other.url(path), NetworkOptions(insecure=True)) == 10
    finally:
        camera.close()
        other.close()


def test_an_https_camera_cannot_refer_to_http(camera: Server, folder: Path) -> None:
    own = certificate(folder / "own.pem", "127.0.0.1")
    secure = Server(folder, own)
    playlist(folder, camera.url("a.ts"))
    network = NetworkOptions(ca_file=own, hosts=frozenset({camera.host}))
    assert problem_of(secure.url("list.m3u8"), network)
    assert camera.paths == []
    secure.close()


def test_rtsps_verifies_certificates(folder: Path) -> None:
    handshakes: list[str] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(folder / "evil.pem", "evil"))
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                    with context.wrap_socket(connection, server_side=True) as secure:
                        handshakes.append(secure.recv(100).decode("latin-1"))
                except OSError:
                    if listening.fileno() < 0:
                        return

        threading.Thread(target=serve, daemon=True).start()
        url = f"rtsps://127.0.0.1:{listening.getsockname()[1]}/x"
        assert "certificate cannot be trusted" in problem_of(url)
    assert "".join(handshakes) == "", "no request, and no password, is sent to a host that is not verified"
