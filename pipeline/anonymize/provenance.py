"""Where a released file comes from, written into it and signed (C2PA), and read from it by whoever got it.

The statement names what was done and by which models. It has no thumbnail, and the original is no ingredient of it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipeline import __version__
from pipeline.anonymize.settings import AnonymizeSettings
from pipeline.anonymize.video_encoder import VideoEncoder
from pipeline.domain.extras import missing_package
from pipeline.domain.video import Planes, VideoInfo
from pipeline.errors import ReleaseError

if TYPE_CHECKING:
    from pipeline.anonymize.signing_certificate import Identity

ASSERTION: Final = "org.viapublica.release"
MORE_MANIFESTS: Final = "viapublica.more-than-one-manifest"
"""A release has one; an earlier one could hold an image of the original."""
_CAPTURE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
_MP4: Final = "video/mp4"
_UNTRUSTED: Final = "signingCredential.untrusted"
_EXPIRED: Final = "signingCredential.expired"


class Standing(StrEnum):
    """What a signature is worth to the receiver."""

    TRUSTED = "trusted"
    """Unchanged since it was signed, by somebody whom the receiver's authorities vouch for."""
    UNKNOWN_SIGNER = "unknown-signer"
    """Unchanged since it was signed, by somebody of whom the receiver has no authority."""
    EXPIRED = "expired"
    """Unchanged since it was signed, but the certificate has run out: whether it had by then, nobody can tell."""
    BROKEN = "broken"
    """Changed since, or signed with a certificate that does not hold."""
    UNSIGNED = "unsigned"
    """Nothing is signed."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a file says about itself.

    Attributes:
        standing: what that is worth.
        signer: who signed, as the certificate has it.
        problems: C2PA's codes of what is wrong.
        statement: what was done; see `statement`.
    """

    standing: Standing
    signer: str = ""
    problems: Sequence[str] = ()
    statement: Mapping[str, Any] = field(default_factory=dict)


def check_identity(identity: Identity) -> None:
    """Sign something, so that nobody finds out after an hour of covering that a certificate does not serve.

    Raises:
        ReleaseError: C2PA refuses certificate or key.
    """
    facts = VideoInfo(64, 64, Fraction(1, 25), Fraction(25))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trial.mp4"
        with VideoEncoder(path, facts, AnonymizeSettings()) as writer:
            writer.write(Planes(*(np.full(size, 128, np.uint8) for size in ((64, 64), (32, 32), (32, 32)))), 0)
            writer.finish()
        sign_in_place(path, identity, {})
        found = read_provenance(path)
    if found.standing not in {Standing.TRUSTED, Standing.UNKNOWN_SIGNER}:
        raise ReleaseError(
            identity.name,
            f"signs what no receiver accepts ({', '.join(found.problems)})",
            "Use a certificate for signing (C2PA, section 14.5)",
        )


def sign_in_place(path: Path, identity: Identity, statement: Mapping[str, Any]) -> None:
    """Sign a file that nobody else sees yet; see `sign`. It stays the same file, with its rights and its lock."""
    signed = path.with_name(f"{path.name}.signed")
    try:
        signed.unlink(missing_ok=True)
        signed.touch(mode=0o600, exist_ok=False)
        sign(path, signed, identity, statement)
        shutil.copyfile(signed, path)
    except OSError as error:
        raise ReleaseError(str(path), f"cannot be written ({error.strerror})", "Make room") from error
    finally:
        signed.unlink(missing_ok=True)


def sign(source: Path, target: Path, identity: Identity, statement: Mapping[str, Any]) -> None:
    """Write `source` with a signed statement in it to `target`.

    Args:
        source: an MP4; target: another path.
        identity: who signs.
        statement: JSON values; who gives it away, what was covered and how.

    Raises:
        ReleaseError: C2PA refuses certificate, key or file.
    """
    c2pa = _c2pa()

    actions = [
        {"action": "c2pa.created", "digitalSourceType": _CAPTURE},
        {
            "action": "c2pa.edited",
            "softwareAgent": {"name": "viapublica", "version": __version__},
            "parameters": {
                "description": "Persons, faces and plates covered; sound and metadata removed; encoded anew"
            },
        },
    ]
    manifest = {
        "claim_generator_info": [{"name": "viapublica", "version": __version__}],
        "title": "Anonymized release",
        "assertions": [
            {"label": "c2pa.actions", "data": {"actions": actions}},
            {"label": ASSERTION, "data": dict(statement)},
        ],
    }
    try:
        info = c2pa.C2paSignerInfo(identity.algorithm.encode(), identity.chain_pem, identity.key_pem, None)
        settings = c2pa.Settings.from_dict({"builder": {"thumbnail": {"enabled": False}}})
        with c2pa.Signer.from_info(info) as signer, c2pa.Context(settings=settings) as context:
            builder = c2pa.Builder(json.dumps(manifest), context=context)
            with source.open("rb") as read, target.open("wb+") as write:
                builder.sign(signer, _MP4, read, write)
    except c2pa.C2paError as error:
        raise ReleaseError(
            identity.name, f"cannot sign ({_first_line(error)})", "Use a certificate for signing (C2PA, section 14.5)"
        ) from error
    except OSError as error:
        raise ReleaseError(str(target), f"cannot be written ({error.strerror})", "Make room") from error


def read_provenance(path: Path, authorities_pem: str = "") -> Provenance:
    """What the file says about itself, checked offline.

    Args:
        path: the file.
        authorities_pem: certificates of the authorities that the receiver trusts.

    Raises:
        ReleaseError: it cannot be read.
    """
    c2pa = _c2pa()

    settings: dict[str, Any] = {"verify": {"verify_trust": True, "remote_manifest_fetch": False, "ocsp_fetch": False}}
    if authorities_pem:
        settings["trust"] = {"trust_anchors": authorities_pem}
    try:
        with (
            c2pa.Context(settings=c2pa.Settings.from_dict(settings)) as context,
            path.open("rb") as file,
            c2pa.Reader(_MP4, file, context=context) as reader,
        ):
            found = json.loads(reader.json())
    except c2pa.C2paError.ManifestNotFound:
        return Provenance(Standing.UNSIGNED)
    except c2pa.C2paError as error:
        return Provenance(Standing.BROKEN, problems=(_first_line(error),))
    except OSError as error:
        raise ReleaseError(str(path), f"cannot be read ({error.strerror})", "Check the path") from error
    codes = tuple(str(row.get("code")) for row in found.get("validation_status") or ())
    active = found["manifests"][found["active_manifest"]]
    statements = [row["data"] for row in active.get("assertions", ()) if row.get("label") == ASSERTION]
    if len(found["manifests"]) > 1:
        codes = (*codes, MORE_MANIFESTS)
    signature = active.get("signature_info", {})
    return Provenance(
        _standing(codes),
        signer=str(signature.get("issuer") or signature.get("common_name") or ""),
        problems=tuple(code for code in codes if code != _UNTRUSTED),
        statement=statements[0] if statements and isinstance(statements[0], Mapping) else {},
    )


def _standing(codes: Sequence[str]) -> Standing:
    if any(code not in {_UNTRUSTED, _EXPIRED} for code in codes):
        return Standing.BROKEN
    if _EXPIRED in codes:
        return Standing.EXPIRED
    return Standing.UNKNOWN_SIGNER if codes else Standing.TRUSTED


def _c2pa() -> ModuleType:
    try:
        import c2pa
    except ImportError as error:
        raise missing_package("c2pa", f"cannot be imported: {error}") from error
    return c2pa  # type: ignore[no-any-return]


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
