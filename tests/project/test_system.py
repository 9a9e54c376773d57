"""Tests of real servers are skipped where these are not installed; on CI nothing may be skipped for that."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

on_ci = pytest.mark.skipif(not os.environ.get("CI"), reason="CI is not set: tests of missing programs may be skipped")


@on_ci
@pytest.mark.parametrize("program", ["clickhouse-server", "ffmpeg", "ffprobe"])
def test_the_program_is_there(program: str) -> None:
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])
    assert shutil.which(program, path=path), f"{program} is missing; `make system` installs it as root"


@on_ci
def test_an_rtsp_server_can_be_started() -> None:
    code = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import Gst, GstRtspServer as s; "
    code += "Gst.init(None); assert all(map(Gst.ElementFactory.find, ('h264parse', 'rtph264pay', 'multifilesrc')))"
    done = subprocess.run(["/usr/bin/python3", "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
