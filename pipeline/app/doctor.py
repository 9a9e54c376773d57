"""Health check of the installation: every component, its version, and a fix for what does not work."""

from __future__ import annotations

import importlib
import importlib.metadata
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from pipeline import __version__
from pipeline.app.alerts.waiting_alerts import TRY_IT, waiting_alerts
from pipeline.app.hotlists.run_hot_lists import hot_lists_readable
from pipeline.config import load_config
from pipeline.config.settings import Config
from pipeline.detect.autotuned_settings import autotune
from pipeline.detect.detector_ensemble import DEFAULT_MODELS
from pipeline.detect.settings import DetectSettings
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.event_identity import UNIDENTIFIED, identified
from pipeline.domain.events import HealthEvent, Kind
from pipeline.domain.plural import counted
from pipeline.domain.requester import Requester
from pipeline.errors import ConfigError, MissingComponent, RecordError, StoreError, ViapublicaError
from pipeline.inference.device import Device
from pipeline.inference.graphics import find_graphics
from pipeline.lpr.settings import CornerSettings, LprSettings
from pipeline.policy.gate import Gate
from pipeline.sink.settings import ChdbSinkSettings, KafkaSettings
from pipeline.store.backends.open_database import chdb_folder
from pipeline.store.coverage_questions import CorruptParts, LostDataOf
from pipeline.store.questions import Cameras, Count
from pipeline.store.settings import ChdbSettings, ClickHouseSettings

__all__ = ["ComponentCheck", "ComponentState", "check_components", "load_for_checks"]

_LEAST_FREE_GB: Final = 1
_RIGHTS: Final = "Check rights and disk"
_NEWEST_COMPARED: Final = 3
"""Files of each camera whose whole content is read: of all files that would take hours."""
_SHOWN_FAULTS: Final = 5
_OF_CORRUPT: Final = (
    "Check disk and memory of the machine (smartctl, memtest), then restore these days from a backup; until then "
    "answers about them fail or are wrong"
)


class ComponentState(StrEnum):
    """State of a component."""

    WORKING = "working"
    ABSENT = "absent"
    """Not installed, and not needed by the configuration."""
    BROKEN = "broken"


class ComponentCheck(NamedTuple):
    """The result of checking one component."""

    component: str
    state: ComponentState
    version: str
    detail: str
    fix: str


def load_for_checks(path: Path) -> tuple[Config, list[ComponentCheck]]:
    """A configuration, and a broken component when variables of its cameras are missing: the rest can be checked.

    Raises:
        ConfigError: it has another mistake.
    """
    try:
        return load_config(path), []
    except ConfigError as error:
        config = load_config(path, for_queries=True)
        detail = f"{error.subject}: {error.problem}"
        return config, [ComponentCheck("configuration", ComponentState.BROKEN, "", detail, error.fix)]


def check_components(config: Config | None, models: Path | None) -> Iterator[ComponentCheck]:
    """Check every component, one after another; nothing is raised.

    Args:
        config: with it, its models, servers and data folder are checked too.
        models: folder with the weights; None for the configuration's, or the environment's.
    """
    yield ComponentCheck("viapublica", ComponentState.WORKING, __version__, f"Python {sys.version.split()[0]}", "")
    yield _check("decode (PyAV)", "av", _decoders, "pip install --force-reinstall av")
    yield _check("images (OpenCV)", "opencv-python-headless", _opencv, "pip install opencv-python-headless")
    yield _check("inference (ONNX Runtime)", "onnxruntime", _onnx_runtime, "pip install onnxruntime")
    yield _graphics(config)
    yield _optional("discovery of cameras (ONVIF)", "onveef", "pip install 'viapublica[onvif]'")
    yield _optional("alerts by MQTT (paho-mqtt)", "paho", "pip install 'viapublica[mqtt]'")
    yield _optional("inference on Intel and AMD CPUs (OpenVINO)", "openvino", "pip install 'viapublica[openvino]'")
    yield _optional("training and .pt weights (Ultralytics)", "ultralytics", "pip install 'viapublica[ultralytics]'")
    yield _importable("plate reading (fast-plate-ocr)", "fast-plate-ocr", "fast_plate_ocr")
    yield from _models(config, models)
    detect = config.detect if config else DetectSettings()
    yield from _speeds(detect, models or (config.models_dir if config else None))
    yield _check("networks of releases", "", _release_networks, "Reinstall viapublica")
    yield _check("embedded event store (chDB)", "chdb", _chdb, "pip install --force-reinstall chdb")
    yield _importable("ClickHouse client", "clickhouse-driver", "clickhouse_driver")
    yield _importable("Kafka client", "kafka-python", "kafka")
    if config is not None:
        yield from _servers(config)
        yield _disk(config.data_dir)
        yield _check("hot-lists", "", partial(hot_lists_readable, config), "Make the register readable for the service")
        if config.record is not None:
            yield _check("recorded video", "", partial(_recorded_video, config), _RIGHTS)
            yield _check("digests of recorded video", "", partial(_segment_digests, config.record.dir), _RIGHTS)


def _check(component: str, distribution: str, check: Callable[[], str], fix: str) -> ComponentCheck:
    version = _version(distribution)
    try:
        return ComponentCheck(component, ComponentState.WORKING, version, check(), "")
    except ViapublicaError as error:
        problem, fix = f"{error.subject}: {error.problem}", error.fix or fix
    except Exception as error:  # noqa: BLE001  the doctor reports every failure
        problem = f"{type(error).__name__}: {error}"
    return ComponentCheck(component, ComponentState.BROKEN, version, problem, fix)


def _importable(component: str, distribution: str, module: str) -> ComponentCheck:
    return _check(component, distribution, partial(_import, module), f"pip install {distribution}")


def _optional(component: str, module: str, fix: str) -> ComponentCheck:
    if not _version(module):
        return ComponentCheck(component, ComponentState.ABSENT, "", "optional", fix)
    return _check(component, module, partial(_import, module), fix)


def _version(distribution: str) -> str:
    if not distribution:
        return ""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _import(module: str) -> str:
    importlib.import_module(module)
    return "imports"


def _decoders() -> str:
    from pipeline.decode.decoder_check import check_decoders

    verdicts = list(check_decoders())
    wrong = [f"{one.codec} {one.problem}" for one in verdicts if one.problem]
    if wrong:
        raise MissingComponent("decoders", "; ".join(wrong), "Use the av package of PyPI, which brings its own FFmpeg")
    return f"decodes {', '.join(one.codec for one in verdicts)}"


def _opencv() -> str:
    import cv2

    return f"imports, OpenCV {cv2.__version__}"


def _onnx_runtime() -> str:
    import onnxruntime

    return ", ".join(p.removesuffix("ExecutionProvider") for p in onnxruntime.get_available_providers())


def _graphics(config: Config | None) -> ComponentCheck:
    """The GPU: absent is no fault, unless the configuration names it."""
    found = find_graphics()
    devices = set() if config is None else {config.detect.device, config.lpr.device if config.lpr else Device.CPU}
    wanted = bool(devices - {Device.CPU})
    component, detail = "GPU (NVIDIA)", "; ".join(found.cards)
    if found.cards and found.usable:
        return ComponentCheck(component, ComponentState.WORKING, "", detail, "")
    if found.cards:
        detail = f"{detail}: not used, this ONNX Runtime has no CUDA"
        fix = "pip uninstall onnxruntime, then pip install onnxruntime-gpu; see docs/how-to/use-a-gpu.md"
    else:
        detail, fix = found.problem or "none found", "Install NVIDIA's driver, or set device: cpu" if wanted else ""
    broken = wanted or bool(found.problem)
    return ComponentCheck(component, ComponentState.BROKEN if broken else ComponentState.ABSENT, "", detail, fix)


def _chdb() -> str:
    from pipeline.sink.build import build_sink
    from pipeline.store.event_store import open_event_store

    event = identified(HealthEvent(event_id=UNIDENTIFIED, camera_id="doctor", ts_ms=0, state="streaming", detail=""))
    with tempfile.TemporaryDirectory(prefix="viapublica-doctor-") as folder:
        gate = Gate({"doctor": Camera("doctor", Scope.PUBLIC_SQUARE)})
        sink = build_sink(ChdbSinkSettings(batch_interval_s=0), Path(folder), gate.admit_stored)
        try:
            sink.add([event])
            sink.flush(30)
            store = open_event_store(ChdbSettings(), Path(folder), gate.without_plates)
            found = store.ask(Count(kind=Kind.HEALTH), Requester.of_process())
            store.close()
        finally:
            sink.close()
    return f"created a store, wrote and read {found} event, removed it"


def _models(config: Config | None, models: Path | None) -> Iterator[ComponentCheck]:
    folder = models or (config.models_dir if config else None)
    detect = config.detect if config else DetectSettings()
    lpr = config.lpr if config else LprSettings()
    networks: list[DetectSettings | LprSettings | CornerSettings] = [detect.model_copy(update={"plate_model": None})]
    if detect.plate_model is not None:
        plates = {"model": detect.plate_model, "plate_model": None, "input_size": None, "confidence": None}
        networks.append(detect.model_copy(update=plates))
    if lpr is not None:
        networks += [lpr, *([lpr.corner_settings] if lpr.corner_settings else [])]
    networks.append(DetectSettings(model=DEFAULT_MODELS[0]))  # verifies releases
    for settings in networks:
        fix = "Set VIAPUBLICA_MODELS to the folder with the weights"
        yield _check(f"model {settings.model}", "", partial(_network, settings, folder), fix)


def _network(settings: DetectSettings | LprSettings | CornerSettings, folder: Path | None) -> str:
    from pipeline.app.network_check import open_and_check
    from pipeline.weights.catalog import load_card, verify_weights

    card = load_card(settings.model, folder)
    size = verify_weights(card, folder).stat().st_size / 1e6
    network = open_and_check(settings, folder)
    passed = f"{card.license}, {size:.1f} MB, SHA-256 matches, right answers with {network.backend}"
    return "; ".join([passed, *(f"wrong with {one.backend} ({one.reason})" for one in network.rejected)])


def _speeds(settings: DetectSettings, folder: Path | None) -> Iterator[ComponentCheck]:
    """The detector's speed with each backend and number of threads, and which of them a run uses."""
    try:
        tuning = autotune(settings, folder)
    except ViapublicaError:
        return  # the check of the model names it
    if tuning is None:
        return
    for one in tuning.measured:
        remarks = ["default"] if one.variant == tuning.default else []
        remarks += ["used"] if one.variant == tuning.chosen else []
        detail = ", ".join([one.text(), *remarks])
        yield ComponentCheck(f"speed of {settings.model}", ComponentState.WORKING, "", detail, "")


def _release_networks() -> str:
    from pipeline.app.default_networks import check_default_networks

    return f"{', '.join(check_default_networks())} are pinned"


def _servers(config: Config) -> Iterator[ComponentCheck]:
    if config.event_store is not None:
        yield _check("stored data", "", partial(_stored_data, config), "Restore the days named from a backup")
    for sink in config.sinks:
        if isinstance(sink, ClickHouseSettings):
            check, fix = partial(_clickhouse, sink, config.data_dir), "Start the server, or fix host, port and password"
            yield _check(f"sink {sink.name} (ClickHouse)", "", check, fix)
        elif isinstance(sink, KafkaSettings):
            check, fix = partial(_kafka, sink, config.data_dir), "Start the broker, or fix its address"
            yield _check(f"sink {sink.name} (Kafka)", "", check, fix)
    for channel in config.channels:
        for name in channel.sink_names:
            yield _check(f"{name} ({channel.type})", "", partial(waiting_alerts, config.data_dir, name), TRY_IT)


def _stored_data(config: Config) -> str:
    """Whether the configured event store has lost data.

    Raises:
        StoreError: it has, or it cannot be read.
    """
    from pipeline.app.configured_stores import ConfiguredStores
    from pipeline.app.queries import open_queries

    stores = ConfiguredStores.of_config(config)
    embedded = stores.event_store
    if isinstance(embedded, ChdbSettings) and not chdb_folder(embedded, config.data_dir).is_dir():
        return "nothing is stored yet"
    with open_queries(stores, Requester.of_process()) as queries:
        lost = queries.ask(LostDataOf(kinds=tuple(Kind))).value
        corrupt = queries.ask(CorruptParts()).value
    if lost:
        named = ", ".join(f"{one.table} of {one.day or 'an unknown day'}" for one in lost)
        raise StoreError("event store", f"part of its data was lost, because its files were damaged: {named}")
    if corrupt:
        named = ", ".join(f"{one.table} of {one.day or 'an unknown day'} ({one.problem})" for one in corrupt)
        raise StoreError("event store", f"files were changed after they were written: {named}", _OF_CORRUPT)
    checksums = "the server cannot compare checksums" if corrupt is None else "all checksums are right"
    return f"no damaged parts; {checksums}"


def _clickhouse(sink: ClickHouseSettings, data_dir: Path) -> str:
    from pipeline.store.event_store import open_event_store

    store = open_event_store(sink, data_dir, dict)
    store.ask(Cameras(), Requester.of_process())
    store.close()
    return f"{sink.host}:{sink.port} answers"


def _kafka(sink: KafkaSettings, data_dir: Path) -> str:
    from pipeline.sink.build import build_writer

    writer = build_writer(sink, data_dir)
    writer.open()
    writer.close()
    return f"{', '.join(sink.brokers)} answers, topics exist"


def _recorded_video(config: Config) -> str:
    """Whether all recorded video has its privacy masks filled.

    Raises:
        RecordError: some shows what they hide, or it cannot be read.
        ConfigError: the declarations of a camera are corrupt.
    """
    from pipeline.app.recordings import find_recorded

    masks = {camera.id: camera.declaration().masks for camera in config.cameras}
    found = find_recorded(config.record.dir, masks=masks) if config.record is not None else []
    unmasked = [(one.camera_id, *one.unmasked_note) for one in found if one.unmasked]
    if unmasked:
        named = "; ".join(f"{camera_id}: {note}" for camera_id, note, _ in unmasked)
        raise RecordError("recorded video", named, "; ".join(fix for *_, fix in unmasked))
    return f"{counted(len(found), 'camera')}, no file shows what privacy masks hide"


def _segment_digests(folder: Path) -> str:
    """Whether recorded files are what the recorder completed: size and presence of all, content of the newest.

    Raises:
        RecordError: a file was changed, cut, exchanged or lost, or cannot be read.
    """
    from pipeline.app.recordings import FAULT_FIX, find_faults

    found = find_faults(folder, most_compared=_NEWEST_COMPARED) if folder.is_dir() else []
    faults = [f"{one.camera_id}/{fault.file} {fault.problem}" for one in found for fault in one.faults]
    if faults:
        more = f" and {len(faults) - _SHOWN_FAULTS} more" if len(faults) > _SHOWN_FAULTS else ""
        problem = "; ".join(faults[:_SHOWN_FAULTS]) + more
        raise RecordError("recorded video", problem, f"List all with viapublica camera segments --verify. {FAULT_FIX}")
    files, compared = sum(one.files for one in found), sum(one.compared for one in found)
    return f"{counted(files, 'file')} present and of the right size, content of the newest {compared} unchanged"


def _disk(folder: Path) -> ComponentCheck:
    existing = next(parent for parent in [folder, *folder.parents] if parent.exists())
    free_gb = shutil.disk_usage(existing).free / 1e9
    enough = free_gb >= _LEAST_FREE_GB
    return ComponentCheck(
        "disk of the data folder",
        ComponentState.WORKING if enough else ComponentState.BROKEN,
        "",
        f"{free_gb:.0f} GB free in {existing}",
        "" if enough else "Free disk space",
    )
