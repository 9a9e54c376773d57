"""A run notes where it writes events and images, for erasures under a later configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.load import load_config
from pipeline.engine.build import open_engine
from pipeline.storage.written_paths import PathKind, WrittenPaths

CONFIG = """\
cameras: [{{id: gate, source: {clip}, scope: public-road}}]
models_dir: {models}
data_dir: data
sinks: [{{type: jsonl, name: lines, path: ../lines.jsonl}}]
record: {{dir: video, days: 3}}
observability: {{log_level: warning, preview: {{dir: previews}}}}
"""


@pytest.mark.real
def test_a_run_notes_its_files_and_folders(tmp_path: Path, data_dir: Path, models_dir: Path) -> None:
    path = tmp_path / "city.yaml"
    path.write_text(CONFIG.format(clip=data_dir / "clips" / "highway-motorbike.mp4", models=models_dir))
    with open_engine(load_config(path)):
        pass
    written = WrittenPaths(tmp_path / "data")
    assert written.all(PathKind.EVENTS) == [tmp_path / "lines.jsonl"]
    assert written.all(PathKind.VIDEO) == [tmp_path / "video"]
    assert written.all(PathKind.PREVIEWS) == [tmp_path / "previews"]
