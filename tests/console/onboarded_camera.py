"""A process in place of the one that connects to cameras: the same, but every camera shows a grey road."""

from __future__ import annotations

import sys
from typing import Final

_PROGRAM: Final = """
import numpy as np
from pipeline.app import camera_setup
from pipeline.app.cameras import drawing_session, onboarding_worker
from pipeline.app.cameras.redacted_image import RedactedImage

grey = np.full((720, 1280, 3), 90, np.uint8)
camera_setup._probed = lambda *_: None
drawing_session.redacted_image = lambda *_: RedactedImage(grey, 1_795_435_470_000, {})
onboarding_worker.main()
"""
COMMAND: Final = (sys.executable, "-c", _PROGRAM)
