"""Declarations of cameras: ignored areas are part of them, and change the digest only where there are any."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.domain.camera import Camera, Scope
from pipeline.domain.camera_declaration import CameraDeclaration, common_ignored_areas

DATE = ((0.0, 0.9), (0.4, 0.9), (0.4, 1.0), (0.0, 1.0))
NAME = ((0.6, 0.9), (1.0, 0.9), (1.0, 1.0), (0.6, 1.0))
PLAIN = CameraDeclaration(Camera("praca", Scope.PUBLIC_SQUARE))
DATED = replace(PLAIN, ignore=(DATE,))


def test_a_declaration_without_ignored_areas_has_the_digest_of_earlier_versions() -> None:
    assert "ignore" not in PLAIN.as_dict()
    assert PLAIN.sha256 == "1a8ec26eee5f94c458ba3c2f291f13ed030c12159aa07ab88bc1297bfecc4936"
    assert DATED.sha256 != PLAIN.sha256


@pytest.mark.parametrize("declaration", [PLAIN, DATED])
def test_a_declaration_is_read_as_it_was_written(declaration: CameraDeclaration) -> None:
    assert CameraDeclaration.from_dict(declaration.as_dict()) == declaration


def test_a_changed_ignored_area_is_named() -> None:
    assert PLAIN.differing_keys(DATED) == DATED.differing_keys(PLAIN) == ["ignore"]
    assert DATED.differing_keys(replace(DATED, ignore=(NAME,))) == ["ignore"]


def test_areas_are_common_only_where_every_declaration_has_them() -> None:
    both = replace(PLAIN, ignore=(NAME, DATE))
    assert common_ignored_areas([both, DATED]) == (DATE,)
    assert common_ignored_areas([both]) == (NAME, DATE)
    for declarations in ([], [DATED, PLAIN], [DATED, replace(PLAIN, ignore=(NAME,))]):
        assert common_ignored_areas(declarations) == ()
