"""Cameras of a benchmark: an HTTP server that sends a clip as live MPEG-TS, frame by frame at its rate.

A process of its own, so that its processor time does not count as the pipeline's. Packets are copied, not encoded.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import av

from pipeline.errors import ViapublicaError

_READY: Final = "listening on port "


@contextmanager
def sending_cameras(clip: Path, *, loop: bool) -> Iterator[Callable[[int], str]]:
    """Serve a clip to any number of cameras while the block runs.

    Args:
        clip: what each camera sends, from its beginning when it is opened.
        loop: without end; otherwise once, and a camera that is opened again is not found.

    Returns:
        The address of camera N.

    Raises:
        ViapublicaError: the server did not start.
    """
    command = [sys.executable, "-m", "pipeline.benchmark.camera_sender", str(clip), *(["--loop"] if loop else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line.startswith(_READY):
                raise ViapublicaError("cameras of the benchmark", "did not start", "Run the command again")
            port = int(line.removeprefix(_READY))
            yield lambda number: f"http://127.0.0.1:{port}/{number}"
        finally:
            process.kill()


class _Body(io.RawIOBase):
    """The chunked body of a response, as a file that FFmpeg's muxer can write to."""

    def __init__(self, response: Any) -> None:
        super().__init__()
        self._response = response

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._response.write(b"%x\r\n%b\r\n" % (len(data), bytes(data)))
        return len(data)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    clip: Path
    loop: bool
    finished: set[str]

    def do_GET(self) -> None:
        if self.path in self.finished:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "video/mp2t")
        self.send_header("Transfer-Encoding", "chunked")  # else FFmpeg takes the end for an interruption
        self.end_headers()
        try:
            self._send()
        except (BrokenPipeError, ConnectionResetError, av.FFmpegError):
            pass  # the camera's reader left
        finally:
            self.close_connection = True

    def _send(self) -> None:
        body = _Body(self.wfile)
        with av.open(body, "w", format="mpegts", container_options={"flush_packets": "1"}, buffer_size=4096) as out:
            with av.open(str(self.clip), metadata_errors="replace") as clip:
                stream: Any = out.add_stream_from_template(clip.streams.video[0])
            began_s, offset_s = time.monotonic(), 0.0
            while True:
                offset_s = self._play(out, stream, began_s, offset_s)
                if not self.loop:
                    break
        self.wfile.write(b"0\r\n\r\n")
        self.finished.add(self.path)

    def _play(self, out: Any, stream: Any, began_s: float, offset_s: float) -> float:
        """Send the clip once; returns when the next one begins, in seconds of the stream."""
        with av.open(str(self.clip), metadata_errors="replace") as clip:
            video = clip.streams.video[0]
            base, frame_s = float(video.time_base or 0), 1 / float(video.average_rate or 1)
            offset, end_s = round(offset_s / base), offset_s
            for packet in clip.demux(video):
                if packet.pts is None:
                    continue
                due_s = offset_s + packet.pts * base
                end_s = max(end_s, due_s + frame_s)
                time.sleep(max(0.0, began_s + due_s - time.monotonic()))
                packet.pts += offset
                packet.dts = packet.pts
                packet.stream = stream
                out.mux(packet)
        return end_s

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--loop", action="store_true")
    options = parser.parse_args()
    _Handler.clip, _Handler.loop, _Handler.finished = options.clip, options.loop, set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    sys.stdout.write(f"{_READY}{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
