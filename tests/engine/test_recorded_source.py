"""Recorded video as a camera's source stays what its camera was declared to be, whatever the configuration says."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.app.config_check import check_config
from pipeline.config.settings import Config
from pipeline.domain.camera import Camera, Scope, Surroundings
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.engine.build import check_sources, open_engine
from pipeline.engine.camera_factory import build_source
from pipeline.errors import ConfigError, PolicyError
from pipeline.record.declaration_tag import tag_of
from pipeline.record.file_layout import DECLARATIONS
from pipeline.storage.declaration_log import DeclarationLog
from tests.decode.clips import Recipe, encode
from tests.record.packets import BEGIN_MS, until
from tests.servers.web import WebServer

ROAD = CameraDeclaration(Camera("gate", Scope.PUBLIC_ROAD))
SQUARE = CameraDeclaration(Camera("praca", Scope.PUBLIC_SQUARE))
TEMPLE = CameraDeclaration(Camera("temple", Scope.PUBLIC_ROAD, surroundings=frozenset({Surroundings.TEMPLE})))
MASK = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5))
OTHER_MASK = ((0.5, 0.5), (1.0, 0.5), (1.0, 1.0), (0.5, 1.0))


def tagged(folder: Path, declaration: CameraDeclaration) -> Path:
    """A copy of a recorded file: only its tag says what it is."""
    return encode(folder / "copy.mp4", Recipe(metadata={"comment": tag_of(declaration)}))


def in_folder(folder: Path, declaration: CameraDeclaration) -> Path:
    """A file in a recording folder, without a tag."""
    day = folder / "video" / declaration.camera_id / "2025-06-01"
    day.mkdir(parents=True)
    DeclarationLog(day.parent / DECLARATIONS).declare(declaration, BEGIN_MS)
    return encode(day / "gate.mp4")


def linked(folder: Path, declaration: CameraDeclaration) -> Path:
    """A link to a file in a recording folder."""
    link = folder / "link.mp4"
    link.symlink_to(in_folder(folder, declaration))
    return link


def images(folder: Path, declaration: CameraDeclaration) -> Path:
    """A folder of images that is a recording folder."""
    return in_folder(folder, declaration).parents[1]


Way = Callable[[Path, CameraDeclaration], Path]
WAYS = pytest.mark.parametrize("way", [tagged, in_folder, linked, images])


def config(source: Path | str, scope: str = "public-road", **more: Any) -> Config:
    return Config.model_validate({"cameras": [{"id": "innocent", "source": str(source), "scope": scope, **more}]})


@WAYS
@pytest.mark.parametrize(
    ("declaration", "words"),
    [(SQUARE, "scope: public-square"), (TEMPLE, r"scope: public-road and surroundings: \[temple\]")],
)
def test_a_looser_configuration_is_refused_with_the_declaration_to_write(
    tmp_path: Path, way: Way, declaration: CameraDeclaration, words: str
) -> None:
    source = way(tmp_path, declaration)
    expected = rf"camera innocent: would have plates read in .*recorded by camera {declaration.camera_id}.*{words}"
    with pytest.raises(ConfigError, match=expected):
        check_sources(config(source))


def test_the_check_of_a_configuration_and_the_start_refuse_it(tmp_path: Path) -> None:
    source = tagged(tmp_path, SQUARE)
    path = tmp_path / "city.yaml"
    path.write_text(json.dumps({"cameras": [{"id": "innocent", "source": source.as_uri(), "scope": "public-road"}]}))
    with pytest.raises(ConfigError, match="recorded by camera praca"):
        check_config(path)
    with pytest.raises(ConfigError, match="recorded by camera praca"), open_engine(config(source)):
        pass


@WAYS
def test_recorded_video_that_is_declared_as_it_was_is_accepted(tmp_path: Path, way: Way) -> None:
    source = way(tmp_path, SQUARE)
    check_sources(config(source, "public-square"))
    check_sources(config(source, "public-road", surroundings=["school"]))


@WAYS
def test_recorded_video_of_a_road_may_be_declared_more_strictly(tmp_path: Path, way: Way) -> None:
    source = way(tmp_path, ROAD)
    check_sources(config(source))
    check_sources(config(source, "public-square"))


def test_a_declaration_that_cannot_be_read_refuses_the_start(tmp_path: Path) -> None:
    source = encode(tmp_path / "copy.mp4", Recipe(metadata={"comment": '{"viapublica-declaration": {}}'}))
    with pytest.raises(PolicyError, match="its declaration cannot be read"):
        check_sources(config(source))


@pytest.mark.parametrize("way", [tagged, in_folder, linked])
def test_the_recorded_privacy_masks_are_black_besides_the_configured_ones(tmp_path: Path, way: Way) -> None:
    source = way(tmp_path, replace(ROAD, masks=(MASK,)))
    plain, both = config(source), config(source, masks=[OTHER_MASK])
    (first, *_) = build_source(plain, plain.cameras[0]).frames()
    pixels = first.image.bgr()
    assert pixels[5:50, 5:70].max() == 0
    assert pixels[70:110, 90:150].max() > 90, "only the recorded mask is black"
    (first, *_) = build_source(both, both.cameras[0]).frames()
    assert first.image.bgr()[70:110, 90:150].max() == 0


def test_recorded_privacy_masks_never_move_with_another_rotation(tmp_path: Path) -> None:
    source = tagged(tmp_path, replace(ROAD, masks=(MASK,), rotate=180))
    with pytest.raises(ConfigError, match=r"has rotate: 0, and .* apply to rotate: 180\. State rotate: 180"):
        check_sources(config(source))
    turned = config(source, rotate=180)
    (first, *_) = build_source(turned, turned.cameras[0]).frames()
    assert first.image.bgr()[5:50, 5:70].max() == 0


@WAYS
def test_video_that_was_recorded_turned_is_analyzed_turned_or_not_at_all(tmp_path: Path, way: Way) -> None:
    source = way(tmp_path, replace(ROAD, rotate=180))
    for rotate in (0, 90):
        with pytest.raises(ConfigError, match=rf"has rotate: {rotate}, and .* was recorded with rotate: 180"):
            check_sources(config(source, rotate=rotate))
    check_sources(config(source, rotate=180))


@pytest.mark.parametrize("recorded", [False, True])
def test_recorded_video_from_a_web_server_is_never_analyzed(tmp_path: Path, recorded: bool) -> None:
    """Its declaration is not known at the start, so it could not be compared with the configuration."""
    path = tagged(tmp_path, replace(SQUARE, masks=(MASK,))) if recorded else encode(tmp_path / "plain.mp4")
    found: list[object] = []
    with WebServer(tmp_path) as web:
        served = config(web.url(path.name))
        source = build_source(served, served.cameras[0])
        reader = threading.Thread(target=lambda: found.extend(source.frames()), daemon=True)
        reader.start()
        until(lambda: bool(found) or "recorded video" in source.status().detail, "read or refused")
        source.stop()
        reader.join(60)
    assert bool(found) is not recorded
    if recorded:
        assert "sends recorded video" in source.status().detail


def test_video_that_no_recorder_noted_is_as_the_configuration_says(tmp_path: Path) -> None:
    check_sources(config(shutil.copy(encode(tmp_path / "clip.mp4"), tmp_path / "other.mp4")))
    check_sources(config(tmp_path / "not-there-yet.mp4"))
    check_sources(config("rtsp://10.0.0.7/1"))
