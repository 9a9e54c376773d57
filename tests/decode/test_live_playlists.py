"""Live HLS playlists: long segments are no stall, are read once, and arrive spread over their time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from threading import Event

import av
import pytest

from pipeline.decode.isolation.decoder_processes import DecoderProcesses
from pipeline.decode.playlist_segments import PlaylistSegments, segments_in_words, spread_packets, wait_of
from pipeline.decode.supervised_source import open_source
from pipeline.domain.ports import SourceState
from tests.decode.clips import Recipe, encode
from tests.decode.test_http_access import Server
from tests.decode.test_streams import QUICK, WatchedSource

ADDRESS = "http://camera/live/list.m3u8"


@dataclass
class Packet:
    """A packet of a stream in which a key frame comes each second, five packets per second."""

    number: int
    time_base: Fraction = Fraction(1, 5)

    @property
    def dts(self) -> int:
        return self.number

    @property
    def is_keyframe(self) -> bool:
        return self.number % 5 == 0


def playlist(*names: str, seconds: float = 6, end: bool = False) -> bytes:
    lines = ["#EXTM3U", f"#EXT-X-TARGETDURATION:{seconds:g}", '#EXT-X-MAP:URI="init.mp4"']
    lines += [f"#EXTINF:{seconds:g},\n#EXT-X-BITRATE:90\n{name}" for name in names]
    return "\n".join([*lines, *["#EXT-X-ENDLIST"] * end]).encode()


def spread(segments: PlaylistSegments, packets: list[Packet]) -> list[tuple[int, float]]:
    """The packets that pass, with the time that they do."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    return [(one.number, now[0]) for one in spread_packets(iter(packets), segments, Event(), lambda: now[0], sleep)]


def test_the_ordinary_silence_is_that_of_the_longest_segment() -> None:
    segments = PlaylistSegments()
    segments.note(ADDRESS, playlist("a.ts", "b.ts"))
    assert (segments.target_s, wait_of(segments.target_s)) == (6, 9)
    assert "up to 12 s late" in segments_in_words(segments.target_s)[0]
    assert not segments_in_words(1)
    recording = PlaylistSegments()
    recording.note(ADDRESS, playlist("a.ts", end=True))
    assert wait_of(recording.target_s) == 0
    odd = PlaylistSegments()
    odd.note(ADDRESS, b"#EXTM3U\n#EXT-X-TARGETDURATION:x\n#EXTINF:1e999,\na.ts\n#EXTINF:nan\nb.ts\n")
    assert wait_of(odd.target_s) <= 90


def test_segments_that_another_session_has_read_are_passed_over() -> None:
    read: list[str] = []
    first = PlaylistSegments(on_read=read.append)
    first.note(ADDRESS, playlist("1.ts", "2.ts"))
    first.note("http://camera/live/init.mp4", b"init")
    first.note("http://camera/live/2.ts", b"two")
    assert (len(read), first.repeated_s) == (1, 0)
    again = PlaylistSegments(read, read.append)
    again.note(ADDRESS, playlist("2.ts"))
    again.note("http://camera/live/init.mp4", b"init")
    again.note("http://camera/live/2.ts", b"two")
    assert again.repeated_s == 6
    assert spread(again, [Packet(n) for n in range(60)])[0][0] == 30, "at the key frame of the next segment"
    restarted = PlaylistSegments(read)
    restarted.note(ADDRESS, playlist("2.ts"))
    restarted.note("http://camera/live/2.ts", b"another one under the same name")
    assert restarted.repeated_s == 0


def test_packets_of_a_segment_pass_at_the_time_that_they_are_due() -> None:
    segments = PlaylistSegments()
    segments.note(ADDRESS, playlist("1.ts"))
    passed = spread(segments, [Packet(n) for n in range(31)])
    assert [number for number, _ in passed] == list(range(31))
    assert passed[-1][1] == pytest.approx(6 / 1.03, abs=0.1)
    assert passed[15][1] == pytest.approx(3 / 1.03, abs=0.1)
    jumped = spread(segments, [Packet(0), Packet(500), Packet(100)])
    assert jumped[-1][1] == 0, "a jump of the camera's clock is not waited for"
    assert spread(PlaylistSegments(), [Packet(n) for n in range(31)])[-1][1] == 0, "other streams pass at once"


FRAMES = 12
"""Of a segment, which is half a second long."""
HELD = 4
"""At most so many frames of a segment come with the next one: held by the container, and by the decoder."""


class LiveCamera:
    """Publishes one segment of a video after the other."""

    def __init__(self, folder: Path) -> None:
        clip = encode(
            folder / "clip.mp4", Recipe(frames=4 * FRAMES, fps=2 * FRAMES, options={"g": str(FRAMES), "bf": "0"})
        )
        split = {"hls_time": "0.4", "hls_list_size": "0", "hls_segment_filename": str(folder / "%d.ts")}
        with av.open(str(clip)) as source, av.open(str(folder / "whole.m3u8"), "w", options=split) as target:
            stream = target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(source.streams.video[0]):
                if packet.size:
                    packet.stream = stream
                    target.mux(packet)
        self._list = folder / "list.m3u8"
        self._published = 0
        self.server = Server(folder)

    def publish(self) -> None:
        """One more segment."""
        names = [f"{number}.ts" for number in range(self._published + 1)]
        self._published += 1
        partial = self._list.with_suffix(".partial")
        text = "".join(f"#EXTINF:0.5,\n{name}\n" for name in names)
        partial.write_text(f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n{text}")
        partial.replace(self._list)


def arrived(watched: WatchedSource, segment: int) -> None:
    watched.until(lambda _: len(watched.frames) >= segment * FRAMES - HELD, f"segment {segment}")


@pytest.mark.parametrize("isolated", [False, True], ids=["in this process", "isolated"])
def test_a_camera_of_long_segments_is_not_stalled_and_gives_each_frame_once(tmp_path: Path, isolated: bool) -> None:
    camera = LiveCamera(tmp_path)
    camera.publish()
    url = camera.server.url("list.m3u8")
    impatient = QUICK.model_copy(update={"watchdog_s": 0.1, "read_timeout_s": 0.2})
    with DecoderProcesses() as processes:
        watched = WatchedSource(url)
        watched.source = open_source("cam", url, settings=impatient, processes=processes if isolated else None)
        with watched:
            for segment in (1, 2):
                arrived(watched, segment)
                camera.publish()
            arrived(watched, 3)
            assert SourceState.STALLED not in watched.states
            watched.source.interrupt("the test cuts the connection")
            watched.until(lambda status: status.state is SourceState.BACKING_OFF, "the interruption")
            camera.publish()
            watched.until(lambda _: len(watched.frames) >= 4 * FRAMES - 2 * HELD, "segment 4")
    camera.server.close()
    assert watched.source.status().decoded <= 4 * FRAMES, "a segment came twice"
