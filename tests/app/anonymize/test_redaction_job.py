"""A video from its source to the verified file: attacks succeed on the original and fail on the redacted video."""

from __future__ import annotations

import re
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import pytest

from pipeline.anonymize.manual_regions import ManualRegions, read_regions
from pipeline.anonymize.report_portuguese import report_language
from pipeline.anonymize.residual_detections import ResidualDetection, find_residual_detections
from pipeline.anonymize.settings import AnonymizeSettings, MaskSettings
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.app.anonymize import verification
from pipeline.app.anonymize.attack_evaluation import AttackResults, evaluate_attacks
from pipeline.app.anonymize.progress import Silent, Stage
from pipeline.app.anonymize.redaction_job import RedactedVideo, RedactionJob, run_job
from pipeline.app.anonymize.redaction_networks import NetworkChoice, RedactionNetworks, open_networks
from pipeline.app.anonymize.redaction_run import Redactor
from pipeline.app.anonymize.report_texts import ReportFacts, build_report
from pipeline.app.anonymize.residual_images import refusal
from pipeline.app.anonymize.verification import Verifier, open_redacted
from pipeline.decode.file_video import FileVideo
from pipeline.decode.settings import DecodeSettings
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label
from pipeline.domain.locale import Locale
from pipeline.domain.redaction import OverlayText, RedactionStyle
from pipeline.errors import ReleaseError, UnsupportedMedia

pytestmark = pytest.mark.real
NOTHING_MASKED = MaskSettings(confirm_score=1.0, plate_confirm_score=1.0)
"""No detection reaches these scores."""


class Recorded(Silent):
    """Progress that stores the last number of frames of each stage, and the rounds."""

    def __init__(self) -> None:
        self.frames: dict[Stage, int] = {}
        self.rounds: list[tuple[int, int]] = []

    def begin_round(self, number: int, most: int) -> None:
        self.rounds.append((number, most))

    def advance(self, stage: Stage, frames: int) -> None:
        self.frames[stage] = frames


@pytest.fixture(scope="module")
def street(data_dir: Path) -> Callable[[float], FileVideo]:
    """The first seconds of a shopping street; its people and faces are clearly visible."""
    return lambda seconds: FileVideo(data_dir / "clips" / "people-walking.mp4", DecodeSettings(), end_s=seconds)


@pytest.fixture(scope="module")
def networks() -> Iterator[RedactionNetworks]:
    choice = NetworkChoice(verify=True, check_models=("viapublica_traffic",))
    with open_networks(AnonymizeSettings(), choice) as opened:
        yield opened


@pytest.fixture
def verifier(networks: RedactionNetworks) -> Verifier:
    assert networks.verifier is not None
    return networks.verifier


def job(video: FileVideo, settings: AnonymizeSettings, regions: ManualRegions | None = None) -> RedactionJob:
    return RedactionJob(video, settings, OverlayText("SSP-MT", number="2026/7"), regions or ManualRegions(), None)


def redactor(video: FileVideo, masks: MaskSettings | None = None) -> Redactor:
    return Redactor(video, AnonymizeSettings(masks=masks or MaskSettings()), OverlayText(), Silent())


def test_attacks_identify_people_in_the_original_and_no_one_under_masks(
    street: Callable[[float], FileVideo], networks: RedactionNetworks, verifier: Verifier, tmp_path: Path
) -> None:
    video = street(2.5)
    maker = redactor(video)
    detections = maker.detect(networks.detectors)
    plan = maker.plan(detections)
    maker.render(detections, plan, tmp_path / "redacted.mp4")

    def attacked(finished: FileVideo, *residual: ResidualDetection) -> AttackResults:
        return evaluate_attacks(
            video,
            finished,
            detections=detections,
            plan=plan,
            detectors=verifier.detectors,
            plate_reader=verifier.plate_reader,
            residual_plates=residual,
            overlay=maker.overlay_box,
            progress=Silent(),
        )

    slit = ResidualDetection(Label.PLATE, 0.0, 0.1, 3, 0.5, 2, (1082, 196, 1144, 213))
    original, redacted = attacked(video), attacked(open_redacted(tmp_path / "redacted.mp4"), slit)
    assert original.rank_one["person"].people >= 15
    assert "person" in original.reidentified, original.rank_one
    assert redacted.reidentified == (), redacted.rank_one
    assert redacted.rank_one["person"].hits <= 2
    assert redacted.baseline == original.rank_one, "the strength of the attack stands beside its result"
    assert redacted.plates_read == 0
    assert redacted.recall.reference_objects >= 15
    assert redacted.recall.detected > redacted.recall.reference_objects / 2, "they are the same detector here"
    assert redacted.recall_of_parts == (), "it has one scene of less than a minute"
    assert redacted.present_plates == (), "the slit is an artifact of masks"
    assert redacted.legible_plates == ()
    assert redacted.plates_tried >= 1


def test_residual_detections_stop_the_video_and_regions_for_them_let_it_pass(
    street: Callable[[float], FileVideo],
    networks: RedactionNetworks,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verification, "MAX_ROUNDS", 0)
    partial = tmp_path / "partial.mp4"
    short = street(0.25)
    stopped = run_job(job(short, AnonymizeSettings(masks=NOTHING_MASKED)), partial, networks, Silent())
    assert stopped.verification is not None
    assert len(stopped.verification.residual) >= 10, "counted by hand: some twenty people"
    folder = tmp_path / "residual"
    error = refusal(stopped, "clip.mp4", partial, folder)
    assert "verification detectors found" in error.problem
    assert str(folder / "regions.yaml") in error.fix
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    images = sorted(folder.glob("*.png"))
    assert images
    assert cv2.imread(str(images[0])) is not None
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    regions = read_regions(folder / "regions.yaml")
    assert len(regions.redact) == len(stopped.verification.residual)
    passes = run_job(job(short, AnonymizeSettings(), regions), partial, networks, Silent())
    assert passes.problems == ()
    assert passes.statement["manual_regions"]["redacted"] == len(regions.redact)


def test_a_source_that_is_replaced_between_both_passes_is_refused(
    street: Callable[[float], FileVideo], networks: RedactionNetworks, tmp_path: Path
) -> None:
    source = tmp_path / "street.mp4"
    blank = ["-f", "lavfi", "-i", "color=gray:s=1280x720:r=30:d=0.2"]
    subprocess.run(["ffmpeg", "-v", "error", *blank, str(source)], check=True)
    video = FileVideo(source, DecodeSettings())
    maker = redactor(video)
    detections = maker.detect(networks.detectors)
    people = tmp_path / "people.mp4"
    how = ["-vf", "fps=30", "-frames:v", str(len(detections)), "-an"]
    shown = next(iter(street(1.0).frames())).image
    cv2.imwrite(str(tmp_path / "one.png"), shown.bgr())
    one = ["-loop", "1", "-r", "30", "-i", str(tmp_path / "one.png")]
    subprocess.run(["ffmpeg", "-v", "error", *one, *how, str(people)], check=True)
    source.write_bytes(people.read_bytes())
    times_s = [float(frame.pts * video.facts.time_base) for frame in video.frames()]
    assert times_s == detections.times_s.tolist(), "the same times: only the images differ"
    with pytest.raises(ReleaseError, match="has changed since its detection pass"):
        maker.render(detections, maker.plan(detections), tmp_path / "out.mp4")
    people.replace(source)
    with pytest.raises(UnsupportedMedia, match="was replaced by another file"):
        next(video.frames())


def test_further_rounds_mask_objects_that_the_first_round_missed(
    street: Callable[[float], FileVideo], networks: RedactionNetworks, tmp_path: Path
) -> None:
    careless = AnonymizeSettings(masks=MaskSettings(confirm_score=0.98, link_score=0.97))
    result = run_job(job(street(0.25), careless), tmp_path / "partial.mp4", networks, Silent())
    assert result.verification is not None
    assert result.verification.rounds >= 1
    assert result.verification.added_masks >= 1


def test_a_round_of_verification_links_the_original_once_in_each_direction(
    street: Callable[[float], FileVideo],
    networks: RedactionNetworks,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    linked: list[str] = []

    def counting(name: str, link: Callable[..., object]) -> Callable[..., object]:
        def counted(detections: VideoDetections, *more: object) -> object:
            linked.append(name)
            return link(detections, *more)

        return counted

    from pipeline.anonymize import redaction_masks

    for name in ("link_forward", "link_backward"):
        monkeypatch.setattr(redaction_masks, name, counting(name, getattr(redaction_masks, name)))
    result = run_job(job(street(0.2), AnonymizeSettings()), tmp_path / "partial.mp4", networks, Silent())
    assert result.verification is not None
    assert linked == ["link_forward", "link_backward"] * (result.verification.rounds + 1)


@pytest.fixture(scope="module")
def silhouettes(
    street: Callable[[float], FileVideo], networks: RedactionNetworks, tmp_path_factory: pytest.TempPathFactory
) -> tuple[RedactedVideo, Recorded]:
    """A video of six frames with silhouettes, and its progress."""
    progress, path = Recorded(), tmp_path_factory.mktemp("silhouettes") / "partial.mp4"
    return run_job(
        job(street(0.2), AnonymizeSettings(style=RedactionStyle.SILHOUETTE)), path, networks, progress
    ), progress


def test_the_statement_names_weights_policy_and_verification(silhouettes: tuple[RedactedVideo, Recorded]) -> None:
    result, progress = silhouettes
    statement = result.statement
    assert len(statement["policy_sha256"]) == 64
    assert statement["policy"]["style"] == "silhouette"
    assert statement["verification"]["detectors"] == ["viapublica_traffic"]
    assert statement["verification"]["independent"] is False
    assert set(statement["models"]) == {"viapublica_traffic", "viapublica_plates", "viapublica_plate_corners"}
    assert all(len(digest) == 64 for digest in statement["models"].values())
    assert progress.frames == dict.fromkeys(Stage, result.summary.frames)
    assert progress.rounds == [(number, 4) for number in range(1, statement["verification"]["rounds"] + 2)]
    report = build_report(result, ReportFacts("clip.mp4", "ab" * 32, [("Recipient", "Universidade")]))
    for text in ("ab" * 32, "Universidade", "silhouette", "not independent", "SSP-MT · nº 2026/7"):
        assert text in report, text
    facts = ReportFacts("clip.mp4", "ab" * 32, [("Destinatário", "Universidade")])
    portuguese = build_report(result, facts, report_language(Locale.PT_BR))
    for text in ('lang="pt-BR"', "Universidade", "silhueta", "não independente", "Limites", "Verificação do arquivo"):
        assert text in portuguese, text
    for english in ("Masked", "frame", "Limits", "detectors", "Check", "passed"):
        assert english not in re.sub("<style>.*?</style>|<[^>]*>", " ", portuguese, flags=re.DOTALL), english


def test_the_statement_is_values_that_c2pa_gives_back(silhouettes: tuple[RedactedVideo, Recorded]) -> None:
    """C2PA gives lists of small numbers back as bytes."""
    result, _ = silhouettes

    def lists(value: object) -> Iterator[list[object]]:
        if isinstance(value, dict):
            for part in value.values():
                yield from lists(part)
        elif isinstance(value, list | tuple):
            yield list(value)

    assert all(isinstance(item, str) for each in lists(dict(result.statement)) for item in each)


def test_a_plate_of_the_original_is_distinguished_from_an_artifact_of_masks(
    data_dir: Path, networks: RedactionNetworks, verifier: Verifier
) -> None:
    video = FileVideo(data_dir / "clips" / "traffic-plates-nz.mp4", DecodeSettings(), start_s=8.0, end_s=8.4)
    maker = redactor(video, NOTHING_MASKED)
    detections = maker.detect(networks.detectors)
    plates = [found.labeled(Label.PLATE) for found in detections.per_frame]
    at = max(range(len(plates)), key=lambda n: float(plates[n].scores.max(initial=0.0)))
    box = tuple(float(value) for value in plates[at].boxes[plates[at].scores.argmax()])
    assert len(box) == 4
    plate = ResidualDetection(Label.PLATE, 8.0, 8.4, 3, 0.8, at, box)
    found = evaluate_attacks(
        video,
        video,
        detections=detections,
        plan=maker.plan(detections),
        detectors=verifier.detectors,
        plate_reader=verifier.plate_reader,
        overlay=maker.overlay_box,
        residual_plates=[plate],
        progress=Silent(),
    )
    assert found.present_plates == (plate,)
    assert found.legible_plates == (plate,), "read by hand: KAA568, large in the image"


def test_the_own_overlay_is_no_plate(
    street: Callable[[float], FileVideo], networks: RedactionNetworks, verifier: Verifier, tmp_path: Path
) -> None:
    video = street(0.5)
    text = OverlayText(institution="SSP-MT", number="ABC1D23")
    maker = Redactor(video, AnonymizeSettings(), text, Silent())
    detections = maker.detect(networks.detectors)
    plan = maker.plan(detections)
    maker.render(detections, plan, tmp_path / "redacted.mp4")
    x1, y1, x2, y2 = maker.overlay_box[0].tolist()
    strip = Detections.build([(x1 + 4, y1 + 2, x2 - 4, y2 - 2)], [0.9], [Label.PLATE])
    seen = replace(detections, per_frame=[strip] * len(detections))
    sought: dict[str, Any] = {"min_score": 0.4, "min_frames": 3}
    assert len(find_residual_detections(seen, plan, **sought).objects) == 1
    assert find_residual_detections(seen, plan, overlay=maker.overlay_box, **sought).objects == []
    place = ResidualDetection(Label.PLATE, 0.0, 0.4, 3, 0.9, 2, (x1, y1, x2, y2))
    finished = open_redacted(tmp_path / "redacted.mp4")
    attacks = evaluate_attacks(
        video,
        finished,
        detections=detections,
        plan=plan,
        detectors=verifier.detectors,
        plate_reader=verifier.plate_reader,
        overlay=maker.overlay_box,
        residual_plates=[place],
        progress=Silent(),
    )
    assert attacks.legible_plates == ()
