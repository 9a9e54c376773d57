"""Fixtures of the whole suite: where real media and third-party weights lie."""

from __future__ import annotations

import logging
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
import structlog

from pipeline.inference import openvino_backend
from tests.processor_time import pytest_runtest_call  # noqa: F401 (hook)
from tests.store_fixtures import (  # noqa: F401 (fixtures)
    broker,
    clickhouse_server,
    clickhouse_store,
    database,
    pytest_collection_modifyitems,
    store_settings,
)

with warnings.catch_warnings():
    # kafka-python 3.0 reads its schemas by a function that Python 3.11 calls old.
    warnings.simplefilter("ignore", DeprecationWarning)
    import kafka  # noqa: F401
from hypothesis import settings

# Threads that outlast their test must not write into what a command prints in the next one.
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stdout__))

# Machines are shared and noisy: no test is timed, property tests neither.
settings.register_profile("viapublica", deadline=None)
settings.load_profile("viapublica")

# Shells start background jobs with SIGINT ignored, and every process of the tests would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_SHARED = Path(__file__).resolve().parents[2] / "shared"


def _folder(variable: str, default: Path) -> Path:
    folder = Path(os.environ.get(variable, default))
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}; set {variable}")
    return folder


@pytest.fixture(autouse=True)
def _logging_stays() -> Iterator[None]:
    """Commands that run in this process set up its logging; the tests that follow have it as it was."""
    root = logging.getLogger()
    handlers, level, structured = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**structured)
    logging.captureWarnings(False)


@pytest.fixture(scope="session", autouse=True)
def _verdicts_of_this_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Known-answer tests are made anew, once for all processes of the run, never answered from the user's cache.

    No start measures backends.
    """
    folder = tmp_path_factory.getbasetemp()
    run = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIAPUBLICA_AUTOTUNE", "off")
        patch.setenv("VIAPUBLICA_CACHE", str(run / "known-answers-of-the-run"))
        yield


@pytest.fixture(scope="session", autouse=True)
def _networks_compiled_once() -> Iterator[None]:
    """A process of the tests compiles a network once for all engines and jobs that open it; each infers by itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openvino_backend, "compile_network", lru_cache(maxsize=16)(openvino_backend.compile_network))
        yield


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Real clips, plates and faces with ground truth."""
    return _folder("VIAPUBLICA_DATA", _SHARED / "data")


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """Third-party weights."""
    return _folder("VIAPUBLICA_MODELS", _SHARED / "models")
