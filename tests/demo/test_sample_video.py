"""The street video comes with a package of the demo extra."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import av
import pytest

from pipeline.demo import sample_video as media
from pipeline.errors import MissingComponent


def test_bikes_is_a_video_of_ten_seconds() -> None:
    with av.open(str(media.bikes())) as container:
        video = container.streams.video[0]
        assert (video.width, video.height) == (640, 272)
        assert sum(1 for _ in container.decode(video)) == 250


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "_PACKAGE", "no-such-package-of-videos")
    with pytest.raises(MissingComponent, match=r"pip install 'viapublica\[demo\]'"):
        media.bikes()


def test_a_package_without_the_video_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_a_deleted_video(_name: str) -> list[importlib.metadata.PackagePath]:
        path = importlib.metadata.PackagePath("bikes.mp4")
        path.dist = importlib.metadata.PathDistribution(Path("nowhere/x.dist-info"))
        return [path]

    monkeypatch.setattr(importlib.metadata, "files", only_a_deleted_video)
    with pytest.raises(MissingComponent, match="does not contain it"):
        media.bikes()
