"""What `viapublica doctor` looks at, one small function per component."""

from __future__ import annotations

import importlib
import importlib.metadata
import shutil
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from pipeline import __version__
from pipeline.config.settings import Config
from pipeline.domain.events import HealthEvent, Kind
from pipeline.errors import ViapublicaError
from pipeline.sink.settings import ChdbSinkSettings, KafkaSettings
from pipeline.store.settings import ChdbSettings, ClickHouseSettings


class State(StrEnum):
    """How a component is."""

    WORKING = "working"
    ABSENT = "absent"
    """Not there, and not needed for what is configured."""
    BROKEN = "broken"


class Finding(NamedTuple):
    """One row of the doctor's table."""

    component: str
    state: State
    version: str
    detail: str
    fix: str


def examine(config: Config | None, models: Path | None) -> Iterator[Finding]:
    """Look at every component, one after another; nothing is raised."""
    yield Finding("viapublica", State.WORKING, __version__, f"Python {sys.version.split()[0]}", "")
    yield _try("decode (PyAV)", "av", _codecs, "pip install --force-reinstall av")
    yield _try("images (OpenCV)", "opencv-python-headless", _opencv, "pip install opencv-python-headless")
    yield _try("inference (ONNX Runtime)", "onnxruntime", _onnx_runtime, "pip install onnxruntime")
    yield _extra("inference on Intel and AMD CPUs (OpenVINO)", "openvino", "pip install 'viapublica[openvino]'")
    yield _extra("training and .pt weights (Ultralytics)", "ultralytics", "pip install 'viapublica[ultralytics]'")
    yield _try(
        "plate reading (fast-plate-ocr)", "fast-plate-ocr", _import("fast_plate_ocr"), "pip install fast-plate-ocr"
    )
    yield from _models(config, models)
    yield _try("embedded event store (chDB)", "chdb", _chdb, "pip install --force-reinstall chdb")
    yield _try("ClickHouse client", "clickhouse-driver", _import("clickhouse_driver"), "pip install clickhouse-driver")
    yield _try("Kafka client", "kafka-python", _import("kafka"), "pip install kafka-python")
    if config is not None:
        yield from _servers(config)
        yield _disk(config.data_dir)


def _try(component: str, distribution: str, check: Callable[[], str], fix: str) -> Finding:
    version = _version(distribution)
    try:
        return Finding(component, State.WORKING, version, check(), "")
    except ViapublicaError as error:
        return Finding(component, State.BROKEN, version, f"{error.subject}: {error.problem}", error.fix or fix)
    except Exception as error:  # noqa: BLE001  the doctor reports whatever is wrong
        return Finding(component, State.BROKEN, version, f"{type(error).__name__}: {error}", fix)


def _extra(component: str, module: str, fix: str) -> Finding:
    version = _version(module)
    if not version:
        return Finding(component, State.ABSENT, "", "optional", fix)
    return _try(component, module, _import(module), fix)


def _version(distribution: str) -> str:
    if not distribution:
        return ""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _import(module: str) -> Callable[[], str]:
    def check() -> str:
        importlib.import_module(module)
        return "imports"

    return check


def _codecs() -> str:
    import av

    wanted = ["h264", "hevc", "av1", "mjpeg"]
    missing = [name for name in wanted if name not in av.codecs_available]
    return f"decodes {', '.join(n for n in wanted if n not in missing)}" + (
        f"; not {', '.join(missing)}" if missing else ""
    )


def _opencv() -> str:
    import cv2

    return f"imports, OpenCV {cv2.__version__}"


def _onnx_runtime() -> str:
    import onnxruntime

    return ", ".join(p.removesuffix("ExecutionProvider") for p in onnxruntime.get_available_providers())


def _chdb() -> str:
    from pipeline.sink.build import build_sink
    from pipeline.store.event_store import open_store

    event = HealthEvent(event_id=uuid.uuid4(), camera_id="doctor", ts_ms=0, state="streaming", detail="")
    with tempfile.TemporaryDirectory(prefix="viapublica-doctor-") as folder:
        sink = build_sink(ChdbSinkSettings(batch_interval_s=0), Path(folder))
        try:
            sink.add([event])
            sink.flush(30)
            store = open_store(ChdbSettings(), Path(folder))
            found = store.count(Kind.HEALTH)
            store.close()
        finally:
            sink.close()
    return f"made a store, wrote and found {found} event, removed it"


def _models(config: Config | None, models: Path | None) -> Iterator[Finding]:
    from pipeline.weights.catalog import load_card, verify_weights

    folder = models or (config.models_dir if config else None)
    wanted = []
    if config is not None:
        wanted = [config.detect.model, config.detect.plate_model, config.lpr.model if config.lpr else None]
    else:
        from pipeline.detect.settings import DetectSettings
        from pipeline.lpr.settings import LprSettings

        detect = DetectSettings()
        wanted = [detect.model, detect.plate_model, LprSettings().model]
    for name in dict.fromkeys(name for name in wanted if name):

        def check(name: str = name) -> str:
            card = load_card(name, folder)
            return f"{card.license}, {verify_weights(card, folder).stat().st_size / 1e6:.1f} MB, sha256 is right"

        yield _try(f"model {name}", "", check, "Set VIAPUBLICA_MODELS to the folder with the weights")


def _servers(config: Config) -> Iterator[Finding]:
    for sink in config.sinks:
        if isinstance(sink, ClickHouseSettings):

            def ask(sink: ClickHouseSettings = sink) -> str:
                from pipeline.store.event_store import open_store

                store = open_store(sink, config.data_dir)
                store.cameras()
                store.close()
                return f"{sink.host}:{sink.port} answers"

            yield _try(f"sink {sink.name} (ClickHouse)", "", ask, "Start the server, or mend host, port and password")
        elif isinstance(sink, KafkaSettings):

            def bootstrap(sink: KafkaSettings = sink) -> str:
                from pipeline.sink.build import build_writer

                writer = build_writer(sink, config.data_dir)
                writer.open()
                writer.close()
                return f"{', '.join(sink.brokers)} answers, topics are there"

            yield _try(f"sink {sink.name} (Kafka)", "", bootstrap, "Start the broker, or mend its address")


def _disk(folder: Path) -> Finding:
    there = next(parent for parent in [folder, *folder.parents] if parent.exists())
    free = shutil.disk_usage(there).free / 1e9
    state = State.BROKEN if free < 1 else State.WORKING
    return Finding(
        "disk of the data folder", state, "", f"{free:.0f} GB free in {there}", "Make room" if free < 1 else ""
    )
