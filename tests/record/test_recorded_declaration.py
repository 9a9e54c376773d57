"""Recorded video keeps the scope and the masks of its camera, in its folder and as a copy."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from pipeline.domain.camera import Camera, Scope, Surroundings
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.polygon import Polygon
from pipeline.domain.recording import MaskedFrame
from pipeline.domain.video import Planes
from pipeline.errors import PolicyError
from pipeline.observe.annotated_images import save_image
from pipeline.record.declaration_tag import tag_of
from pipeline.record.recorded_declaration import check_plates_of, declarations_of, recorded_view
from pipeline.record.recorder import Recorder
from pipeline.record.settings import RecordSettings
from pipeline.storage.declaration_log import DeclarationLog
from tests.record.packets import BEGIN_MS, clip, packets

MASK = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5))
ROAD = CameraDeclaration(Camera("cam", Scope.PUBLIC_ROAD))
SQUARE = CameraDeclaration(Camera("cam", Scope.PUBLIC_SQUARE))
TEMPLE = CameraDeclaration(Camera("cam", Scope.PUBLIC_ROAD, surroundings=frozenset({Surroundings.TEMPLE})))
BLACK = Planes(np.zeros((120, 160), np.uint8), *(np.full((60, 80), 128, np.uint8),) * 2)


def masks_of(path: Path) -> tuple[Polygon, ...]:
    view = recorded_view(path, is_clip=True)
    assert view is not None
    return view.masks


def recorded(tmp_path: Path, declaration: CameraDeclaration, source: Path | None = None) -> Path:
    """A file that a camera of this declaration recorded."""
    source = source or clip(tmp_path)
    folder = tmp_path / "video"
    with Recorder(RecordSettings(dir=folder, days=3650, segment_s=60)) as recorder:
        tap = recorder.tap(declaration)
        with av.open(str(source)) as container:
            session = tap.opened(container.streams.video[0], Fraction(container.streams.video[0].average_rate or 25))
        for number, packet in enumerate(packets(source, BEGIN_MS)):
            if session.wants_frames:
                session.frame(
                    MaskedFrame(
                        BLACK,
                        number / 10,
                        Fraction(10),
                        full_range=False,
                        arrived_ms=packet.arrived_ms,
                        masks=declaration.masks,
                    )
                )
            else:
                session.packet(packet)
        session.closed("end")
    (file,) = [path for path in (folder / "cam").glob("*/*") if path.suffix in {".mp4", ".mkv"}]
    return file


@pytest.mark.parametrize("declaration", [SQUARE, TEMPLE], ids=["square", "temple"])
@pytest.mark.parametrize("scope", [None, Scope.PUBLIC_ROAD])
@pytest.mark.parametrize("way", ["in place", "copied", "linked", "moved within", "renamed in place"])
def test_plates_of_a_square_are_not_read_wherever_its_video_lies(
    tmp_path: Path, declaration: CameraDeclaration, scope: Scope | None, way: str
) -> None:
    file = recorded(tmp_path, declaration)
    target = tmp_path / "elsewhere.mp4"
    if way == "copied":
        shutil.copy(file, target)
        file = target
    elif way == "linked":
        target.symlink_to(file)
        file = target
    elif way == "moved within":
        shutil.copy(clip(tmp_path), file.parent / "other.mp4")
        file = file.parent / "other.mp4"
    elif way == "renamed in place":
        file = file.rename(file.with_name("gate.mp4"))
    with pytest.raises(PolicyError, match=r"was recorded by camera cam: (scope public-square|sensitive surroundings)"):
        check_plates_of(file, is_clip=True, scope=scope)


def test_plates_of_a_road_are_read_without_a_word_about_scope(tmp_path: Path) -> None:
    check_plates_of(recorded(tmp_path, ROAD), is_clip=True, scope=None)


def test_a_stated_scope_may_forbid_and_never_loosens(tmp_path: Path) -> None:
    file = recorded(tmp_path, ROAD)
    with pytest.raises(PolicyError, match="public-square"):
        check_plates_of(file, is_clip=True, scope=Scope.PUBLIC_SQUARE)


@pytest.mark.parametrize("square_from", [-10_000, 500, 10_000_000], ids=["before", "during", "long after"])
def test_a_camera_that_was_or_is_a_square_is_one_for_its_video(tmp_path: Path, square_from: int) -> None:
    file = recorded(tmp_path, ROAD)
    path = file.parents[1] / "declarations.jsonl"
    path.unlink()
    DeclarationLog(path).declare(ROAD, BEGIN_MS - 20_000)
    DeclarationLog(path).declare(SQUARE, BEGIN_MS + square_from)
    with pytest.raises(PolicyError, match="public-square"):
        check_plates_of(file, is_clip=True, scope=None)


def test_a_camera_that_was_a_square_until_then_is_none(tmp_path: Path) -> None:
    file = recorded(tmp_path, ROAD)
    path = file.parents[1] / "declarations.jsonl"
    path.unlink()
    DeclarationLog(path).declare(SQUARE, BEGIN_MS - 20_000)
    DeclarationLog(path).declare(ROAD, BEGIN_MS - 10_000)
    check_plates_of(file, is_clip=True, scope=None)


def test_a_recording_without_declarations_is_not_taken_for_any_file(tmp_path: Path) -> None:
    file = recorded(tmp_path, ROAD)
    (file.parents[1] / "declarations.jsonl").unlink()
    with pytest.raises(PolicyError, match=r"has no declarations\.jsonl"):
        check_plates_of(file, is_clip=True, scope=Scope.PUBLIC_ROAD)


def test_a_file_of_which_nothing_is_known_needs_a_stated_scope(tmp_path: Path) -> None:
    source = clip(tmp_path)
    assert declarations_of(source, is_clip=True) == []
    check_plates_of(source, is_clip=True, scope=Scope.CAR_PARK_ENTRANCE)
    with pytest.raises(PolicyError, match=r"not known which public space.*--scope"):
        check_plates_of(source, is_clip=True, scope=None)


def test_the_masks_of_the_recording_apply_to_it_and_to_copies(tmp_path: Path) -> None:
    file = recorded(tmp_path, replace(ROAD, masks=(MASK,)))
    copy = Path(shutil.copy(file, tmp_path / "copy.mp4"))
    assert list(masks_of(file)) == list(masks_of(copy)) == [MASK]


def test_masks_that_do_not_fit_into_a_file_are_missed_and_not_forgotten(tmp_path: Path) -> None:
    many = tuple((*MASK, (0.01, round(0.0001 * n, 4))) for n in range(1000))
    file = recorded(tmp_path, replace(ROAD, masks=many))
    assert set(masks_of(file)) == set(many)
    copy = Path(shutil.copy(file, tmp_path / "copy.mp4"))
    with pytest.raises(PolicyError, match="privacy masks are not in the file"):
        masks_of(copy)


@pytest.mark.parametrize("codec", ["mpeg4", "mjpeg"])
def test_other_codecs_carry_the_declaration_too(tmp_path: Path, codec: str) -> None:
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    file = recorded(tmp_path, SQUARE, clip(tmp_path, codec=codec, pixels=pixels, options={"g": "10"}))
    copy = Path(shutil.copy(file, tmp_path / f"copy{file.suffix}"))
    assert declarations_of(copy, is_clip=True) == [SQUARE]


def test_a_video_that_is_cut_off_carries_it_still(tmp_path: Path) -> None:
    copy = Path(shutil.copy(recorded(tmp_path, SQUARE), tmp_path / "copy.mp4"))
    os.truncate(copy, copy.stat().st_size // 2)
    assert declarations_of(copy, is_clip=True) == [SQUARE]


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_an_image_carries_the_declaration_of_its_camera(tmp_path: Path, suffix: str) -> None:
    image = tmp_path / f"preview{suffix}"
    save_image(image, np.full((40, 60, 3), 90, np.uint8), tag_of(SQUARE))
    copy = Path(shutil.copy(image, tmp_path / f"copy{suffix}"))
    assert declarations_of(copy, is_clip=False) == declarations_of(tmp_path, is_clip=False) == [SQUARE]
    with pytest.raises(PolicyError, match="was recorded by camera cam: scope public-square"):
        check_plates_of(copy, is_clip=False, scope=Scope.PUBLIC_ROAD)
    decoded = cv2.imread(str(copy))
    assert decoded is not None
    assert decoded.shape == (40, 60, 3)
    save_image(image, np.full((40, 60, 3), 90, np.uint8))
    assert declarations_of(image, is_clip=False) == []


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8", b"\xff\xd8\xff\xfe\xff\xff", b"\x89PNG\r\n\x1a\n\xff\xff\xff\xfftEXt"]
)
def test_a_damaged_image_carries_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "image.jpg"
    path.write_bytes(content)
    assert declarations_of(path, is_clip=False) == []


def test_recorded_video_is_turned_as_its_camera_was(tmp_path: Path) -> None:
    view = recorded_view(recorded(tmp_path, replace(ROAD, rotate=180, masks=(MASK,))), is_clip=True)
    assert view is not None
    assert view.rotate == 180
    assert recorded_view(clip(tmp_path), is_clip=True) is None
