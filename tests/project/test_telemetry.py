"""The libraries we run on do not tell their makers about it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_RUN = """
import sys
from pathlib import Path
import numpy as np
from pipeline.decode.lazy_images import ArrayImage
from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.inference.device import Backend

for backend in (Backend.ONNXRUNTIME, Backend.OPENVINO):
    settings = DetectSettings(model="yolo11n_int8_320", plate_model=None, backend=backend)
    build_detector(settings, Path(sys.argv[1])).detect([ArrayImage(np.zeros((64, 64, 3), np.uint8))])
"""


@pytest.mark.real
def test_running_networks_leaves_no_client_id_behind(tmp_path: Path, models_dir: Path) -> None:
    pytest.importorskip("openvino")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "ORT_"))}
    subprocess.run(
        [sys.executable, "-c", _RUN, str(models_dir)],
        check=True,
        env=environment | {"HOME": str(tmp_path)},
        timeout=120,
    )
    # Both libraries keep an id of the machine in the home folder when they send; without sending they need none.
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
