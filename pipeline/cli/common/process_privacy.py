"""Privacy of a process: no core dumps, memory closed to other processes, no plates in the list of processes."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from pipeline.cli.command_table import COMMANDS
from pipeline.domain.credentials import redact_address
from pipeline.domain.process_memory import close_process_memory

_ARGUMENTS_BEGIN: Final = 45
"""Index of arg_start (field 48 of /proc/PID/stat) behind the name of the program; arg_end follows."""
_OPTION: Final = re.compile(r"(--[a-z][a-z-]*)(=?)(.*)", re.DOTALL)
_PATH: Final = re.compile(r"[\w./~+-]*(?:/[\w./~+-]*|\.[a-z]{2,8})", re.ASCII)
_PART: Final = re.compile(r"[^/]+")
_SIGNS: Final = re.compile(r"[A-Za-z0-9]")


def protect_process() -> None:
    """Hide plates and credentials among the arguments, and let no memory of this process be dumped or read by others.

    Where a kernel forbids a step, the others are done.
    """
    if sys.platform != "linux":
        return
    with suppress(OSError, ValueError):
        _hide_arguments()
    close_process_memory()


def hidden(arguments: Sequence[bytes]) -> list[bytes]:
    """The arguments of a command, each in its length: names of commands and options and paths stay, the rest is stars.

    A pattern, a part of a plate or a foreign plate has no form of its own, so what is not known to be harmless is
    hidden, and so are the parts of paths that may be a plate.
    """
    return [_hidden(argument, first=number == 0) for number, argument in enumerate(arguments)]


def _hidden(argument: bytes, *, first: bool) -> bytes:
    text = argument.decode("utf-8", "surrogateescape")
    if first and text in COMMANDS:
        return argument
    if option := _OPTION.fullmatch(text):
        name = "".join(option.groups()[:2]).encode()
        return name + _hidden_value(option[3], argument[len(name) :])
    return _hidden_value(text, argument)


def _hidden_value(text: str, value: bytes) -> bytes:
    plain = text.replace("://", "///", 1)
    if redact_address(text) != text or not _PATH.fullmatch(plain) or (text[0] not in "/.~" and _may_be_plate(text)):
        return b"*" * len(value)
    return _PART.sub(lambda part: "*" * len(part[0]) if _may_be_plate(part[0]) else part[0], text).encode()


def _may_be_plate(part: str) -> bool:
    """Whether a part of a path has a plate's letters and digits, whatever stands between them and behind."""
    signs = "".join(_SIGNS.findall(part.rpartition(".")[0] or part))
    return sum(map(str.isdigit, signs)) >= 2 and 1 <= sum(map(str.isalpha, signs)) <= 12


def _hide_arguments() -> None:
    fields = Path("/proc/self/stat").read_bytes().rpartition(b") ")[2].split()
    begin, end = int(fields[_ARGUMENTS_BEGIN]), int(fields[_ARGUMENTS_BEGIN + 1])
    memory = os.open("/proc/self/mem", os.O_RDWR | os.O_CLOEXEC)
    try:
        arguments = os.pread(memory, end - begin, begin)
        every = arguments.removesuffix(b"\0").split(b"\0")
        own = len(every) - (len(sys.argv) - 1)  # before them: the interpreter, its options, this program
        shown = b"\0".join([*every[:own], *hidden(every[own:])]) + arguments[len(arguments.removesuffix(b"\0")) :]
        if shown != arguments and len(shown) == len(arguments):
            os.pwrite(memory, shown, begin)
    finally:
        os.close(memory)
