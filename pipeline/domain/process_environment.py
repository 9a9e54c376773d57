"""Variables of a process's environment that have code loaded into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_INJECTING: Final = ("LD_", "PYTHON", "GCONV_", "GLIBC_", "OPENSSL_", "OCL_", "OPENCV_", "OV_", "COVERAGE_")
"""Begins of variables that have code loaded into a process, by the loader, by Python, or by a library of ours."""


def without_injection(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that load no code."""
    return {name: value for name, value in environment.items() if not name.startswith(_INJECTING)}
