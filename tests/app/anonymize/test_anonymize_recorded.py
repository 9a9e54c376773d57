"""Recorded video leaves with the privacy masks and the rotation of its camera, or through a request for the camera."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipeline.app.anonymize import anonymize_file as module
from pipeline.app.anonymize.anonymize_file import AnonymizeRequest, anonymize_file
from pipeline.app.anonymize.progress import Silent
from pipeline.app.release.register_service import file_content
from pipeline.app.release.release_source import open_source
from pipeline.decode.media_files import read_image
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.disclosure import Content, Disclosure, LegalBasis, Request
from pipeline.domain.video import EditableImage, Video
from pipeline.errors import PolicyError
from pipeline.governance.declarations import file_digest
from pipeline.record.declaration_tag import tag_of
from pipeline.record.file_layout import DECLARATIONS
from pipeline.storage.declaration_log import DeclarationLog
from tests.decode.clips import Recipe, encode
from tests.record.packets import BEGIN_MS

MASK = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5))
MASKED = CameraDeclaration(Camera("praca", Scope.PUBLIC_SQUARE), masks=(MASK,))


class Stopped(Exception):
    """Ends an anonymization where its networks would begin."""


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray[Any, Any]]:
    """The first image of each anonymization, as the networks would get it."""
    images: list[np.ndarray[Any, Any]] = []

    def video(_: object, job: Any, *__: object) -> None:
        source: Video = job.video
        images.append(next(iter(source.frames())).image.bgr())
        raise Stopped

    def image(found: EditableImage, *_: object) -> None:
        images.append(found.bgr())
        raise Stopped

    class NoNetworks:
        detectors = None

        def __enter__(self) -> NoNetworks:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(module, "_anonymize_video", video)
    monkeypatch.setattr(module, "redact_image", image)
    monkeypatch.setattr(module, "open_networks", lambda *_, **__: NoNetworks())
    return images


def tagged(folder: Path, declaration: CameraDeclaration = MASKED) -> Path:
    return encode(folder / "copy.mp4", Recipe(metadata={"comment": tag_of(declaration)}))


def in_folder(folder: Path, declaration: CameraDeclaration = MASKED) -> Path:
    day = folder / "video" / declaration.camera_id / "2025-06-01"
    day.mkdir(parents=True)
    DeclarationLog(day.parent / DECLARATIONS).declare(declaration, BEGIN_MS)
    return encode(day / "gate.mp4")


def first_image(file: Path, seen: list[np.ndarray[Any, Any]], **how: Any) -> np.ndarray[Any, Any]:
    with pytest.raises(Stopped):
        anonymize_file(AnonymizeRequest(file, **{"target": file.with_name(f"public{file.suffix}"), **how}), Silent())
    return seen[-1]


@pytest.mark.parametrize("way", [tagged, in_folder])
def test_recorded_privacy_masks_are_black_before_detection(
    tmp_path: Path, way: Any, seen: list[np.ndarray[Any, Any]]
) -> None:
    pixels = first_image(way(tmp_path), seen)
    assert pixels[5:50, 5:70].max() == 0
    assert pixels[70:110, 90:150].max() > 90, "the rest is visible"


def test_an_image_of_a_recording_folder_is_masked_too(tmp_path: Path, seen: list[np.ndarray[Any, Any]]) -> None:
    image = in_folder(tmp_path).with_name("still.png")
    cv2.imwrite(str(image), np.full((120, 160, 3), 200, np.uint8))
    pixels = first_image(image, seen)
    assert pixels[5:50, 5:70].max() == 0
    assert pixels[70:110, 90:150].min() == 200
    assert read_image(image).bgr().min() == 200, "the original is as it was"


def test_recorded_video_is_turned_as_it_was_with_its_masks(tmp_path: Path, seen: list[np.ndarray[Any, Any]]) -> None:
    file = tagged(tmp_path, replace(MASKED, rotate=180))
    for rotate in (0, 180):
        pixels = first_image(file, seen, rotate=rotate)
        assert pixels[5:50, 5:70].max() == 0, "green before the masks: the bottom right that was turned"
        assert pixels[70:110, 90:150].max() > 90
    with pytest.raises(PolicyError, match=r"privacy masks that apply to rotate 180, not to 90\. Omit --rotate"):
        anonymize_file(AnonymizeRequest(file, tmp_path / "a.mp4", rotate=90), Silent())


@pytest.mark.parametrize("way", [tagged, in_folder])
def test_captions_stay_readable_in_the_areas_of_the_recording_and_in_no_other_file(
    tmp_path: Path, way: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[Any] = []

    def stop(_: object, job: Any, *__: object) -> None:
        jobs.append(job)
        raise Stopped

    monkeypatch.setattr(module, "_anonymize_video", stop)
    for file in (way(tmp_path, replace(MASKED, ignore=(MASK,))), encode(tmp_path / "plain.mp4")):
        with pytest.raises(Stopped):
            anonymize_file(AnonymizeRequest(file, tmp_path / "public.mp4"), Silent())
    assert [job.ignored_areas for job in jobs] == [(MASK,), ()]


def test_other_video_is_anonymized_as_before(tmp_path: Path, seen: list[np.ndarray[Any, Any]]) -> None:
    assert first_image(encode(tmp_path / "clip.mp4"), seen)[5:50, 5:70].max() > 90


@pytest.mark.parametrize("way", [tagged, in_folder])
def test_recorded_video_is_not_requested_as_a_plain_file(tmp_path: Path, way: Any) -> None:
    with pytest.raises(PolicyError, match=r"recorded by camera praca, .*Request it with --camera praca"):
        file_content(way(tmp_path))


@pytest.mark.parametrize("way", [tagged, in_folder])
def test_recorded_video_is_not_built_from_a_plain_file(tmp_path: Path, way: Any) -> None:
    """Such as one that was requested before such requests were refused."""
    file = way(tmp_path)
    content = Content(file_name=file.name, file_sha256=file_digest(file)[0])
    disclosure = Disclosure("2026/000001", 0, Request("Ana", "UFMT", LegalBasis.RESEARCH, "fluxos", content))
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        with (
            pytest.raises(PolicyError, match="Request it with --camera praca"),
            open_source(disclosure, file, None, "Ana", folder),
        ):
            pass
    finally:
        os.close(folder)
