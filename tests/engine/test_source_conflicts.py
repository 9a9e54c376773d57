"""One source under two ids with two declarations is refused, however its address is spelled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.config.settings import Config
from pipeline.engine.source_conflicts import check_distinct_sources, shared_hosts, undeclared_pairs
from pipeline.errors import ConfigError


def config(first: str, second: str, **second_more: Any) -> Config:
    one = {"id": "praca", "source": first, "scope": "public-square"}
    other = {"id": "other", "source": second, "scope": "public-road", **second_more}
    return Config.model_validate({"cameras": [one, other]})


@pytest.mark.parametrize(
    "other",
    [
        "rtsp://127.0.0.1/stream1",
        "rtsp://127.0.0.1:554/stream1",
        "rtsp://user:secret@127.0.0.1/stream1",
        "RTSP://127.0.0.1/Stream1/",
        "rtsp://localhost/stream1",
        "rtsp://127.0.0.1//stream1",
        "rtsp://[::ffff:127.0.0.1]/stream1",
    ],
)
def test_spellings_of_one_address_are_found(other: str) -> None:
    with pytest.raises(
        ConfigError, match="cameras praca and other: have the same source, and differ in scope"
    ) as error:
        check_distinct_sources(config("rtsp://127.0.0.1/stream1", other))
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("way", ["same", "relative", "symlink", "hard link"])
def test_one_file_under_two_names_is_found(tmp_path: Path, way: str) -> None:
    film = tmp_path / "praca.mp4"
    film.write_bytes(b"video")
    other = tmp_path / "other.mp4"
    if way == "symlink":
        other.symlink_to(film)
    elif way == "hard link":
        other.hardlink_to(film)
    else:
        other = film if way == "same" else tmp_path / "x" / ".." / "praca.mp4"
        (tmp_path / "x").mkdir()
    with pytest.raises(ConfigError, match="have the same source"):
        check_distinct_sources(config(str(film), str(other)))


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"scope": "public-square", "surroundings": ["temple"]}, "surroundings"),
        ({"scope": "public-square", "masks": [[[0, 0], [1, 0], [1, 1]]]}, "masks"),
        ({"scope": "public-square", "name": "Igreja"}, "surroundings"),
    ],
)
def test_surroundings_and_masks_must_agree_too(more: dict[str, Any], what: str) -> None:
    with pytest.raises(ConfigError, match=f"differ in {what}"):
        check_distinct_sources(config("rtsp://10.0.0.7/a", "rtsp://10.0.0.7/a", **more))


def test_one_source_twice_with_one_declaration_and_other_sources_are_fine() -> None:
    check_distinct_sources(config("rtsp://10.0.0.7/a", "rtsp://10.0.0.7/a", scope="public-square"))
    check_distinct_sources(config("rtsp://10.0.0.7/a", "rtsp://10.0.0.8/a"))
    check_distinct_sources(config("rtsp://10.0.0.7/a?channel=1", "rtsp://10.0.0.7/a?channel=2"))


def test_two_streams_of_one_host_with_different_permissions_are_asked_about() -> None:
    pairs = shared_hosts(config("rtsp://10.0.0.7/main", "rtsp://10.0.0.7/sub"))
    assert [(one.id, other.id) for one, other in pairs] == [("praca", "other")]
    assert shared_hosts(config("rtsp://10.0.0.7/main", "rtsp://10.0.0.8/sub")) == []
    assert shared_hosts(config("/videos/a.mp4", "/videos/b.mp4")) == []


@pytest.mark.parametrize(
    "other",
    [
        "rtsp://127.0.0.1/stream1?x=1",
        "rtsp://127.0.0.1/stream1?user=a&pwd=b",
        "rtsp://127.0.0.1/stream1;a=b",
        "http://127.0.0.1/stream1",
        "rtsp://127.0.0.2/stream2",
        "rtsp://0.0.0.0:8554/stream2",
        "rtsp://localhost:8554/sub",
    ],
)
def test_plates_at_a_shared_host_wait_for_a_declaration(other: str) -> None:
    assert undeclared_pairs(config("rtsp://127.0.0.1/stream1", other)) == [("other", "praca")]
    assert undeclared_pairs(config("rtsp://127.0.0.1/stream1", other, other_scene_than=["praca"])) == []


def test_a_declaration_names_another_camera() -> None:
    for name in ("praça", "other"):
        with pytest.raises(ConfigError, match="which is no other camera"):
            check_distinct_sources(config("rtsp://10.0.0.7/a", "rtsp://10.0.0.7/b", other_scene_than=[name]))


def test_a_host_without_an_address_is_compared_as_it_is_written() -> None:
    with pytest.raises(ConfigError, match="have the same source"):
        check_distinct_sources(config("rtsp://cam.invalid/a", "rtsp://CAM.invalid./a"))
