"""Addresses of servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.app.remote.server_address import ServerAddress, parse_server
from pipeline.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://city.example", ServerAddress("city.example", 443, encrypted=True)),
        ("https://city.example:8443/", ServerAddress("city.example", 8443, encrypted=True)),
        ("http://127.0.0.1:8480", ServerAddress("127.0.0.1", 8480)),
        ("http://[::1]:8480", ServerAddress("::1", 8480)),
        ("unix:/run/api.sock", ServerAddress(path=Path("/run/api.sock"))),
    ],
)
def test_an_address_is_read_and_written(text: str, address: ServerAddress) -> None:
    assert parse_server(text) == address
    assert parse_server(str(address)) == address


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("http://city.example", "unencrypted"),
        ("http://10.0.0.7:8480", "unencrypted"),
        ("https://ana:secret@city.example", "password"),
        ("unix:api.sock", "absolute"),
        ("city.example", "not the address"),
        ("ftp://city.example", "not the address"),
        ("https://city.example/api", "not the address"),
        ("https://city.example?plate=ABC1D23", "not the address"),
        ("https://city.example:x", "not the address"),
    ],
)
def test_another_text_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem) as refused:
        parse_server(text)
    assert "secret" not in str(refused.value)
