"""A test that needs too much processor time fails."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests import processor_time

BUSY = "import time\nwhile time.process_time() < 0.3: pass"


def test_a_test_whose_processes_need_too_much_processor_time_fails(request: pytest.FixtureRequest) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processor_time, "LIMIT_S", 0.2)
        hook = processor_time.pytest_runtest_call(request.node)
        next(hook)
        subprocess.run([sys.executable, "-c", BUSY], check=True)
        with pytest.raises(pytest.fail.Exception, match=r"s of processor time, more than 0\.2 s: use fewer frames"):
            hook.send(None)


@pytest.mark.parametrize("soak", [True, False])
def test_a_short_test_and_one_that_is_marked_soak_pass(soak: bool, request: pytest.FixtureRequest) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if soak:
            patch.setattr(processor_time, "LIMIT_S", -1.0)
            request.node.add_marker(pytest.mark.soak)
        hook = processor_time.pytest_runtest_call(request.node)
        next(hook)
        with pytest.raises(StopIteration) as ended:
            hook.send("result")
    assert ended.value.value == "result"
