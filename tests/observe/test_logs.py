"""Logs: JSON or human-readable, one stream for program and libraries, credentials redacted."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import warnings
from typing import Any

import pytest
import structlog

from pipeline.observe.logs import configure
from pipeline.observe.settings import LogFormat, LogLevel

_SECRET = "geheim-9"
_URL = f"rtsp://admin:{_SECRET}@10.0.0.7/live?token={_SECRET}"


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_lines_have_time_level_logger_event_and_values() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)
    structlog.get_logger("pipeline.decode").info("camera_connected", camera="c1", fps=25.0, live=True, detail=None)
    (line,) = _lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "camera_connected", "level": "info", "logger": "pipeline.decode", "camera": "c1", "fps": 25.0,
        "live": True, "detail": None,
    }  # fmt: skip


@pytest.mark.parametrize("log_format", [LogFormat.JSON, LogFormat.HUMAN])
def test_credentials_are_redacted_wherever_they_occur(log_format: LogFormat) -> None:
    stream = io.StringIO()
    configure("debug", log_format, stream)
    log = structlog.get_logger("pipeline.decode")
    log.info(f"opening {_URL}", url=_URL, password=_SECRET, api_token=_SECRET)
    log.bind(camera=_URL).warning("nested", options={"a": [_URL, {"b": (_URL,)}], "passwd": _SECRET})
    log.error("failed", error=OSError(f"cannot open {_URL}"))
    logging.getLogger("kafka.conn").error("connecting to %s", _URL)
    logging.getLogger("libav.rtsp").error("method DESCRIBE failed", extra={"url": _URL})
    try:
        int(_URL)
    except ValueError:
        log.exception("crashed")
        logging.getLogger("clickhouse_driver").exception("crashed too")
    text = stream.getvalue()
    assert _SECRET not in text
    assert text.count("rtsp://***@10.0.0.7/live?token=***") >= 9
    assert text.count("ValueError: invalid literal") == 2


@pytest.mark.parametrize("log_format", [LogFormat.JSON, LogFormat.HUMAN])
def test_nothing_that_a_camera_sends_acts_on_a_terminal(log_format: LogFormat) -> None:
    stream = io.StringIO()
    configure("debug", log_format, stream)
    title = "\x1b[2J\x9b31m\u202ered\x07\r\n"
    log = structlog.get_logger("pipeline.decode")
    log.info("opened", title=title, parts=[title], more={"a": title})
    log.info(title)
    log.error("failed", exc_info=ValueError(title))
    assert not set(stream.getvalue()) & set("\x1b\x9b\u202e\x07\r")


@pytest.mark.parametrize("log_format", [LogFormat.JSON, LogFormat.HUMAN])
def test_setting_up_twice_writes_each_line_once(log_format: LogFormat) -> None:
    stream = io.StringIO()
    for _ in range(3):
        configure("info", log_format, stream)
    structlog.get_logger("a").info("ours")
    logging.getLogger("b").warning("theirs")
    assert len(stream.getvalue().splitlines()) == 2


def test_the_last_setup_applies_to_existing_loggers_too() -> None:
    first, second = io.StringIO(), io.StringIO()
    log = structlog.get_logger("early")
    configure("info", "json", first)
    log.info("one")
    configure("warning", "human", second)
    log.info("two")
    log.warning("three")
    assert [line["event"] for line in _lines(first)] == ["one"]
    assert "three" in second.getvalue()
    assert "two" not in second.getvalue()


def test_auto_is_human_on_a_terminal_and_json_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    pipe, terminal = io.StringIO(), _Terminal()
    configure("info", "auto", pipe)
    structlog.get_logger("a").info("hello")
    configure("info", "auto", terminal)
    structlog.get_logger("a").info("hello", camera="c1")
    assert _lines(pipe)[0]["event"] == "hello"
    assert "hello" in terminal.getvalue()
    assert "\x1b[" in terminal.getvalue()
    with pytest.raises(json.JSONDecodeError):
        _lines(terminal)


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = _Terminal()
    configure("info", "auto", terminal)
    structlog.get_logger("a").info("hello", camera="c1")
    assert "\x1b[" not in terminal.getvalue()


def test_verbose_libraries_log_warnings_only_except_at_level_debug() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)
    logging.getLogger("kafka.client").info("metadata updated")
    logging.getLogger("kafka.client").warning("broker lost")
    configure("debug", "json", stream)
    logging.getLogger("kafka.client").debug("fetching")
    assert [line["event"] for line in _lines(stream)] == ["broker lost", "fetching"]


def test_what_a_library_says_about_its_own_loop_is_left_out_except_at_level_debug() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)
    logging.getLogger("kafka.net.selector").warning("It is blocking the event loop")
    logging.getLogger("kafka.net.selector").error("failed")
    configure("debug", "json", stream)
    logging.getLogger("kafka.net.selector").warning("It is blocking the event loop again")
    configure("info", "json", stream)
    assert [line["event"] for line in _lines(stream)] == ["failed", "It is blocking the event loop again"]


def test_the_level_applies_to_the_program_and_to_libraries() -> None:
    stream = io.StringIO()
    configure(LogLevel.ERROR, "json", stream)
    structlog.get_logger("a").warning("no")
    logging.getLogger("b").warning("no")
    logging.getLogger("kafka").warning("no")
    structlog.get_logger("a").error("yes")
    assert [line["event"] for line in _lines(stream)] == ["yes"]


def test_warnings_of_python_are_log_lines() -> None:
    stream = io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        configure("info", "json", stream)
        warnings.warn("old option", DeprecationWarning, stacklevel=1)
    (line,) = _lines(stream)
    assert line["logger"] == "py.warnings"
    assert "old option" in line["event"]


@pytest.mark.parametrize(("level", "log_format"), [("loud", "json"), ("info", "xml")])
def test_unknown_levels_and_formats_are_refused(level: str, log_format: str) -> None:
    with pytest.raises(ValueError, match="is not a valid"):
        configure(level, log_format, io.StringIO())


def test_logs_do_not_use_standard_output() -> None:
    program = (
        "import structlog, logging; from pipeline.observe.logs import configure; configure('info', 'auto');"
        "structlog.get_logger('a').info('ours'); logging.getLogger('b').warning('theirs'); print('data')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "data\n"
    assert [json.loads(line)["event"] for line in done.stderr.splitlines()] == ["ours", "theirs"]
