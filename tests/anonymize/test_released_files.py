"""Released files: frame times, no content of the source besides the video, signatures, and complete or absent files."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pipeline.anonymize.metadata_check import find_extra_content
from pipeline.anonymize.mp4_atoms import media_digest
from pipeline.anonymize.provenance import SignatureStatus, check_signing_identity, read_provenance, sign_in_place
from pipeline.anonymize.settings import AnonymizeSettings
from pipeline.anonymize.signing_certificate import check_validity, create_signing_identity, load_signing_identity
from pipeline.anonymize.video_encoder import VideoEncoder
from pipeline.domain.video import Planes, Tags, VideoInfo
from pipeline.errors import ReleaseError
from pipeline.storage.output_file import partial_file
from tests.decode.clips import Recipe, encode

SETTINGS = AnonymizeSettings()


def facts(width: int = 160, height: int = 120, **other: object) -> VideoInfo:
    return VideoInfo(width, height, Fraction(1, 1000), Fraction(25), **other)  # type: ignore[arg-type]


def write(path: Path, of: VideoInfo, stamps: list[int]) -> Path:
    chroma = (of.height + 1) // 2, (of.width + 1) // 2
    with VideoEncoder(path, of, SETTINGS) as writer:
        for number, stamp in enumerate(stamps):
            luma = np.full((of.height, of.width), 40 + 10 * number, np.uint8)
            writer.write(Planes(luma, np.full(chroma, 128, np.uint8), np.full(chroma, 128, np.uint8)), stamp)
        writer.finish()
    return path


def test_every_frame_keeps_its_time(tmp_path: Path) -> None:
    stamps = [0, 40, 130, 140, 500, 505, 1200]
    since_boot = [70_000_000 + stamp for stamp in stamps]
    with av.open(str(write(tmp_path / "a.mp4", facts(), since_boot))) as container:
        assert container.start_time == 0, "the uptime of a camera is not disclosed"
        assert [round(1000 * float(frame.time or 0)) for frame in container.decode(video=0)] == stamps


def test_odd_sizes_pixel_aspects_and_colors_are_preserved(tmp_path: Path) -> None:
    odd = facts(161, 121, sample_aspect=Fraction(4, 3), tags=Tags(1, 1, 1, full_range=False))
    with av.open(str(write(tmp_path / "a.mp4", odd, [0, 40]))) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (162, 122)
        assert stream.sample_aspect_ratio == Fraction(4, 3)
        codec = stream.codec_context
        assert (codec.color_primaries, codec.color_trc, codec.colorspace) == (1, 1, 1)
        frame = next(container.decode(video=0)).to_ndarray(format="gray")
        assert int(frame.max()) - int(frame.min()) <= 4, "padding repeats the edges"


def test_a_released_file_contains_video_only_and_extra_content_is_reported(tmp_path: Path) -> None:
    assert find_extra_content(write(tmp_path / "a.mp4", facts(), [0, 40])) == []
    spoken = encode(tmp_path / "b.mp4", Recipe(audio="aac", metadata={"title": "Rua Augusta", "location": "-23.5"}))
    found = " ".join(find_extra_content(spoken))
    assert "a stream of type audio" in found
    assert "Rua Augusta" in found
    with pytest.raises(ReleaseError, match="does not exist"):
        find_extra_content(tmp_path / "none.mp4")


@pytest.mark.parametrize("kind", [b"free", b"skip", b"wide", b"mfra", b"uuid", b"ftyp"])
def test_boxes_outside_the_signature_are_reported(kind: bytes, tmp_path: Path) -> None:
    certificate, key, _ = create_signing_identity("SSP-MT", tmp_path / "id")
    clip = write(tmp_path / "a.mp4", facts(), [0, 40, 80])
    sign_in_place(clip, load_signing_identity(certificate, key), {"number": "2026/7"})
    assert find_extra_content(clip) == []
    hidden = b"the original" * 100
    clip.write_bytes(clip.read_bytes() + (8 + len(hidden)).to_bytes(4) + kind + hidden)
    assert any(kind.decode() in problem for problem in find_extra_content(clip))
    clip.write_bytes(clip.read_bytes()[:-1])
    assert "belong to no MP4 box" in " ".join(find_extra_content(clip))


def test_bytes_after_the_statement_are_reported(tmp_path: Path) -> None:
    certificate, key, _ = create_signing_identity("SSP-MT", tmp_path / "id")
    clip = write(tmp_path / "a.mp4", facts(), [0, 40, 80])
    sign_in_place(clip, load_signing_identity(certificate, key), {"number": "2026/7"})
    data = clip.read_bytes()
    at = data.index(b"uuid") - 4
    length = int.from_bytes(data[at : at + 4])
    longer = (length + 12).to_bytes(4) + data[at + 4 : at + length] + b"the original"
    clip.write_bytes(data[:at] + longer + data[at + length :])
    assert "12 bytes after the signed statement" in find_extra_content(clip)


def test_a_signature_is_valid_until_one_bit_changes(tmp_path: Path) -> None:
    certificate, key, authority = create_signing_identity("SSP-MT", tmp_path / "id")
    assert key.stat().st_mode & 0o777 == 0o600
    clip = write(tmp_path / "a.mp4", facts(), [0, 40, 80])
    assert read_provenance(clip).status is SignatureStatus.UNSIGNED
    sign_in_place(clip, load_signing_identity(certificate, key), {"number": "2026/7", "institution": "SSP-MT"})
    found = read_provenance(clip, authority.read_text())
    assert (found.status, found.signer, found.statement["number"]) == (SignatureStatus.TRUSTED, "SSP-MT", "2026/7")
    assert read_provenance(clip).status is SignatureStatus.UNKNOWN_SIGNER
    _, _, stranger = create_signing_identity("Another", tmp_path / "other")
    assert read_provenance(clip, stranger.read_text()).status is SignatureStatus.UNKNOWN_SIGNER
    assert find_extra_content(clip) == [], "no thumbnail, no ingredient"
    data = bytearray(clip.read_bytes())
    data[data.index(b"mdat") + 40] ^= 1
    clip.write_bytes(data)
    assert read_provenance(clip, authority.read_text()).status is SignatureStatus.BROKEN
    assert not list(tmp_path.glob("*.signed"))


def test_a_wrong_certificate_is_rejected_before_the_redaction(tmp_path: Path) -> None:
    certificate, key, _ = create_signing_identity("SSP-MT", tmp_path / "one")
    _, other_key, _ = create_signing_identity("SSP-MT", tmp_path / "two")
    with pytest.raises(ReleaseError, match="is not the key of"):
        load_signing_identity(certificate, other_key)
    with pytest.raises(ReleaseError, match="is not a certificate"):
        load_signing_identity(key, key)
    with pytest.raises(ReleaseError, match="is not a private key"):
        load_signing_identity(certificate, certificate)
    with pytest.raises(ReleaseError, match="cannot be read"):
        load_signing_identity(tmp_path / "none.pem", key)
    with pytest.raises(ReleaseError, match="already exists"):
        create_signing_identity("SSP-MT", tmp_path / "one")
    locked = serialization.load_pem_private_key(key.read_bytes(), None).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    )
    key.write_bytes(locked)
    with pytest.raises(ReleaseError, match="protected by a password"):
        load_signing_identity(certificate, key)
    with pytest.raises(ReleaseError, match="cannot be decrypted"):
        load_signing_identity(certificate, key, lambda: b"wrong")
    assert load_signing_identity(certificate, key, lambda: b"secret").name == "SSP-MT"


def test_a_password_protects_the_key_on_the_disk_only(tmp_path: Path) -> None:
    certificate, key, authority = create_signing_identity("SSP-MT", tmp_path / "id", password=b"segredo \xc3\xa7")
    assert b"ENCRYPTED PRIVATE KEY" in key.read_bytes()
    identity = load_signing_identity(certificate, key, lambda: b"segredo \xc3\xa7")
    clip = write(tmp_path / "a.mp4", facts(), [0, 40, 80])
    sign_in_place(clip, identity, {})
    assert read_provenance(clip, authority.read_text()).status is SignatureStatus.TRUSTED
    assert "segredo" not in repr(identity)
    plain = create_signing_identity("SSP-MT", tmp_path / "plain")

    def asked() -> bytes:
        raise AssertionError("a key without a password needs none")

    assert load_signing_identity(plain[0], plain[1], asked).name == "SSP-MT"


def test_a_certificate_that_cannot_sign_is_rejected_before_the_redaction(tmp_path: Path) -> None:
    certificate, key, _ = create_signing_identity("SSP-MT", tmp_path / "one")
    check_signing_identity(load_signing_identity(certificate, key))
    _, _, stranger = create_signing_identity("Another", tmp_path / "two")
    leaf = certificate.read_bytes()[: certificate.read_bytes().index(b"-----END CERTIFICATE-----") + 26]
    certificate.write_bytes(leaf + stranger.read_bytes())
    with pytest.raises(ReleaseError, match="'Another' did not issue 'SSP-MT'"):
        load_signing_identity(certificate, key)
    own, alone = ec.generate_private_key(ec.SECP256R1()), tmp_path / "alone.pem"
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "web")])
    now = dt.datetime.now(dt.UTC)
    web = x509.CertificateBuilder(subject, subject, own.public_key(), 7, now, now + dt.timedelta(days=1))
    alone.write_bytes(web.sign(own, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    with pytest.raises(ReleaseError, match="web"):
        check_signing_identity(load_signing_identity(alone, key))


def test_a_key_in_an_older_format_signs_too(tmp_path: Path) -> None:
    certificate, key, _ = create_signing_identity("SSP-MT", tmp_path / "id")
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    old = serialization.PrivateFormat.TraditionalOpenSSL
    key.write_bytes(private.private_bytes(serialization.Encoding.PEM, old, serialization.NoEncryption()))
    check_signing_identity(load_signing_identity(certificate, key))


def test_an_expired_certificate_is_distinguished_from_a_changed_clip(tmp_path: Path) -> None:
    certificate, key, authority = create_signing_identity("SSP-MT", tmp_path / "id", days=3 / 86400)
    clip = write(tmp_path / "a.mp4", facts(), [0, 40, 80])
    sign_in_place(clip, load_signing_identity(certificate, key), {})
    while read_provenance(clip, authority.read_text()).status is SignatureStatus.TRUSTED:
        time.sleep(0.2)
    assert read_provenance(clip, authority.read_text()).status is SignatureStatus.EXPIRED
    data = bytearray(clip.read_bytes())
    data[data.index(b"mdat") + 40] ^= 1
    clip.write_bytes(data)
    assert read_provenance(clip, authority.read_text()).status is SignatureStatus.BROKEN


def test_an_expired_certificate_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, _, _ = create_signing_identity("SSP-MT", tmp_path / "id")
    leaf = x509.load_pem_x509_certificates(certificate.read_bytes())[0]

    class Later(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Later:
            return cls(2040, 1, 1, tzinfo=tz)

    monkeypatch.setattr("pipeline.anonymize.signing_certificate.dt.datetime", Later)
    with pytest.raises(ReleaseError, match="expired on"):
        check_validity(leaf, certificate)


def test_signing_keeps_the_permissions_and_leaves_no_other_file(tmp_path: Path) -> None:
    certificate, key, _ = create_signing_identity("SSP-MT", tmp_path / "id")
    target = tmp_path / "release.mp4"
    with partial_file(target) as part:
        write(part, facts(), [0, 40, 80])
        sign_in_place(part, load_signing_identity(certificate, key), {})
        assert part.stat().st_mode & 0o777 == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["id"]
    assert read_provenance(target).status is SignatureStatus.UNKNOWN_SIGNER
    assert sorted(path.name for path in tmp_path.iterdir()) == ["id", "release.mp4"]


def test_signing_changes_no_bit_of_what_a_player_shows(tmp_path: Path) -> None:
    certificate, key, _ = create_signing_identity("SSP-MT", tmp_path / "id")
    identity = load_signing_identity(certificate, key)
    clip = write(tmp_path / "a.mp4", facts(), [0, 40, 80])
    before = media_digest(clip)
    sign_in_place(clip, identity, {"number": "2026/7"}, before)
    assert media_digest(clip) == before
    for name, at in (("index", b"stts"), ("coded video", b"mdat"), ("file type", b"isom")):
        data = bytearray(clip.read_bytes())
        data[data.index(at) + 12] ^= 1
        (tmp_path / "b.mp4").write_bytes(data)
        assert media_digest(tmp_path / "b.mp4") != before, name


def test_another_video_in_the_place_of_the_verified_one_is_not_signed(tmp_path: Path) -> None:
    certificate, key, _ = create_signing_identity("SSP-MT", tmp_path / "id")
    identity = load_signing_identity(certificate, key)
    target = tmp_path / "release.mp4"
    other = write(tmp_path / "other.mp4", facts(), [0, 40, 120])

    def exchanged() -> None:
        with partial_file(target) as part:
            verified = media_digest(write(part, facts(), [0, 40, 80]))
            part.write_bytes(other.read_bytes())
            sign_in_place(part, identity, {}, verified)

    with pytest.raises(ReleaseError, match="changed after it was verified"):
        exchanged()
    assert not target.exists()


def fill(target: Path) -> None:
    rng = np.random.default_rng(7)
    with partial_file(target) as part, VideoEncoder(part, facts(640, 360), SETTINGS) as writer:
        for number in range(60):
            noise = rng.integers(0, 256, (360, 640), dtype=np.uint8)
            writer.write(Planes(noise, noise[:180, :320], noise[180:, 320:]), number * 40)
        writer.finish()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a small disk")
def test_a_full_disk_is_reported_and_leaves_no_file(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=True)
    try:
        with pytest.raises(ReleaseError, match="cannot be written"):
            fill(disk / "release.mp4")
        assert list(disk.iterdir()) == []
    finally:
        for _ in range(50):
            if subprocess.run(["umount", str(disk)], check=False).returncode == 0:
                break
            time.sleep(0.1)
