"""Structured logging: human-readable on a terminal, JSON otherwise; credentials and plates are redacted."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from pipeline.domain.credentials import redact
from pipeline.domain.printable_text import escape_controls, escape_controls_in_lines
from pipeline.observe.settings import LogFormat, LogLevel

_VERBOSE = ("kafka", "clickhouse_driver", "libav", "asyncio", "matplotlib", "PIL", "urllib3")
"""Loggers of libraries that log every packet: only their warnings are written, except at level debug."""
_SELF_TALK = ("kafka.net.selector",)
"""Loggers whose warnings concern the library's own loop ("blocking the event loop"), and no one can act on."""
_SECRET_KEY = re.compile(r"(pass(word|wd|phrase)?|pwd|secret|token|credential|authori[sz]ation)s?$", re.IGNORECASE)
_PLATE = re.compile(r"(?<![A-Za-z0-9_-])[A-Z]{3}[ -]?[0-9][A-Z0-9][0-9]{2}(?![A-Za-z0-9_-])")
"""Old and Mercosul plates: no log line holds one, whatever an error of a library quotes."""
_NAMES = frozenset({"camera", "cameras", "sink", "group", "event_id", "timestamp", "logger", "level", "stream"})
"""Keys of names that may be spelled like a plate."""
_TRACEBACKS = frozenset({"exception", "stack"})
"""Keys of text of several lines."""
_PLAIN = (bool, int, float, type(None))


class _PipelineHandler(logging.Handler):
    """Writes to one stream; resolves `sys.stderr` at each line, so that a live table can replace it."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        try:
            stream = self._stream if self._stream is not None else sys.stderr
            stream.write(self.format(record) + "\n")
            stream.flush()
        except Exception:  # noqa: BLE001 - a full disk behind stderr must not stop a camera (convention of logging)
            self.handleError(record)


def configure(
    level: LogLevel | str = LogLevel.INFO, log_format: LogFormat | str = LogFormat.AUTO, stream: TextIO | None = None
) -> None:
    """Set up logging of the whole process; replaces an earlier setup.

    Records of the standard library's `logging` (kafka, clickhouse_driver, libav …) and Python's warnings are handled
    likewise. Output goes to standard error; standard output is reserved for data.

    Args:
        level: minimum severity of the lines that are written.
        log_format: `auto` selects `human` on a terminal and `json` otherwise.
        stream: destination; None for `sys.stderr`, resolved at each line.

    Raises:
        ValueError: unknown level or format.
    """
    level, log_format = LogLevel(level), LogFormat(log_format)
    terminal = (stream if stream is not None else sys.stderr).isatty()
    human = log_format is LogFormat.HUMAN or (log_format is LogFormat.AUTO and terminal)
    shared = _shared_processors(human)
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,  # loggers made at import must follow a later call
    )
    handler = _PipelineHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redact_event,
                _renderer(human, colors=terminal and "NO_COLOR" not in os.environ),
            ],
        )
    )
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h, _PipelineHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(number)
    for name in _VERBOSE:
        logging.getLogger(name).setLevel(logging.NOTSET if level is LogLevel.DEBUG else max(number, logging.WARNING))
    for name in _SELF_TALK:
        logging.getLogger(name).setLevel(logging.NOTSET if level is LogLevel.DEBUG else logging.ERROR)
    logging.captureWarnings(True)


def redact_event(_: WrappedLogger, __: str, event: EventDict) -> MutableMapping[str, Any]:
    """A structlog processor that redacts plates, credentials in addresses, and values whose key names a secret.

    Control characters are written as escapes: what a camera sends must not act on the terminal of a reader.
    """
    return {key: _clean(key, value) for key, value in event.items()}


def _clean(key: str, value: object) -> object:
    if _SECRET_KEY.search(key) and value:
        return "***"
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Mapping):
        return {str(k): _clean(str(k), v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean("", item) for item in value]
    text = redact(value if isinstance(value, str) else str(value))
    text = escape_controls_in_lines(text) if key in _TRACEBACKS else escape_controls(text)
    return text if key in _NAMES else _PLATE.sub("***", text)


def _shared_processors(human: bool) -> list[Processor]:
    timestamp = (
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)
        if human
        else structlog.processors.TimeStamper(fmt="iso", utc=True)
    )
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        timestamp,
        structlog.processors.StackInfoRenderer(),
    ]


def _renderer(human: bool, colors: bool) -> Processor:
    if human:
        # The traceback is already text (it was redacted), so it is printed unchanged.
        return structlog.dev.ConsoleRenderer(
            colors=colors, pad_event_to=28, exception_formatter=structlog.dev.plain_traceback
        )
    return structlog.processors.JSONRenderer(serializer=_to_json)


def _to_json(event: EventDict, **_: object) -> str:
    return json.dumps(event, ensure_ascii=False, default=str)
