"""Open data of traffic for people with an account: of the cameras that they may ask about, as one archive."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec

from pipeline.app.open_traffic import LEAST_COUNT, OpenTrafficRequest, export_open_traffic
from pipeline.app.people.permitted_questions import PermittedQuestions
from pipeline.app.questions import LineFigures
from pipeline.config import load_config
from pipeline.errors import ConfigError

_LICENSE = "CC-BY-4.0"


def open_traffic_archive(
    questions: PermittedQuestions, config: Path | None, question: LineFigures, *, every: str
) -> bytes:
    """The folder of `export_open_traffic` as a ZIP archive.

    Args:
        questions: of the person; config: names cameras and institution; question: about lines.
        every: length of an interval, as typed.

    Raises:
        PolicyError: the person may not export.
        ConfigError: there is no configuration.
        ViapublicaError: see `export_open_traffic`.
    """
    if config is None:
        raise ConfigError("open data", "needs the configuration of the cameras", "Start the server with --config")
    loaded = load_config(config, for_queries=True)
    archive = BytesIO()
    with TemporaryDirectory() as folder, questions.opened_for(question) as (queries, cameras):
        target = Path(folder) / "open-traffic"
        request = OpenTrafficRequest(
            folder=target,
            question=msgspec.structs.replace(question, camera_ids=cameras),
            every=every,
            license=_LICENSE,
            least=LEAST_COUNT,
        )
        export_open_traffic(loaded, queries, request)
        with ZipFile(archive, "w", ZIP_DEFLATED) as made:
            for path in sorted(target.iterdir()):
                made.write(path, path.name)
    return archive.getvalue()
