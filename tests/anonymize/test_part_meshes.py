"""A mesh in front of a part of a frame is filled, so that what is behind it shows; the rest of the frame stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.anonymize.mesh import find_mesh
from pipeline.anonymize.part_meshes import without_part_meshes
from tests.anonymize.scenes import gray, scene
from tests.anonymize.test_mesh import behind, crossed


def test_what_is_behind_a_mesh_on_a_part_shows_when_it_is_filled(data_dir: Path) -> None:
    street = scene(data_dir, "people-walking")
    wires = crossed(street.shape, 13, 4, 45)
    wires[:, : street.shape[1] // 2] = False
    fenced = behind(street, wires)
    assert find_mesh(gray(fenced)) is None, "over the whole frame there is none"
    filled = without_part_meshes(fenced)
    assert filled is not None
    difference = np.abs(filled.astype(int) - street)[wires].mean()
    assert difference < 0.5 * np.abs(fenced.astype(int) - street)[wires].mean()
    assert (filled == fenced)[:, : street.shape[1] // 3].mean() > 0.95


def test_a_frame_without_a_mesh_is_not_filled() -> None:
    assert without_part_meshes(np.full((180, 320, 3), 90, np.uint8)) is None
