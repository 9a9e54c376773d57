"""Clips and folders, whole and broken: every frame counts, and every error says what and why."""

from __future__ import annotations

import itertools
import os
import threading
import wave
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import structlog

from pipeline.decode.settings import DecodeSettings, HardwareDecoder
from pipeline.decode.supervised_source import open_source
from pipeline.domain.frame import Frame
from pipeline.domain.ports import FrameSource, SourceState
from pipeline.errors import SourceError, SourceNotFound, UnsupportedMedia
from tests.decode.clips import GREEN, RED, Recipe, encode

SETTINGS = DecodeSettings()


def read(path: Path, **wishes: object) -> tuple[list[Frame], FrameSource]:
    source = open_source("cam", str(path), settings=SETTINGS, **wishes)  # type: ignore[arg-type]
    return list(source.frames()), source


def is_color(frame: Frame, x: float, y: float, color: tuple[int, int, int]) -> bool:
    at = int(x * frame.image.width), int(y * frame.image.height)
    pixel = frame.image.crop(*at, at[0] + 1, at[1] + 1)[0, 0]
    return bool(np.abs(pixel.astype(int) - color).max() < 30)


GOOD = {
    "h264.mp4": Recipe(),
    "b-frames.mkv": Recipe(options={"g": "30", "bf": "3"}),
    "hevc.mp4": Recipe(codec="libx265"),
    "hevc-10bit.mkv": Recipe(codec="libx265", pixels="yuv420p10le"),
    "av1.mp4": Recipe(codec="libsvtav1", options={}),
    "vp9.webm": Recipe(codec="libvpx-vp9", options={}),
    "mjpeg.avi": Recipe(codec="mjpeg", pixels="yuvj420p", options={}),
    "packed-b.avi": Recipe(codec="mpeg4", options={"bf": "2"}),
    "odd.mkv": Recipe(codec="ffv1", size=(161, 121), options={}),
    "odd.mp4": Recipe(codec="mpeg4", size=(161, 121), options={}),
    "rgb.mkv": Recipe(codec="ffv1", pixels="bgr0", options={}),
    "422.mp4": Recipe(pixels="yuv422p"),
    "444.ts": Recipe(pixels="yuv444p"),
    "raw.h264": Recipe(),
    "sound.mp4": Recipe(audio="aac"),
    "sound.ts": Recipe(audio="mp2"),
}


@pytest.mark.parametrize("name", GOOD)
def test_every_frame_of_every_kind_of_clip(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SVT_LOG", "0")
    recipe = GOOD[name]
    frames, source = read(encode(tmp_path / name, recipe))
    status = source.status()
    assert (status.state, status.detail) == (SourceState.ENDED, "")
    assert len(frames) == recipe.frames == status.decoded == status.delivered
    assert [frame.index for frame in frames] == list(range(recipe.frames))
    assert (frames[0].image.width, frames[0].image.height) == recipe.size == (status.width, status.height)
    assert is_color(frames[7], 0.1, 0.1, RED)
    assert is_color(frames[7], 0.9, 0.9, GREEN)
    if name != "raw.h264":  # an elementary stream has no clock of its own
        assert [frame.pts_s for frame in frames] == pytest.approx([n / 10 for n in range(30)], abs=0.002)


def test_gray_video_is_gray(tmp_path: Path) -> None:
    frames, _ = read(encode(tmp_path / "gray.mkv", Recipe(codec="ffv1", pixels="gray", options={})))
    pixels = frames[0].image.bgr()
    assert len(frames) == 30
    assert np.ptp(pixels, axis=2).max() <= 1
    assert pixels[5, 5, 0] == pytest.approx(76, abs=2)


@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_turned_clips_are_upright_as_in_a_player(degrees: int, tmp_path: Path) -> None:
    path = encode(tmp_path / "turned.mp4", Recipe(turned=degrees))
    frames, source = read(path)
    player = cv2.VideoCapture(str(path))
    _, reference = player.read()
    player.release()
    assert frames[0].image.bgr().shape == reference.shape
    assert np.abs(frames[0].image.bgr().astype(int) - reference).mean() < 3
    assert (source.status().width, source.status().height) == (frames[0].image.width, frames[0].image.height)


def test_variable_frame_rate_keeps_its_times(tmp_path: Path) -> None:
    stamps = list(itertools.accumulate((10 + (37 * n) % 400 for n in range(29)), initial=0))
    frames, _ = read(encode(tmp_path / "vfr.mkv", Recipe(stamps_ms=stamps)))
    assert [frame.pts_s for frame in frames] == pytest.approx([stamp / 1000 for stamp in stamps], abs=0.002)


def test_a_jump_of_the_clock_is_bridged(tmp_path: Path) -> None:
    stamps = [n * 100 + (3_600_000 if n >= 15 else 0) for n in range(30)]
    frames, _ = read(encode(tmp_path / "jump.mkv", Recipe(stamps_ms=stamps)))
    assert [frame.pts_s for frame in frames] == pytest.approx([n / 10 for n in range(30)], abs=0.01)


def test_two_runs_give_the_same_identities_and_times(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp4")
    keys = [[(f.stream_id, f.index, f.pts_s, f.ts_ms) for f in read(path)[0]] for _ in range(2)]
    assert keys[0] == keys[1]
    copy = tmp_path / "elsewhere.mp4"
    copy.write_bytes(path.read_bytes())
    assert read(copy)[0][0].stream_id == keys[0][0][0]
    assert read(encode(tmp_path / "b.mp4", Recipe(frames=29)))[0][0].stream_id != keys[0][0][0]


@pytest.mark.parametrize("kind", ["clip", "images"])
def test_a_files_time_of_modification_is_taken_to_the_minute_with_a_warning(kind: str, tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp4")
    if kind == "images":
        path.unlink()
        path = tmp_path / "a.png"
        cv2.imwrite(str(path), np.zeros((48, 64, 3), np.uint8))
    os.utime(path, (1_650_000_000 + 37, 1_650_000_000 + 37))
    with structlog.testing.capture_logs() as lines:
        frames, _ = read(path)
    assert frames[0].ts_ms == 1_650_000_000_000
    (warning,) = [line for line in lines if line["log_level"] == "warning"]
    assert (warning["event"], warning["start_ms"]) == ("time_from_modification", 1_650_000_000_000)
    with structlog.testing.capture_logs() as lines:
        read(path, start_ms=0)
    assert [line for line in lines if line["log_level"] == "warning"] == []


def test_wall_time_is_given_recorded_or_that_of_the_file(tmp_path: Path) -> None:
    stamped = encode(tmp_path / "stamped.mp4", Recipe(metadata={"creation_time": "2024-02-03T19:52:38Z"}))
    unset = encode(tmp_path / "unset.mp4", Recipe(metadata={"creation_time": "1904-01-01T00:00:00Z"}))
    os.utime(unset, (1_650_000_000, 1_650_000_000))
    assert read(stamped, start_ms=5_000)[0][10].ts_ms == 6_000
    assert read(stamped)[0][10].ts_ms == 1_706_989_958_000 + 1_000
    assert read(unset)[0][0].ts_ms == 1_650_000_000_000


def test_sampled_frames_are_counted_and_never_converted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.decode import frame_conversion as planes

    made: list[object] = []
    make = planes.FrameConverter.make
    monkeypatch.setattr(planes.FrameConverter, "make", lambda self, *given: made.append(1) or make(self, *given))  # type: ignore[func-returns-value]
    frames, source = read(encode(tmp_path / "a.mp4"), analyze_fps=2.0)
    status = source.status()
    assert [frame.index for frame in frames] == [0, 5, 10, 15, 20, 25]
    assert (status.decoded, status.delivered, dict(status.drops)) == (30, 6, {"sampled": 24})
    assert len(made) == 6


def test_masks_are_drawn_before_a_frame_is_returned(tmp_path: Path) -> None:
    corner = ((0.0, 0.0), (0.4, 0.0), (0.4, 0.4), (0.0, 0.4))
    for name, recipe in {"a.mp4": Recipe(), "t.mp4": Recipe(turned=-90), "rgb.mkv": GOOD["rgb.mkv"]}.items():
        for frame in read(encode(tmp_path / name, recipe), masks=[corner])[0]:
            width, height = frame.image.width, frame.image.height
            assert frame.image.bgr()[: int(0.4 * height), : int(0.4 * width)].max() <= 2
            assert frame.image.resized(100, 100)[:39, :39].max() <= 2
            assert frame.image.crop(0, 0, 10, 10).max() <= 2
            assert frame.image.bgr().max() > 200


def test_sound_is_neither_read_nor_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Discarded in the demuxer, its decoder shut; and FFmpeg may not even open one to guess its parameters."""
    from pipeline.decode.allowed_formats import VIDEO_DECODERS

    opened: list[av.container.InputContainer] = []
    real_open = av.open
    monkeypatch.setattr(av, "open", lambda *a, **k: opened.append(real_open(*a, **k)) or opened[-1])  # type: ignore[func-returns-value]
    for name in ("sound.mp4", "sound.ts"):
        source = open_source("cam", str(encode(tmp_path / name, GOOD[name])), settings=SETTINGS)
        frames = source.frames()
        next(frames)
        [audio] = opened.pop().streams.audio
        assert audio.discard == av.stream.Discard.all
        assert not audio.codec_context.is_open
        assert len(list(frames)) == 29
    assert all(av.Codec(name, "r").type == "video" for name in VIDEO_DECODERS if name in av.codecs_available)


def test_a_change_of_resolution_is_survived(tmp_path: Path) -> None:
    small = encode(tmp_path / "small.ts", Recipe())
    large = encode(tmp_path / "large.ts", Recipe(size=(320, 240)))
    both = tmp_path / "both.ts"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    frames, source = read(both)
    sizes = [(frame.image.width, frame.image.height) for frame in frames]
    assert sizes == [(160, 120)] * 30 + [(320, 240)] * 30
    assert is_color(frames[-1], 0.9, 0.9, GREEN)
    assert (source.status().width, source.status().height) == (320, 240)
    assert all(a.pts_s <= b.pts_s for a, b in itertools.pairwise(frames))


def test_a_change_of_codec_is_survived(tmp_path: Path) -> None:
    parts = [
        encode(tmp_path / "a.ts", Recipe(frames=60)),
        encode(tmp_path / "b.ts", Recipe(codec="libx265", frames=120, options={"g": "10"})),
    ]
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    frames, source = read(both)
    assert source.status().state is SourceState.ENDED
    assert len(frames) > 60 + 60
    assert is_color(frames[-1], 0.9, 0.9, GREEN)
    assert all(a.pts_s <= b.pts_s for a, b in itertools.pairwise(frames))


def test_a_folder_of_images_is_a_video(tmp_path: Path) -> None:
    for number in range(4):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((20 + number, 30, 3), 50 * number, np.uint8))
    (tmp_path / "2.png").write_bytes(b"broken")
    frames, source = read(tmp_path, start_ms=0, masks=[((0.0, 0.0), (0.2, 0.0), (0.2, 0.2))])
    assert [(f.pts_s, f.ts_ms, f.image.height) for f in frames] == [(0.0, 0, 20), (1.0, 1000, 21), (3.0, 3000, 23)]
    assert dict(source.status().drops) == {"corrupt": 1}
    assert frames[2].image.bgr()[0, 0].max() == 0
    assert frames[2].image.bgr()[-1, -1].max() == 150
    assert len({frame.stream_id for frame in frames}) == 1


def cut(path: Path, keep: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    return path


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def silence(path: Path) -> Path:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000))
    return path


def sound_only(path: Path) -> Path:
    with av.open(str(encode(path.with_suffix(".mkv"), GOOD["sound.mp4"]))) as full, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(full.streams.audio[0])
        for packet in full.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return path


def playlist(path: Path) -> Path:
    """One that names another video of this machine."""
    other = encode(path.with_name("other.ts"))
    return write(path, f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{other}\n#EXT-X-ENDLIST\n".encode())


BROKEN: dict[str, tuple[Callable[[Path], Path], type[SourceError], str]] = {
    "gone.mp4": (lambda path: path, SourceNotFound, "does not exist"),
    "empty.mp4": (lambda path: write(path, b""), UnsupportedMedia, "is empty"),
    "no-index.mp4": (lambda path: cut(encode(path), 0.5), UnsupportedMedia, "cannot be decoded"),
    "random.ts": (lambda path: write(path, os.urandom(100_000)), UnsupportedMedia, "cannot be decoded"),
    "zeros.h264": (lambda path: write(path, bytes(100_000)), UnsupportedMedia, ""),
    "text.mp4": (lambda path: write(path, b"hello " * 5000), UnsupportedMedia, "cannot be decoded"),
    "text.txt": (lambda path: write(path, b"hello " * 5000), UnsupportedMedia, "not a supported video format"),
    "script.ffconcat": (lambda path: write(path, b"ffconcat version 1.0\nfile /etc/hosts\n"), UnsupportedMedia, ""),
    "list.m3u8": (lambda path: write(path, b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n"), UnsupportedMedia, ""),
    "video.m3u8": (playlist, UnsupportedMedia, "not a supported video format"),
    "sound.wav": (silence, UnsupportedMedia, ""),
    "sound-only.mp4": (sound_only, UnsupportedMedia, "contains no video, only audio"),
    "broken.jpg": (lambda path: write(path, b"\xff\xd8 no"), UnsupportedMedia, ""),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_unreadable_file_is_named(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    make, kind, words = BROKEN[name]
    path = make(tmp_path / name)
    capfd.readouterr()
    source = open_source("cam-7", str(path), settings=SETTINGS)
    with pytest.raises(kind) as raised:
        list(source.frames())
    assert name in str(raised.value)
    assert words in str(raised.value)
    assert raised.value.fix
    assert source.status().state is SourceState.FAILED
    assert words in source.status().detail
    assert capfd.readouterr().err == ""


def test_a_cut_off_file_is_read_to_where_it_ends(tmp_path: Path) -> None:
    path = encode(tmp_path / "cut.mkv", Recipe(frames=100, size=(320, 240)))
    whole, _ = read(path)
    frames, source = read(cut(path, 0.5))
    assert 20 < len(frames) < 80
    assert np.array_equal(frames[10].image.bgr(), whole[10].image.bgr())
    assert source.status().state is SourceState.ENDED
    assert "cut off" in source.status().detail


def test_damage_in_the_middle_affects_only_its_frames(tmp_path: Path) -> None:
    path = encode(tmp_path / "hit.ts", Recipe(frames=100, size=(320, 240)))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 188 * 188
    data[middle : middle + 188 * 20] = os.urandom(188 * 20)
    frames, source = read(write(path, bytes(data)))
    assert 70 < len(frames) <= 100
    assert is_color(frames[-1], 0.9, 0.9, GREEN)
    assert source.status().state is SourceState.ENDED


def test_images_beyond_the_limit_are_refused(tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"max_image_px": 160 * 120 - 1})
    source = open_source("cam", str(encode(tmp_path / "a.mp4")), settings=settings)
    with pytest.raises(UnsupportedMedia, match="160×120 are too large"):
        list(source.frames())


def test_missing_decoder_hardware_falls_back_to_software(tmp_path: Path) -> None:
    settings = DecodeSettings(hwaccel=HardwareDecoder.CUDA)
    source = open_source("cam", str(encode(tmp_path / "a.mp4")), settings=settings)
    assert len(list(source.frames())) == 30


def test_stop_ends_a_file_at_the_next_frame(tmp_path: Path) -> None:
    source = open_source("cam", str(encode(tmp_path / "a.mp4")), settings=SETTINGS)
    frames = source.frames()
    next(frames)
    threading.Thread(target=source.stop).run()
    assert list(frames) == []
    assert (source.status().state, source.status().detail) == (SourceState.ENDED, "stopped")
    with pytest.raises(RuntimeError, match="requested already"):
        next(source.frames())


def test_a_consumer_that_stops_iterating_ends_the_source(tmp_path: Path) -> None:
    source = open_source("cam", str(encode(tmp_path / "a.mp4")), settings=SETTINGS)
    for _ in source.frames():
        break
    assert source.status().state is SourceState.ENDED


@pytest.mark.real
def test_real_clips_are_read_to_their_last_frame(data_dir: Path) -> None:
    for path in sorted((data_dir / "clips").glob("*.mp4")):
        frames, source = read(path, analyze_fps=1.0)
        player = cv2.VideoCapture(str(path))
        count = sum(1 for _ in iter(player.grab, False))
        player.release()
        assert source.status().decoded == count, path.name
        assert len(frames) == pytest.approx(source.status().position_s, abs=2)
