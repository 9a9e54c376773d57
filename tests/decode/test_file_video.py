"""Videos that are made anew: every frame at its own time, upright, as often as it is asked."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipeline.decode.file_video import FileVideo
from pipeline.decode.lazy_images import ArrayImage, image_of
from pipeline.decode.settings import DecodeSettings
from pipeline.errors import SourceNotFound, UnsupportedMedia
from tests.decode.clips import Recipe, encode, image

SETTINGS = DecodeSettings()


def times_ms(video: FileVideo) -> list[int]:
    return [round(1000 * frame.pts * video.facts.time_base) for frame in video.frames()]


def test_a_video_of_variable_rate_keeps_its_times(tmp_path: Path) -> None:
    stamps = [0, 40, 130, 140, 500, 505, 1200]
    video = FileVideo(encode(tmp_path / "a.mkv", Recipe(frames=7, stamps_ms=stamps)), SETTINGS)
    assert times_ms(video) == stamps
    assert times_ms(video) == stamps, "and again when it is played again"


def test_a_span_takes_the_frames_from_its_begin_and_before_its_end(tmp_path: Path) -> None:
    video = FileVideo(encode(tmp_path / "a.mp4", Recipe(frames=30, fps=10)), SETTINGS, start_s=0.5, end_s=1.0)
    assert times_ms(video) == [500, 600, 700, 800, 900]


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_turned_video_is_upright_in_all_its_planes(tmp_path: Path, turned: int) -> None:
    video = FileVideo(encode(tmp_path / "a.mp4", Recipe(turned=turned, frames=2, fps=1)), SETTINGS)
    frame = next(video.frames())
    planes = frame.image.planes()
    height, width = planes.y.shape
    assert (width, height) == (video.facts.width, video.facts.height)
    assert planes.u.shape == planes.v.shape == ((height + 1) // 2, (width + 1) // 2)
    shown = image_of(planes).bgr().astype(int)
    assert np.abs(shown - frame.image.bgr()).mean() < 3


def test_planes_are_the_callers_own(tmp_path: Path) -> None:
    frame = next(FileVideo(encode(tmp_path / "a.mp4"), SETTINGS).frames())
    before = frame.image.bgr().copy()
    for plane in frame.image.planes():
        plane[:] = 0
    assert (frame.image.bgr() == before).all()


def test_masks_are_drawn_before_a_frame_is_returned(tmp_path: Path) -> None:
    mask = [(0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5)]
    video = FileVideo(encode(tmp_path / "a.mp4"), SETTINGS, masks=[tuple(mask)])
    planes = next(video.frames()).image.planes()
    assert (planes.y[:60, :80] == 0).all()


def test_an_array_becomes_planes_and_comes_back(tmp_path: Path) -> None:
    pixels = image(3, (161, 121))
    planes = ArrayImage(pixels).planes()
    assert planes.y.shape == (121, 161)
    assert planes.u.shape == (61, 81)
    assert np.abs(image_of(planes).bgr().astype(int) - pixels).mean() < 4


def test_the_shape_of_its_pixels_turns_with_the_video(tmp_path: Path) -> None:
    video = FileVideo(encode(tmp_path / "a.mp4"), SETTINGS)
    assert video.facts.sample_aspect == Fraction(1)


def test_a_file_without_video_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()
    with pytest.raises(UnsupportedMedia, match=r"empty\.mp4.*is empty"):
        FileVideo(empty, SETTINGS)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video at all" * 100)
    with pytest.raises(UnsupportedMedia, match=r"broken\.mp4"):
        FileVideo(broken, SETTINGS)
    with pytest.raises(SourceNotFound, match="does not exist"):
        FileVideo(tmp_path / "none.mp4", SETTINGS)


def test_a_damaged_video_gives_the_same_frames_every_time(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mkv", Recipe(frames=60, options={"g": "5", "bf": "0"}))
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 400] = bytes(400)
    path.write_bytes(data)
    video = FileVideo(path, SETTINGS)
    first = times_ms(video)
    assert 30 < len(first) < 60
    assert times_ms(video) == first


def test_concatenated_recordings_continue_where_their_clock_restarts(tmp_path: Path) -> None:
    one = encode(tmp_path / "one.ts", Recipe(frames=20))
    both = tmp_path / "both.ts"
    both.write_bytes(one.read_bytes() * 2)
    video = FileVideo(both, SETTINGS)
    times = times_ms(video)
    assert times == sorted(set(times))
    assert 3500 <= times[-1] - times[0] <= 4500, "twenty frames of a tenth of a second, twice"


def test_an_encrypted_video_is_refused_even_where_a_decoder_makes_frames_of_it(tmp_path: Path) -> None:
    clip, locked = encode(tmp_path / "clip.mp4", Recipe(frames=5)), tmp_path / "locked.mp4"
    keys = ["-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "76" * 16, "-encryption_kid", "a7" * 16]
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(clip), "-c", "copy", *keys, str(locked)]
    for _ in range(8):
        # Each time with another random start, of which the decoder takes some for video.
        subprocess.run(command, check=True)
        with pytest.raises(UnsupportedMedia, match="is encrypted"):
            FileVideo(locked, SETTINGS)


def test_the_length_of_a_span_is_that_of_the_span(tmp_path: Path) -> None:
    clip = encode(tmp_path / "a.mp4", Recipe(frames=30, fps=10))
    lengths = [
        FileVideo(clip, SETTINGS, start_s=start, end_s=end).facts.duration_s
        for start, end in ((0.0, None), (0.5, 1.0), (2.0, 9.0), (4.0, None))
    ]
    assert lengths == pytest.approx([3.0, 0.5, 1.0, 0.0], abs=0.01)
