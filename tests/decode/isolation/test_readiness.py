"""Descriptors of every number can be waited for."""

from __future__ import annotations

import fcntl
import os
import resource

from pipeline.decode.isolation.readiness import readable


def test_a_descriptor_above_1023_is_waited_for() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    read, write = os.pipe()
    high = fcntl.fcntl(read, fcntl.F_DUPFD_CLOEXEC, 1500)
    try:
        assert not readable(high, 0)
        os.write(write, b"x")
        assert readable(high, 0)
        os.read(high, 1)
        os.close(write)
        assert readable(high, 0), "the end can be read"
    finally:
        os.close(read)
        os.close(high)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
