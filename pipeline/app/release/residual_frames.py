"""For who decides about a clip that must not leave yet: images in which somebody is still seen, and boxes for them.

The images are of the covered video, in a folder that only this user may read; whoever is in them is the reason why the
clip was not written, so remove the folder when it was dealt with.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from pipeline.anonymize.residual_detections import Residue
from pipeline.anonymize.video_detections import Sightings
from pipeline.domain.video import Video
from pipeline.errors import ReleaseError

_RED: Final = (40, 40, 220)
_AROUND_S: Final = 0.5
_MARGIN: Final = 0.15
REGIONS: Final = "regions.yaml"


def save_residue(found: Sequence[Residue], video: Video, sightings: Sightings, folder: Path) -> Path:
    """Write an image of each object and a file of regions that would cover them; the folder is made anew.

    Args:
        found: what is still seen.
        video: the covered one.
        sightings: its times and size.
        folder: where.

    Returns:
        The file of regions.

    Raises:
        ReleaseError: it cannot be written.
        SourceError: the video cannot be read.
    """
    try:
        if folder.is_dir() and (folder / REGIONS).is_file():
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700)
        _write(folder / REGIONS, _regions(found, sightings).encode())
        wanted = {residue.at: number for number, residue in enumerate(found)}
        with closing(video.frames()) as frames:
            for index, frame in enumerate(frames):
                if index in wanted:
                    residue = found[wanted[index]]
                    image = frame.image.bgr().copy()
                    x1, y1, x2, y2 = (round(value) for value in residue.box)
                    cv2.rectangle(image, (x1, y1), (x2, y2), _RED, max(2, image.shape[1] // 400))
                    at_s = float(sightings.times_s[index] - sightings.times_s[0])
                    name = f"{wanted[index] + 1:03d}-{residue.label.word}-{at_s:.1f}s.png"
                    _write(folder / name, cv2.imencode(".png", image)[1].tobytes())
    except OSError as error:
        raise ReleaseError(
            str(folder), f"cannot be written ({error.strerror})", "Remove it, or choose another place"
        ) from error
    return folder / REGIONS


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _regions(found: Sequence[Residue], sightings: Sightings) -> str:
    """YAML; the times are those of the source, a little longer than what was seen."""
    lines = ["# Look at the images; keep what is to be covered, and give this file with --regions.", "cover:"]
    for residue in found:
        begin_s = max(0.0, residue.first_s - float(sightings.times_s[0]) - _AROUND_S)
        end_s = residue.last_s - float(sightings.times_s[0]) + _AROUND_S
        x1, y1, x2, y2 = residue.box
        dx, dy = _MARGIN * (x2 - x1), _MARGIN * (y2 - y1)
        shares = np.array([x1 - dx, y1 - dy, x2 + dx, y2 + dy]) / ([sightings.width, sightings.height] * 2)
        box = ", ".join(f"{value:.3f}" for value in np.clip(shares, 0, 1))
        lines.append(
            f"  - {{from: {begin_s:.2f}, to: {end_s:.2f}, box: [{box}], why: a {residue.label.word} seen by others}}"
        )
    return "\n".join(lines) + "\n"
