"""A limit of processor time per test: the suite has a quarter of an hour on two cores, and must not fill it."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Final

import pytest

LIMIT_S: Final = 45.0
"""Half as much again as the longest test needs on the slowest processor so far, where it needs twice the time of the
fastest one. Elapsed time would depend on what else the machine does.
"""


def processor_s() -> float:
    """Processor time of this process and of the processes that it started and waited for, in seconds."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that needs more than `LIMIT_S`, unless it is marked `soak`."""
    began_s = processor_s()
    result = yield
    used_s = processor_s() - began_s
    if used_s > LIMIT_S and item.get_closest_marker("soak") is None:
        pytest.fail(
            f"took {used_s:.0f} s of processor time, more than {LIMIT_S:g} s: use fewer frames or a shared fixture, "
            "or mark it `soak` (CONTRIBUTING.md)"
        )
    return result
