"""A camera is asked for its streams, and can neither choose another host nor keep a login in an address."""

from __future__ import annotations

import pytest

from pipeline.errors import SourceError
from pipeline.onvif.device_discovery import DiscoveredCamera, discover_cameras
from pipeline.onvif.stream_lookup import CameraStreams, streams_of_camera
from tests.event_samples import wait_until
from tests.servers.onvif import OnvifCamera
from tests.servers.ports import free_port


def look_up(host: str, password: str = "p@ss/w#1") -> CameraStreams:
    return streams_of_camera(host, user="admin", password=password, timeout_s=10)


def test_the_largest_stream_comes_first_and_leads_to_the_host_that_was_asked() -> None:
    streams = {"sub": "rtsp://192.168.1.9:8554/sub?x=1", "main": "rtsp://u:p@evil.example:8554/main"}
    with OnvifCamera(streams) as camera:
        found = look_up(camera.host)
    assert (found.manufacturer, found.model) == ("Fabricante", "M1")
    assert [one.address for one in found.streams] == ["rtsp://127.0.0.1:8554/main", "rtsp://127.0.0.1:8554/sub?x=1"]
    main = found.streams[0]
    assert (main.profile, main.encoding, main.width, main.height, main.fps) == ("main", "H264", 1280, 720, 15)


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "concat:a|b", "rtsp://h/a@b", ""])
def test_a_camera_that_names_no_usable_stream_is_an_error(uri: str) -> None:
    with OnvifCamera({"main": uri}) as camera, pytest.raises(SourceError):
        look_up(camera.host)


def test_a_wrong_password_is_reported_as_one() -> None:
    with OnvifCamera({"main": "rtsp://h/1"}) as camera, pytest.raises(SourceError, match="refuses the ONVIF login"):
        look_up(camera.host, "wrong")


def test_a_host_without_onvif_is_an_error_in_words() -> None:
    with pytest.raises(SourceError, match="does not answer as an ONVIF device"):
        look_up(f"127.0.0.1:{free_port()}")
    with pytest.raises(SourceError, match="is no host"):
        look_up("http://admin:S3CRET@h/x")


def test_a_probe_finds_a_camera_with_its_name() -> None:
    with OnvifCamera({"main": "rtsp://h/1"}) as camera:
        answers: list[DiscoveredCamera] = []

        def answered() -> bool:
            answers[:] = discover_cameras(timeout_s=0.5, host=camera.discovery)
            return bool(answers)

        wait_until(answered)
        (found,) = answers
        assert (found.host, found.name, found.hardware) == (camera.host, "Praça", "M1")
    assert discover_cameras(timeout_s=0.2, host=f"127.0.0.1:{free_port()}") == []
