"""A release from its video to what is said of it: attacks that work on the bare video and not on the covered one."""

from __future__ import annotations

import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import pytest

from pipeline.anonymize.manual_regions import Regions, read_regions
from pipeline.anonymize.residual_detections import Residue
from pipeline.anonymize.settings import AnonymizeSettings, CoverSettings, Look, MarkText
from pipeline.app.release import verification as check
from pipeline.app.release.attack_evaluation import Probed, probe
from pipeline.app.release.detectors import Crew, open_clip, open_crew, refusal
from pipeline.app.release.redaction_run import Anonymizer
from pipeline.app.release.release_run import Job, Released, release
from pipeline.app.release.report_texts import FileFacts, page_of
from pipeline.decode.file_video import FileVideo
from pipeline.decode.settings import DecodeSettings
from pipeline.domain.labels import Label
from pipeline.errors import ReleaseError

pytestmark = pytest.mark.real
BLIND = CoverSettings(sure=1.0, plate_sure=1.0)
"""Nobody is ever that sure: nothing is covered."""


@pytest.fixture(scope="module")
def street(data_dir: Path) -> Callable[[float], FileVideo]:
    """The first seconds of a shopping street; its people and faces are seen well."""
    return lambda seconds: FileVideo(data_dir / "clips" / "people-walking.mp4", DecodeSettings(), end_s=seconds)


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    with open_crew(AnonymizeSettings(), None, None, eyes=("viapublica_traffic",)) as opened:
        yield opened


def job(video: FileVideo, settings: AnonymizeSettings, regions: Regions | None = None) -> Job:
    return Job(video, settings, MarkText("SSP-MT", number="2026/7"), regions or Regions(), None, {"a": "0"})


def made(
    video: FileVideo, crew: Crew, part: Path, settings: AnonymizeSettings, regions: Regions | None = None
) -> Released:
    return release(
        job(video, settings, regions),
        part,
        finders=crew.finders,
        checkers=crew.checkers,
        opened=open_clip,
        told=lambda _stage, _done: None,
    )


def test_the_attack_finds_people_in_the_bare_video_and_nobody_under_covers(
    street: Callable[[float], FileVideo], crew: Crew, tmp_path: Path
) -> None:
    video = street(4.0)
    maker = Anonymizer(video, AnonymizeSettings(), MarkText(), lambda _stage, _done: None)
    sightings = maker.look(crew.finders)
    plan = maker.plan(sightings)
    maker.make(sightings, plan, tmp_path / "covered.mp4")
    assert crew.checkers is not None

    def attacked(finished: FileVideo, *bare: Residue) -> Probed:
        assert crew.checkers is not None
        return probe(
            video,
            finished,
            sightings=sightings,
            plan=plan,
            eyes=crew.checkers.eyes,
            reader=crew.checkers.reader,
            bare_plates=bare,
            freed=(),
            told=lambda _done: None,
        )

    bare, covered = attacked(video), attacked(open_clip(tmp_path / "covered.mp4"))
    assert bare.matched["person"].people >= 15
    assert "person" in bare.recognized, bare.matched
    assert covered.recognized == (), covered.matched
    assert covered.matched["person"].hits <= 2
    assert covered.bare == bare.matched, "what the attack is worth is told beside it"
    assert covered.plates_read == 0
    assert covered.eyes_asked >= 15
    assert covered.eyes_saw > covered.eyes_asked / 2, "they are the same detector here"
    slit = Residue(Label.PLATE, 0.0, 0.1, 3, 0.5, 2, (1082, 196, 1144, 213))
    only_covers_make_it = attacked(open_clip(tmp_path / "covered.mp4"), slit)
    assert only_covers_make_it.plates_there == ()
    assert only_covers_make_it.plates_seen == ()
    assert only_covers_make_it.plates_tried == covered.plates_tried + 1


def test_who_is_still_seen_stops_it_and_regions_for_him_let_it_pass(
    street: Callable[[float], FileVideo], crew: Crew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "MOST_ROUNDS", 0)
    part = tmp_path / "part.mp4"
    short = street(0.5)
    stopped = made(short, crew, part, AnonymizeSettings(cover=BLIND))
    assert stopped.checked is not None
    assert len(stopped.checked.found) >= 10, "looked at: some twenty people"
    folder = tmp_path / "residue"
    error = refusal(stopped, "clip.mp4", part, folder)
    assert "others still see" in error.problem
    assert str(folder / "regions.yaml") in error.fix
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    images = sorted(folder.glob("*.png"))
    assert images
    assert cv2.imread(str(images[0])) is not None
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    regions = read_regions(folder / "regions.yaml")
    assert len(regions.cover) == len(stopped.checked.found)
    passes = made(short, crew, part, AnonymizeSettings(), regions)
    assert passes.problems == ()
    assert passes.said["by_hand"]["covered"] == len(regions.cover)


def test_a_source_that_is_exchanged_between_the_readings_is_noticed(
    street: Callable[[float], FileVideo], crew: Crew, tmp_path: Path
) -> None:
    source = tmp_path / "street.mp4"
    blank = ["-f", "lavfi", "-i", "color=gray:s=1280x720:r=30:d=0.2"]
    subprocess.run(["ffmpeg", "-v", "error", *blank, str(source)], check=True)
    video = FileVideo(source, DecodeSettings())
    maker = Anonymizer(video, AnonymizeSettings(), MarkText(), lambda _stage, _done: None)
    sightings = maker.look(crew.finders)
    people = tmp_path / "people.mp4"
    how = ["-vf", "fps=30", "-frames:v", str(len(sightings)), "-an"]
    shown = next(iter(street(1.0).frames())).image
    cv2.imwrite(str(tmp_path / "one.png"), shown.bgr())
    one = ["-loop", "1", "-r", "30", "-i", str(tmp_path / "one.png")]
    subprocess.run(["ffmpeg", "-v", "error", *one, *how, str(people)], check=True)
    people.replace(source)
    times_s = [float(frame.pts * video.facts.time_base) for frame in video.frames()]
    assert times_s == sightings.times_s.tolist(), "the same times: only the images tell"
    with pytest.raises(ReleaseError, match="no longer the video"):
        maker.make(sightings, maker.plan(sightings), tmp_path / "out.mp4")


def test_further_rounds_cover_what_the_first_did_not(
    street: Callable[[float], FileVideo], crew: Crew, tmp_path: Path
) -> None:
    short = street(0.5)
    careless = CoverSettings(sure=0.6, faint=0.5)
    found = made(short, crew, tmp_path / "part.mp4", AnonymizeSettings(cover=careless))
    assert found.checked is not None
    assert found.checked.rounds >= 1
    assert found.checked.covered_more >= 3


def test_what_is_said_names_weights_policy_and_check(
    street: Callable[[float], FileVideo], crew: Crew, tmp_path: Path
) -> None:
    short = street(0.2)
    settings = AnonymizeSettings(look=Look.SILHOUETTE)
    one = made(short, crew, tmp_path / "part.mp4", settings)
    assert len(one.said["policy_sha256"]) == 64
    assert one.said["policy"]["look"] == "silhouette"
    assert one.said["checked"]["eyes"] == ["viapublica_traffic"]
    assert one.said["checked"]["independent"] is False
    assert set(crew.models) == {"viapublica_traffic", "viapublica_plates"} | {crew.finders.name}
    page = page_of(one, job(short, settings), FileFacts("clip.mp4", "ab" * 32, [("Recipient", "Universidade")]))
    for words in ("ab" * 32, "Universidade", "silhouette", "not independent", "SSP-MT · nº 2026/7"):
        assert words in page, words


def test_the_statement_is_values_that_c2pa_gives_back(
    street: Callable[[float], FileVideo], crew: Crew, tmp_path: Path
) -> None:
    """Lists of small numbers come back from it as bytes."""
    short = street(0.2)
    said = made(short, crew, tmp_path / "part.mp4", AnonymizeSettings()).said

    def lists(value: object) -> Iterator[list[object]]:
        if isinstance(value, dict):
            for part in value.values():
                yield from lists(part)
        elif isinstance(value, list | tuple):
            yield list(value)

    assert all(isinstance(item, str) for each in lists(dict(said)) for item in each)


def test_a_plate_that_is_there_is_told_from_one_that_covers_make(data_dir: Path, crew: Crew) -> None:
    video = FileVideo(data_dir / "clips" / "traffic-plates-nz.mp4", DecodeSettings(), start_s=8.0, end_s=8.4)
    maker = Anonymizer(video, AnonymizeSettings(cover=BLIND), MarkText(), lambda _stage, _done: None)
    sightings = maker.look(crew.finders)
    assert crew.checkers is not None
    plates = [found.labeled(Label.PLATE) for found in sightings.found]
    at = max(range(len(plates)), key=lambda n: float(plates[n].scores.max(initial=0.0)))
    box = tuple(float(value) for value in plates[at].boxes[plates[at].scores.argmax()])
    assert len(box) == 4
    plate = Residue(Label.PLATE, 8.0, 8.4, 3, 0.8, at, box)
    found = probe(
        video,
        video,
        sightings=sightings,
        plan=maker.plan(sightings),
        eyes=crew.checkers.eyes,
        reader=crew.checkers.reader,
        freed=(),
        bare_plates=[plate],
        told=lambda _done: None,
    )
    assert found.plates_there == (plate,)
    assert found.plates_seen == (plate,), "looked at: KAA568, large in the image"
