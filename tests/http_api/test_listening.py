"""Addresses: this machine only, or TLS; the socket's file; start and stop of the server."""

from __future__ import annotations

import signal
import socket
import ssl
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from fastapi import FastAPI

from pipeline.errors import ConfigError
from pipeline.http_api.listening import ListenAddress, TlsFiles, check_encryption, listening, parse_listen
from pipeline.http_api.server import server_config
from tests.app.people.installations import Office


@pytest.mark.parametrize(
    ("text", "address", "local"),
    [
        ("127.0.0.1:8480", ListenAddress("127.0.0.1", 8480), True),
        ("localhost:80", ListenAddress("127.0.0.1", 80), True),
        ("[::1]:0", ListenAddress("::1", 0), True),
        ("unix:/run/viapublica/api.sock", ListenAddress(path=Path("/run/viapublica/api.sock")), True),
        ("0.0.0.0:8443", ListenAddress("0.0.0.0", 8443), False),
        ("[::]:8443", ListenAddress("::", 8443), False),
        ("192.168.1.5:1", ListenAddress("192.168.1.5", 1), False),
    ],
)
def test_other_machines_reach_only_an_address_with_tls(text: str, address: ListenAddress, local: bool) -> None:
    assert parse_listen(text) == address
    assert address.is_local is local
    if local:
        check_encryption(address, None)
    else:
        with pytest.raises(ConfigError, match="would pass unencrypted"):
            check_encryption(address, None)


@pytest.mark.parametrize(
    "text", ["", "8480", "0.0.0.0", "host.example:80", "127.0.0.1:65536", "unix:api.sock", "::1:8"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--listen"):
        parse_listen(text)


def test_files_that_are_no_certificate_and_key_are_refused(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("no certificate")
    for cert in ("cert.pem", "absent.pem"):
        with pytest.raises(ConfigError, match="cannot be used"):
            check_encryption(ListenAddress("0.0.0.0", 1), TlsFiles(tmp_path / cert, tmp_path / cert))


def test_a_socket_is_of_its_owner_and_group_and_goes_away(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    with listening(ListenAddress(path=path)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        with pytest.raises(ConfigError, match="Address already in use"), listening(ListenAddress(path=path)):
            pass
    assert not path.exists()
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))
    with listening(ListenAddress(path=path)):
        assert path.is_socket(), "that of a killed server is replaced"
    path.write_text("a file")
    with pytest.raises(ConfigError, match="cannot be used"), listening(ListenAddress(path=path)):
        pass
    assert path.read_text() == "a file"


def test_the_command_serves_and_stops_in_good_order(city: Office, tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    command = [
        sys.executable,
        "-m",
        "pipeline.cli",
        "serve",
        "--register",
        city.register,
        "--data",
        str(city.stores.data_dir),
    ]
    with subprocess.Popen([*command, "--listen", f"unix:{path}"], stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            assert server.stderr.readline() == f"serving unix:{path}\n"
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(path))
                connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert connection.recv(100).startswith(b"HTTP/1.1 200 OK")
            server.send_signal(signal.SIGTERM)
            assert server.wait(30) == 0
        finally:
            server.kill()
    assert not path.exists()


def test_the_server_offers_forward_secrecy_and_authenticated_encryption_alone(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "city.example")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    (tmp_path / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    config = server_config(FastAPI(), TlsFiles(tmp_path / "cert.pem", tmp_path / "key.pem"))
    config.load()
    assert config.ssl is not None
    assert config.ssl.minimum_version >= ssl.TLSVersion.TLSv1_2
    offered = [one["name"] for one in config.ssl.get_ciphers()]
    assert len(offered) > 5
    assert not [name for name in offered if not name.startswith(("TLS_", "ECDHE-"))]
    assert not [name for name in offered if "GCM" not in name and "CHACHA20" not in name]
