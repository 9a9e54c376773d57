"""Copies of recorded video are recognized by their packets, without tag, name and container of the original."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.domain.camera import Camera, Scope
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.errors import PolicyError
from pipeline.record.declaration_tag import declaration_in
from pipeline.record.key_frame_digest import all_key_frames, some_key_frames
from pipeline.record.key_frame_index import KEY_FRAMES, KeyFrameIndex
from pipeline.record.known_recordings import KnownRecordings
from pipeline.record.recorded_declaration import check_not_recorded, check_plates_of, declarations_of, recorded_view
from pipeline.record.segment_index import SegmentIndex
from pipeline.storage.written_paths import PathKind, WrittenPaths
from tests.decode.clips import Recipe, encode
from tests.record.packets import BEGIN_MS, clip, record_masked, remuxed
from tests.record.test_recorded_declaration import MASK, SQUARE, recorded

CODECS = {
    "libx264": "ts mkv mp4",
    "libx265": "ts mkv mp4",
    "mpeg4": "mkv mp4 ts",
    "mjpeg": "mkv mp4",
    "libvpx": "webm mkv",
    "libvpx-vp9": "webm mp4",
    "libsvtav1": "webm mp4",
}


@pytest.mark.parametrize("codec", CODECS)
def test_a_copy_without_metadata_is_known_in_every_container(tmp_path: Path, codec: str) -> None:
    how = Recipe(codec=codec, pixels="yuvj420p" if codec == "mjpeg" else "yuv420p", options={"g": "10"})
    original = recorded(tmp_path, SQUARE, encode(tmp_path / ("clip.webm" if codec == "libvpx" else "clip.mp4"), how))
    copy, known = original, KnownRecordings([tmp_path / "video"])
    for number, suffix in enumerate(CODECS[codec].split()):
        copy = remuxed(copy, tmp_path / f"copy-{number}.{suffix}")
        assert declaration_in(copy) is None
        with pytest.raises(PolicyError, match="was recorded by camera cam: scope public-square"):
            check_plates_of(copy, is_clip=True, scope=Scope.PUBLIC_ROAD, known=known)


def test_a_part_that_begins_at_any_key_frame_is_known(tmp_path: Path) -> None:
    part = remuxed(recorded(tmp_path, SQUARE), tmp_path / "part.ts", skip_key_frames=2)
    with pytest.raises(PolicyError, match="Request it with --camera cam"):
        check_not_recorded(part, known=KnownRecordings([tmp_path / "video"]))


def test_a_copy_keeps_the_privacy_masks_of_its_camera(tmp_path: Path) -> None:
    record_masked(tmp_path / "video", (MASK,), seconds=2)
    (original,) = (tmp_path / "video" / "cam").glob("*/*.mp4")
    copy = remuxed(original, tmp_path / "copy.mkv")
    view = recorded_view(copy, is_clip=True, known=KnownRecordings([tmp_path / "video"]))
    assert view is not None
    assert view.masks == (MASK,)


def test_a_tag_of_another_camera_does_not_hide_where_a_copy_comes_from(tmp_path: Path) -> None:
    road = CameraDeclaration(Camera("road", Scope.PUBLIC_ROAD))
    other = tmp_path / "other"
    other.mkdir()
    tagged = recorded(other, replace(road, camera=replace(road.camera, camera_id="cam")), clip(tmp_path))
    recorded(tmp_path, SQUARE, tmp_path / "clip.mp4")
    found = declarations_of(tagged, is_clip=True, known=KnownRecordings([tmp_path / "video"]))
    assert {one.camera.scope for one in found} == {Scope.PUBLIC_ROAD, Scope.PUBLIC_SQUARE}


def test_video_that_is_still_being_written_is_known(tmp_path: Path) -> None:
    copy = remuxed(recorded(tmp_path, SQUARE), tmp_path / "copy.ts")
    (tmp_path / "video" / "cam" / "index.jsonl").unlink()
    (tmp_path / "video" / "cam" / KEY_FRAMES).unlink()
    assert declarations_of(copy, is_clip=True, known=KnownRecordings([tmp_path / "video"])) == [SQUARE]


def test_what_no_camera_sent_is_not_known(tmp_path: Path) -> None:
    recorded(tmp_path, SQUARE)
    known = KnownRecordings([tmp_path / "video", tmp_path / "missing"])
    other = encode(tmp_path / "other.mp4", Recipe(size=(192, 120)))
    encoded_anew = encode(tmp_path / "again.mp4", Recipe(options={"g": "10", "bf": "0", "crf": "35"}))
    assert declarations_of(other, is_clip=True, known=known) == []
    assert declarations_of(encoded_anew, is_clip=True, known=known) == []


def test_folders_that_former_configurations_recorded_into_count(tmp_path: Path) -> None:
    copy = remuxed(recorded(tmp_path, SQUARE), tmp_path / "copy.ts")
    data = tmp_path / "data"
    data.mkdir()
    assert declarations_of(copy, is_clip=True, known=KnownRecordings.of(data, None)) == []
    WrittenPaths(data).add(PathKind.VIDEO, tmp_path / "video")
    assert declarations_of(copy, is_clip=True, known=KnownRecordings.of(data, tmp_path / "new")) == [SQUARE]


def test_recordings_that_cannot_be_read_refuse_every_video(tmp_path: Path) -> None:
    original = recorded(tmp_path, SQUARE)
    index = original.parents[1] / KEY_FRAMES
    index.unlink()
    index.mkdir()
    with pytest.raises(PolicyError, match=r"cannot be compared with recorded .*key-frames\.bin: Is a directory"):
        check_not_recorded(clip(tmp_path), known=KnownRecordings([tmp_path / "video"]))


def test_key_frames_survive_a_crash_and_leave_with_their_segments(tmp_path: Path) -> None:
    index = KeyFrameIndex(tmp_path)
    index.add(1000, [5, 2**64 - 1])
    with (tmp_path / KEY_FRAMES).open("ab") as stream:
        stream.write(b"half")
    index.add(2000, [7, 5])
    assert index.find([5, 6]) == {1000, 2000}
    assert index.find([2**64 - 1]) == {1000}
    index.retain({2000})
    assert (index.find([5]), index.find([2**64 - 1]), index.find([])) == ({2000}, set(), set())


def test_a_compacted_index_has_the_key_frames_of_present_segments_only(tmp_path: Path) -> None:
    original = recorded(tmp_path, SQUARE)
    camera = original.parents[1]
    KeyFrameIndex(camera).add(1, [7])
    for number in range(300):
        SegmentIndex(camera).add_file(camera / "2020-01-01" / f"{number}.mp4", 0)
    SegmentIndex(camera).compact()
    assert KeyFrameIndex(camera).find([7]) == set()
    assert KeyFrameIndex(camera).find(all_key_frames(original)) == {BEGIN_MS}


def test_a_long_video_is_searched_at_places_spread_over_it(tmp_path: Path) -> None:
    how = Recipe(frames=360, size=(1600, 48), stamps_ms=range(0, 1_800_000, 5000), options={"g": "1", "bf": "0"})
    video = encode(tmp_path / "long.mp4", how)
    every, some = all_key_frames(video), some_key_frames(video)
    assert len(set(every)) == 360
    places = [every.index(digest) for digest in some]
    assert len(some) == 120
    assert {after - before for before, after in pairwise(places)} <= {2, 3}
