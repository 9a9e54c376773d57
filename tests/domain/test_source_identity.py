"""Identity of sources: spellings of one address are one source, and none keeps a credential."""

from __future__ import annotations

import pytest

from pipeline.domain.source_identity import normalized_source, source_sha256


@pytest.mark.parametrize(
    "other",
    [
        "rtsp://10.0.0.7/Stream1",
        "rtsp://user:secret@10.0.0.7/Stream1",
        "rtsp://user:p@ss/w#1@10.0.0.7/Stream1",
        "RTSP://10.0.0.7:554/stream1",
        "rtsp://10.0.0.7/stream1/",
        "rtsp://10.0.0.7//stream1",
        "rtsp://10.0.0.7/a/../stream1",
        "rtsp://10.0.0.7/%73tream1",
        "rtsp://10.0.0.7./stream1#x",
    ],
)
def test_spellings_of_one_address_are_one_source(other: str) -> None:
    assert normalized_source(other) == normalized_source("rtsp://10.0.0.7/stream1")
    assert source_sha256(other) == source_sha256("rtsp://10.0.0.7/stream1")


@pytest.mark.parametrize(
    "other", ["rtsp://10.0.0.8/stream1", "rtsp://10.0.0.7:8554/stream1", "rtsp://10.0.0.7/stream1?channel=2"]
)
def test_other_hosts_ports_and_channels_are_other_sources(other: str) -> None:
    assert normalized_source(other) != normalized_source("rtsp://10.0.0.7/stream1")


def test_query_order_and_secret_values_do_not_matter() -> None:
    one = normalized_source("http://cam/v?channel=1&token=AAA")
    assert one == normalized_source("http://cam:80/v?token=BBB&channel=1")
    assert "AAA" not in one


@pytest.mark.parametrize(
    "address", ["rtsp://user:secret@h/x", "rtsp://user:secret@[bad/x", "http://h/v?password=secret"]
)
def test_no_credential_is_left(address: str) -> None:
    assert "secret" not in normalized_source(address)


def test_a_path_stays_as_it_is() -> None:
    assert normalized_source("/videos/Praça 15.mp4") == "/videos/Praça 15.mp4"
    assert normalized_source("file:///videos/a%20b.mp4") == "/videos/a b.mp4"
