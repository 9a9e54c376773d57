"""Every door for files knows a copy of recorded video by its packets, when container, name and metadata are others."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.app.config_check import check_config
from pipeline.app.media import tables
from pipeline.app.media.tables import MediaRequest, object_rows, undeclared_files
from pipeline.app.recordings import known_recordings
from pipeline.app.release.register_service import file_content
from pipeline.app.release.release_source import open_source
from pipeline.domain.detections import Detections
from pipeline.domain.disclosure import Content, Disclosure, LegalBasis, Request
from pipeline.errors import ConfigError, PolicyError
from pipeline.governance.declarations import file_digest
from pipeline.storage.declaration_log import DeclarationLog
from tests.app.anonymize.test_anonymize_recorded import first_image, seen  # noqa: F401  a fixture
from tests.app.media.test_tables import Progress
from tests.cli.commands import viapublica_here
from tests.engine.networks import PersonWithFace
from tests.record.packets import clip, remuxed
from tests.record.test_recorded_declaration import MASK, SQUARE, recorded


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A stripped copy of what a camera with a privacy mask recorded before it was given the mask."""
    original = recorded(tmp_path, SQUARE)
    recorded_later = replace(SQUARE, masks=(MASK,))
    DeclarationLog(original.parents[1] / "declarations.jsonl").declare(recorded_later, 2**41)
    return remuxed(original, tmp_path / "street.ts")


@pytest.fixture
def config(tmp_path: Path, copy: Path) -> Path:
    """A configuration that records beside it, and has the copy as the source of a road's camera."""
    camera = {"id": "road", "source": str(copy), "scope": "public-road"}
    path = tmp_path / "viapublica.yaml"
    data = {"data_dir": str(tmp_path / "data"), "record": {"dir": str(tmp_path / "video")}}
    path.write_text(json.dumps({"cameras": [camera], **data}))
    return path


def test_read_refuses_it_and_needs_no_network_for_that(config: Path, copy: Path) -> None:
    result = viapublica_here("read", copy, "--scope", "public-road", cwd=config.parent)
    assert result.returncode == 1
    assert "street.ts: was recorded by camera cam: scope public-square" in " ".join(result.stderr.split())
    assert undeclared_files(MediaRequest([copy], known=known_recordings(config))) == []
    assert undeclared_files(MediaRequest([copy])) == [copy]


class Noting(PersonWithFace):
    """Stores the images that it gets."""

    images: list[np.ndarray[Any, Any]] = []  # noqa: RUF012

    def detect(self, images: Any) -> list[Detections]:
        self.images += [image.bgr() for image in images]
        return super().detect(images)


def test_detect_gets_it_with_its_privacy_masks(config: Path, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    detector = Noting()
    monkeypatch.setattr(tables, "build_detector", lambda *_: detector)
    for known, brightest in ((known_recordings(config), range(1)), (known_recordings(None), range(90, 256))):
        detector.images.clear()
        assert list(object_rows(MediaRequest([copy], known=known), Progress()))
        assert all(image[5:50, 5:70].max() in brightest for image in detector.images)


def test_anonymize_gets_it_with_its_privacy_masks(config: Path, copy: Path, seen: Any) -> None:  # noqa: F811
    assert (
        first_image(copy, seen, target=copy.with_name("a.mp4"), known=known_recordings(config))[5:50, 5:70].max() == 0
    )


def test_a_source_of_another_scope_is_refused(config: Path) -> None:
    with pytest.raises(ConfigError, match=r"camera road: would have plates read in .* recorded by camera cam"):
        check_config(config)


def test_it_is_neither_requested_nor_built_as_a_plain_file(config: Path, copy: Path) -> None:
    refused = pytest.raises(PolicyError, match=r"was recorded by camera cam, .*Request it with --camera cam")
    with refused:
        file_content(copy, config)
    content = Content(file_name=copy.name, file_sha256=file_digest(copy)[0])
    disclosure = Disclosure("2026/000001", 0, Request("Ana", "UFMT", LegalBasis.RESEARCH, "fluxos", content))
    folder = os.open(copy.parent, os.O_RDONLY)
    try:
        with refused, open_source(disclosure, copy, config, "Ana", folder):
            pass
    finally:
        os.close(folder)


def test_the_configuration_is_the_named_one_else_that_of_the_environment_else_the_one_here(
    config: Path, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "video")
    monkeypatch.delenv("VIAPUBLICA_CONFIG", raising=False)
    assert known_recordings(None).declarations_of(copy, copy) == ()
    monkeypatch.setenv("VIAPUBLICA_CONFIG", str(config))
    assert known_recordings(None).declarations_of(copy, copy)
    monkeypatch.delenv("VIAPUBLICA_CONFIG")
    monkeypatch.chdir(tmp_path)
    assert known_recordings(None).declarations_of(copy, copy)
    assert known_recordings(None).declarations_of(clip(tmp_path, seconds=1, size=(192, 120)), copy) == ()
    monkeypatch.setenv("VIAPUBLICA_CONFIG", str(tmp_path / "missing.yaml"))
    with pytest.raises(ConfigError, match=r"missing\.yaml"):
        known_recordings(None)


def test_a_file_of_no_camera_is_taken_as_before(config: Path, tmp_path: Path) -> None:
    other = clip(tmp_path, seconds=1, size=(192, 120))
    assert file_content(other, config).file_name == "clip.mp4"
    assert undeclared_files(MediaRequest([other], known=known_recordings(config))) == [other]
