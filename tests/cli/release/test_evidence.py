"""Evidence: original packets for authorities only, agreed by two persons, sealed for the recipient, with custody."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import pytest
import structlog
from openpyxl import load_workbook
from typer.testing import CliRunner

from pipeline.anonymize.signing_certificate import create_signing_identity
from pipeline.app.release.register_service import file_content, open_register
from pipeline.app.release.verify_clip import verify_clip
from pipeline.domain.camera import Scope
from pipeline.domain.times import local_time
from pipeline.errors import PolicyError, RecordError, ReleaseError, ViapublicaError
from pipeline.governance.sealed_message import open_sealed
from pipeline.record.file_layout import DECLARATIONS
from pipeline.record.holds import Holds
from pipeline.record.recorded_declaration import check_plates_of
from pipeline.storage.declaration_log import DeclarationLog
from tests.cli.commands import app
from tests.record.packets import BEGIN_MS, clip, declared, record, record_masked

OPEN = ("--certificate=court.pem", "--key=court.key")


@pytest.fixture(scope="module")
def recipients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates and keys of a court and of another recipient, which take long to make."""
    folder = tmp_path_factory.mktemp("recipients")
    for name in ("court", "other"):
        how = ["-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={name}"]
        files = ["-keyout", f"{name}.key", "-out", f"{name}.pem"]
        subprocess.run(["openssl", "req", "-x509", *how, *files], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(autouse=True)
def _place(recipients: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four seconds of recorded video in files of two seconds, the institution's certificate, and the court's."""
    monkeypatch.chdir(tmp_path)
    for name in ("VIAPUBLICA_REGISTER", "VIAPUBLICA_KEY_PASSWORD", "VIAPUBLICA_KEY_PASSWORD_FILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "requisition.pdf").write_text("requisito")
    certificate, key, _ = create_signing_identity("SSP-MT", tmp_path / "id")
    monkeypatch.setenv("VIAPUBLICA_CERTIFICATE", str(certificate))
    monkeypatch.setenv("VIAPUBLICA_KEY", str(key))
    shutil.copytree(recipients, tmp_path, dirs_exist_ok=True)
    record(tmp_path / "video", clip(tmp_path, 4), segment_s=2)
    DeclarationLog(tmp_path / "video" / "cam" / DECLARATIONS).declare(declared("cam"), BEGIN_MS - 1000)
    write_config()


def write_config(masks: str = "", scope: str = "public-road") -> None:
    camera = "{id: cam, source: 'rtsp://192.0.2.1/a', scope: " + scope + masks + "}"
    Path("city.yaml").write_text(
        "version: 1\ninstitution: SSP-MT\nlocal_law: Lei nº 11.766/2022\n"
        f"cameras:\n  - {camera}\nrecord: {{dir: video, days: 3650}}\n"
    )


def release(*words: str | Path) -> Any:
    with structlog.testing.capture_logs():
        done = CliRunner().invoke(app, ["release", *map(str, words), "--json"], prog_name="viapublica")
    if isinstance(done.exception, ViapublicaError):
        raise done.exception
    assert done.exit_code == 0, f"{done.output}{done.exception!r}"
    return json.loads(done.stdout)


def moment(after_ms: int) -> str:
    return datetime.fromtimestamp((BEGIN_MS + after_ms) / 1000, UTC).isoformat()


def request(*more: str, basis: str = "judiciary") -> str:
    who = ("--recipient=12ª Vara", f"--basis={basis}", "--purpose=prova", "--declaration=requisition.pdf", "--by=Ana")
    what = ("--camera=cam", f"--from={moment(1200)}", f"--to={moment(2900)}", "--document=0001234-56.2026")
    sealed = ("--evidence", "--recipient-certificate=court.pem")
    number: str = release("request", *who, *what, *(more or sealed))["number"]
    return number


def approved(*more: str) -> str:
    number = request(*more)
    release("approve", number, "--by=Bia", "--config=city.yaml")
    return number


def build(number: str, *more: str) -> Any:
    return release(
        "build", number, "--evidence", "--recipient-certificate=court.pem", "--config=city.yaml", "--by=Ana", *more
    )


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(container.streams.video[0]) if packet.size]


def test_an_authority_receives_the_original_packets_sealed_and_signed() -> None:
    number = approved()
    built = build(number)
    assert sorted(path.name for path in Path("releases").iterdir()) == ["2026-000001.html", "2026-000001.p7m"]
    opened = release("open-evidence", built["package"], *OPEN, "--trust=id/authority.pem", "--out=opened")
    assert (opened["signer"], opened["trusted"], opened["number"]) == ("SSP-MT", True, number)
    files = sorted(path.name for path in Path("opened").iterdir())
    assert files == ["capa.html", "custodia.json", "custodia.json.p7s", "video-001.mp4", "video-002.mp4"]
    sources = sorted(Path("video/cam").rglob("*.mp4"))
    copied = [packets(Path("opened") / name) for name in files[3:]]
    assert copied == [packets(sources[0])[10:20], packets(sources[1])[:10]], "cut at key frames, not re-encoded"
    with pytest.raises(PolicyError, match="Request it with --camera cam"):
        file_content(Path("opened/video-001.mp4"))
    for one, source in zip(opened["videos"], sources, strict=True):
        assert one["source_sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
        assert one["sha256"] == hashlib.sha256((Path("opened") / one["name"]).read_bytes()).hexdigest()
    assert [one["begin_ms"] - BEGIN_MS for one in opened["videos"]] == [1000, 2000]
    assert [(who, what) for _, who, what in opened["steps"]] == [
        ("Ana", "pedido registrado"),
        ("Bia", "disponibilização autorizada por segunda pessoa"),
        ("Ana", "vídeo copiado, assinado e lacrado"),
    ]
    assert Holds(Path("video")).all() == [], "held while it was copied"


@pytest.mark.parametrize("logged", [True, False])
def test_the_opened_video_permits_no_more_than_its_camera_does_today(logged: bool) -> None:
    if logged:
        log = DeclarationLog(Path("video/cam") / DECLARATIONS)
        log.declare(declared("cam", Scope.PUBLIC_SQUARE), BEGIN_MS + 60_000)
    write_config(scope="public-square")
    built = build(approved())
    release("open-evidence", built["package"], *OPEN, "--out=opened")
    for opened in sorted(Path("opened").glob("*.mp4")):
        with pytest.raises(PolicyError, match="was recorded by camera cam: scope public-square"):
            check_plates_of(opened, is_clip=True, scope=Scope.PUBLIC_ROAD)
        with pytest.raises(PolicyError, match="Request it with --camera cam"):
            file_content(opened)


def test_the_chain_of_custody_says_whether_a_file_is_what_the_recorder_completed() -> None:
    number = approved()
    built = build(number)
    assert [one["as_recorded"] for one in built["videos"]] == [True, True]
    assert "confere com o resumo anotado na gravação" in Path(built["sheet"]).read_text(encoding="utf-8")
    opened = release("open-evidence", built["package"], *OPEN, "--out=opened")
    assert [one["recorder_sha256"] for one in opened["videos"]] == [one["source_sha256"] for one in opened["videos"]]


def test_the_custody_sheet_names_the_noted_digest_of_a_file_that_was_changed() -> None:
    first = sorted(Path("video/cam").rglob("*.mp4"))[0]
    noted = hashlib.sha256(first.read_bytes()).hexdigest()
    with first.open("ab") as stream:
        stream.write(b"\0\0\0\x08free")
    built = build(approved())
    assert [one["as_recorded"] for one in built["videos"]] == [False, True]
    assert f"NÃO CONFERE: na gravação foi anotado <code>{noted}</code>" in Path(built["sheet"]).read_text(
        encoding="utf-8"
    )


def test_any_cms_tool_opens_and_checks_it() -> None:
    built = build(approved())
    opened = ["openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-recip", "court.pem", "-inkey", "court.key"]
    package = subprocess.run([*opened, "-in", built["package"]], check=True, capture_output=True).stdout
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        archive.extractall("opened")
    checked = ["openssl", "cms", "-verify", "-inform", "DER", "-in", "opened/custodia.json.p7s", "-binary"]
    checked += ["-content", "opened/custodia.json", "-purpose", "any", "-CAfile", "id/authority.pem"]
    subprocess.run(checked, check=True, capture_output=True)


def test_the_custody_sheet_register_and_monthly_sheet_say_what_was_handed_over() -> None:
    number = approved()
    built = build(number)
    sheet = Path(built["sheet"]).read_text(encoding="utf-8")
    for words in (
        "12ª Vara",
        "Poder Judiciário",
        "0001234-56.2026",
        "requisition.pdf",
        "Cadeia de custódia",
        "LGPD), arts. 4º, 23 e 26; Lei nº 11.766/2022<",
        "originais",
    ):
        assert words in sheet, words
    assert "18.743" not in sheet, "the law of another city"
    assert "certificate SHA-256" not in sheet
    digests = re.findall(r"[0-9a-f]{64}", sheet)
    assert digests
    assert sheet.count("<code>") == len(digests), "a digest that cannot break does not fit the sheet of paper"
    assert f"Imagens requisitadas – disponibilização nº {number}" in sheet
    assert number in json.dumps(release("find", built["package"]))
    with open_register("viapublica-register/register.db") as register:
        entry = register.get(number)
    assert entry.files[0].policy["evidence"] is True
    release("sheet", f"{local_time(entry.requested_ms, None):%Y-%m}", "--out=s.xlsx")
    cells = [str(cell.value) for row in load_workbook("s.xlsx").active for cell in row]
    assert any("imagens originais, lacradas" in cell for cell in cells)


def test_times_of_the_custody_sheet_are_in_the_zone_that_was_given() -> None:
    sheet = Path(build(approved(), "--zone=Asia/Tokyo")["sheet"]).read_text(encoding="utf-8")
    assert set(re.findall(r"\(UTC([+-]\d\d:\d\d)\)", sheet)) == {"+09:00"}


def test_verifying_a_sealed_package_as_a_clip_names_the_command_that_opens_it() -> None:
    built = build(approved())
    with pytest.raises(ReleaseError, match=r"sealed evidence package.*viapublica release open-evidence"):
        verify_clip(Path(built["package"]))


def test_a_package_that_a_kill_left_unfinished_is_finished_by_the_next_build() -> None:
    number = approved()
    built = build(number)
    private = Path("releases/.viapublica-together-2026-000001")
    private.mkdir(0o700)
    for name in ("package", "sheet"):
        Path(built[name]).rename(private / Path(built[name]).name)
    with pytest.raises(PolicyError, match=r"already has 2026-000001\.p7m"):
        build(number)
    assert sorted(path.name for path in Path("releases").iterdir()) == ["2026-000001.html", "2026-000001.p7m"]
    again = build(number, "--rebuild=the court's reader failed")
    assert Path(again["package"]).name == "2026-000001-build2.p7m"
    assert Path(built["package"]).exists(), "no file that may have been handed over is replaced"


@pytest.mark.parametrize("basis", ["research", "media", "agreement"])
def test_no_one_else_receives_it(basis: str) -> None:
    with pytest.raises(PolicyError, match="redacted video only"):
        request(basis=basis)


def test_a_requisition_number_and_a_camera_are_required(tmp_path: Path) -> None:
    sealed = ("--evidence", "--recipient-certificate=court.pem")
    with pytest.raises(PolicyError, match="number of the requisition"):
        request(*sealed, "--document=")
    with pytest.raises(ReleaseError, match="sealed for its recipient"):
        request("--evidence")
    who = ("--recipient=12ª Vara", "--basis=judiciary", "--purpose=prova", "--document=1", "--by=Ana")
    with pytest.raises(PolicyError, match="from a camera's recording"):
        release("request", *who, f"--file={tmp_path / 'clip.mp4'}", *sealed)


def test_two_persons_agree_on_evidence_and_on_its_recipient() -> None:
    number = request()
    with pytest.raises(PolicyError, match="not approved"):
        build(number)
    with pytest.raises(PolicyError, match="cannot also approve"):
        release("approve", number, "--by=Ana", "--config=city.yaml")
    release("approve", number, "--by=Bia", "--config=city.yaml")
    with pytest.raises(PolicyError, match="another certificate"):
        build(number, "--recipient-certificate=other.pem")
    with pytest.raises(PolicyError, match="approved as evidence"):
        release("build", number, "--config=city.yaml", "--by=Ana")
    redacted = approved("--style=fill")
    with pytest.raises(PolicyError, match="was not requested and approved as evidence"):
        build(redacted)
    assert not list(Path("releases").glob("*")) if Path("releases").exists() else True


MASK = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.3))
MASK_TEXT = "[[0, 0], [0.5, 0], [0.5, 0.3]]"
OTHER_TEXT = "[[0.6, 0.6], [0.9, 0.6], [0.9, 0.9]]"


def test_what_lies_under_privacy_masks_is_never_handed_over() -> None:
    """Packets that are not re-encoded have no masks: neither a mask of today nor one of that time may exist."""
    write_config(masks=f", masks: [{MASK_TEXT}]")
    number = approved()
    with pytest.raises(PolicyError, match=r"2 recorded files in that span that show .* 2025-06-01 12:00:00 \+00:00 to"):
        build(number)
    write_config()
    masked = replace(declared("cam"), masks=(MASK,))
    DeclarationLog(Path("video/cam") / DECLARATIONS).declare(masked, BEGIN_MS + 2000)
    number = approved()
    with pytest.raises(PolicyError, match=r"1 recorded file in that span .* what its privacy masks hide"):
        build(number)
    assert not list(Path("releases").glob("*"))


def test_masks_that_the_recorder_filled_are_handed_over_filled_and_said_to_be() -> None:
    shutil.rmtree("video")
    record_masked(Path("video"), (MASK,), seconds=4)
    write_config(masks=f", masks: [{MASK_TEXT}]")
    number = approved()
    built = build(number)
    opened = release("open-evidence", built["package"], *OPEN, "--out=opened")
    assert [one["masks_filled"] for one in opened["videos"]] == [1, 1]
    custody = json.loads(Path("opened/custodia.json").read_text())
    assert custody["masks_filled_when_recorded"] is True
    sources = sorted(Path("video/cam").rglob("*.mp4"))
    assert packets(Path("opened/video-002.mp4")) == packets(sources[1])[:20], "not re-encoded"
    with av.open("opened/video-001.mp4") as container:
        image = next(container.decode(video=0)).to_ndarray(format="gray")
    assert image[2:20, 60:78].max() < 30 < image[60:, :].min()
    assert "foram preenchidas já na gravação" in Path(built["sheet"]).read_text(encoding="utf-8")
    with open_register("viapublica-register/register.db") as register:
        entry = register.get(number)
    assert entry.files[0].policy["masks_filled_when_recorded"] is True
    release("sheet", f"{local_time(entry.requested_ms, None):%Y-%m}", "--out=s.xlsx")
    cells = [str(cell.value) for row in load_workbook("s.xlsx").active for cell in row]
    assert any("máscaras de privacidade preenchidas na gravação" in cell for cell in cells)
    with sources[1].open("ab") as stream:
        stream.write(b"\0\0\0\x08free")
    with pytest.raises(RecordError, match="was changed since it was recorded, so it is not known whether its privacy"):
        build(approved())


@pytest.mark.parametrize("masks", [f"{MASK_TEXT}, {OTHER_TEXT}", OTHER_TEXT])
def test_a_mask_that_was_added_since_is_not_filled(masks: str) -> None:
    shutil.rmtree("video")
    record_masked(Path("video"), (MASK,), seconds=4)
    write_config(masks=f", masks: [{masks}]")
    with pytest.raises(PolicyError, match="2 recorded files in that span that show"):
        build(approved())


def test_a_file_without_the_statement_of_the_recorder_among_masked_ones_is_named() -> None:
    """A recording of the time before masked encoding, and one whose statement names an unknown declaration."""
    first, second = sorted(Path("video/cam").rglob("*.mp4"))
    content = second.read_bytes()
    shutil.rmtree("video")
    record_masked(Path("video"), (MASK,), seconds=4)
    (Path("video/cam") / second.relative_to(first.parents[1])).write_bytes(content)
    write_config(masks=f", masks: [{MASK_TEXT}]")
    with pytest.raises(PolicyError, match=r"1 recorded file in that span .* 2025-06-01 12:00:02"):
        build(approved())
    assert not list(Path("releases").glob("*"))


def test_masks_that_were_removed_since_are_filled_in_older_files() -> None:
    """Each file is compared with the masks of its own time and with those of today, not with those of other files."""
    shutil.rmtree("video")
    other = ((0.6, 0.6), (0.9, 0.6), (0.9, 0.9))
    record_masked(Path("video"), (MASK, other), seconds=2)
    record_masked(Path("video"), (MASK,), seconds=2, begin_ms=BEGIN_MS + 2000)
    log = Path("video/cam") / DECLARATIONS
    log.unlink()
    DeclarationLog(log).declare(replace(declared("cam"), masks=(MASK, other)), BEGIN_MS - 1000)
    DeclarationLog(log).declare(replace(declared("cam"), masks=(MASK,)), BEGIN_MS + 1900)
    write_config(masks=f", masks: [{MASK_TEXT}]")
    built = build(approved())
    opened = release("open-evidence", built["package"], *OPEN, "--out=opened")
    assert [one["masks_filled"] for one in opened["videos"]] == [2, 1]


def test_a_changed_package_is_refused(tmp_path: Path) -> None:
    built = build(approved())
    sealed = Path(built["package"])
    with pytest.raises(ReleaseError, match="sealed for another certificate"):
        release("open-evidence", sealed, "--certificate=other.pem", "--key=other.key")
    content = open_sealed(sealed, Path("court.pem"), Path("court.key"))
    from pipeline.governance.evidence_package import unpack

    assert unpack(content).signer == "SSP-MT"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    for change in (
        {"video-001.mp4": files["video-002.mp4"]},
        {"capa.html": files["capa.html"] + b" "},
        {"custodia.json": files["custodia.json"].replace(b"prova", b"outra")},
        {"more.txt": b"more"},
        {"../evil": b"evil"},
    ):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name, data in (files | change).items():
                archive.writestr(name, data)
        with pytest.raises(ReleaseError):
            unpack(stream.getvalue())
    _, _, stranger = create_signing_identity("Another", tmp_path / "stranger")
    with pytest.raises(ReleaseError, match="no given authority"):
        unpack(content, stranger.read_bytes())


def test_options_of_redacted_releases_do_not_apply() -> None:
    with pytest.raises(ReleaseError, match="--windscreens: does not apply"):
        build("2026/000001", "--windscreens")
    with pytest.raises(ReleaseError, match="sealed for its recipient"):
        release("build", "2026/000001", "--evidence", "--config=city.yaml")
