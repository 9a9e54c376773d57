#!/usr/bin/env python3
"""Verifier of released clips for recipients, without viapublica: one file, one dependency.

    pip install c2pa-python
    python verify_release.py release.mp4 --trust authority.pem

It checks, offline, that the clip is unchanged since it was signed (C2PA), whether an authority that you trust issued
the signer's certificate, and that the file holds one video and nothing else: no audio, no further boxes, no second
manifest, and no byte in the manifest that is neither signed nor fixed. Exit status 0 if all of it holds, 1 if not, 2 if
the file cannot be read.

What it does not check: that the masks are right (watch the clip and read its report).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

ASSERTION = "org.viapublica.release"
BOXES = ["ftyp", "uuid", "moov", "free", "mdat"]
"""Top-level boxes of a signed release, in order; `free` only in large files, and empty."""
FILE_TYPE = b"isom\0\0\x02\0isomiso2avc1mp41"
"""Content of `ftyp`, which C2PA does not sign."""
FRONT = bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + bytes(4) + b"manifest\0" + bytes(8)
"""What precedes the manifest in its box."""
TYPE_END = bytes.fromhex("00110010800000aa00389b71") + b"\x03"
UNTRUSTED, EXPIRED = "signingCredential.untrusted", "signingCredential.expired"
SHOWN = ("institution", "number", "place", "date", "software", "seconds", "frames")


class Unusable(Exception):
    """A file that cannot be checked, or used for a check: subject, problem, and fix."""


def boxes(file: BinaryIO, begin: int, end: int) -> Iterator[tuple[str, int, int]]:
    """Type, begin and end of the content of each MP4 box in a range of the file.

    Raises:
        ValueError: bytes that belong to no box.
    """
    while begin < end:
        file.seek(begin)
        head = file.read(16)
        length, content = int.from_bytes(head[:4], "big"), begin + 8
        if length == 1:
            length, content = int.from_bytes(head[8:16], "big"), begin + 16
        if len(head) < 8 or not content - begin <= length <= end - begin:
            raise ValueError(f"{end - begin} bytes that belong to no MP4 box")
        yield head[4:8].decode("latin-1"), content, begin + length
        begin += length


def handlers(file: BinaryIO, begin: int, end: int) -> Iterator[str]:
    """Handler types of the tracks in a `moov` box: ``vide``, ``soun`` …"""
    for kind, first, last in boxes(file, begin, end):
        if kind in {"trak", "mdia"}:
            yield from handlers(file, first, last)
        elif kind == "hdlr":
            file.seek(first + 8)
            yield file.read(4).decode("latin-1")


def extra_content(path: Path) -> list[str]:
    """Descriptions of everything besides one video and one manifest.

    Raises:
        Unusable: the file is no MP4 video.
    """
    found: list[str] = []
    with path.open("rb") as file:
        seen: list[str] = []
        try:
            for kind, first, last in boxes(file, 0, path.stat().st_size):
                if kind not in BOXES or (kind == "free" and last > first):
                    found.append(f"an MP4 box {kind!r} of {last - first} bytes")
                    continue
                if kind in seen or (seen and BOXES.index(kind) < BOXES.index(seen[-1])):
                    found.append(f"a further MP4 box {kind!r}, or one out of sequence")
                seen.append(kind)
                if kind in {"ftyp", "uuid"}:
                    file.seek(first)
                    content = file.read(min(last - first, 1 << 24))
                    found += ["another file type"] if kind == "ftyp" and content != FILE_TYPE else []
                    found += unsigned_content(content) if kind == "uuid" else []
        except ValueError as error:
            found.append(str(error))
        if not seen:
            raise Unusable(path, "is not an MP4 video", "Give the released clip")
        found += [f"no MP4 box {kind!r}" for kind in ("ftyp", "moov", "mdat") if kind not in seen]
    return found


def further_tracks(path: Path) -> list[str]:
    """Descriptions of the tracks besides one video."""
    with path.open("rb") as file:
        found = boxes(file, 0, path.stat().st_size)
        try:
            kinds = [kind for box, first, last in found if box == "moov" for kind in handlers(file, first, last)]
        except ValueError as error:
            return [str(error)]
    videos = [] if kinds.count("vide") == 1 else [f"{kinds.count('vide')} video tracks"]
    return [*(f"a track of type {kind!r}" for kind in kinds if kind != "vide"), *videos]


def unsigned_content(content: bytes) -> list[str]:
    """Whether a manifest's box has other content than a release's, in words."""
    try:
        check_manifest(content)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        return [f"unsigned content in the manifest ({error})"]
    return []


def check_manifest(content: bytes) -> None:
    """Check each byte that no signature includes: descriptions of boxes, and padding (ISO/IEC 19566-5; RFC 9052).

    Raises:
        ValueError, LookupError, TypeError, AttributeError: the manifest is not one of a release.
    """
    if not content.startswith(FRONT):
        raise ValueError("another box")
    ((kind, store),) = parts(content[len(FRONT) :])
    (manifest,) = children((kind, store), b"c2pa", b"c2pa")
    name = label(manifest)
    assertions, claim, signature = children(manifest, b"c2ma", name)
    ((claim_kind, signed),) = children(claim, b"c2cl", b"c2pa.claim.v2")
    ((seal_kind, seal),) = children(signature, b"c2cs", b"c2pa.signature")
    if (claim_kind, seal_kind) != (b"cbor", b"cbor"):
        raise ValueError("another claim")
    listed, _ = cbor(signed, 0)
    urls = [one["url"] for one in [*listed["created_assertions"], *listed.get("gathered_assertions", ())]]
    names = [label(one).decode() for one in children(assertions, b"c2as", b"c2pa.assertions")]
    if sorted(urls) != sorted(f"self#jumbf=c2pa.assertions/{one}" for one in names):
        raise ValueError("an assertion that the claim does not list")
    if listed["signature"] != f"self#jumbf=/c2pa/{name.decode()}/c2pa.signature":
        raise ValueError("another label")
    (protected, unprotected, payload, value), end = cbor(seal, 1)
    padding = unprotected.get("pad", b"")
    head = b"\xa1\x63pad" + text(padding) if unprotected else b"\xa0"
    if seal != b"\xd2\x84" + text(protected) + head + b"\xf6" + text(value) or end != len(seal):
        raise ValueError("other headers of the signature")
    if any(padding) or payload is not None:
        raise ValueError("padding that is not zero")


def parts(content: bytes) -> list[tuple[bytes, bytes]]:
    """Types and contents of the boxes that fill the content."""
    found, at = [], 0
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        if not 8 <= length <= len(content) - at:
            raise ValueError("bytes between boxes")
        found.append((content[at + 4 : at + 8], content[at + 8 : at + length]))
        at += length
    return found


def children(box: tuple[bytes, bytes], kind: bytes, name: bytes) -> list[tuple[bytes, bytes]]:
    """The boxes in a superbox, whose description has a type and a label only."""
    description, *inside = parts(box[1])
    if box[0] != b"jumb" or description != (b"jumd", kind + TYPE_END + name + b"\0"):
        raise ValueError("another description")
    return inside


def label(box: tuple[bytes, bytes]) -> bytes:
    """The label of a superbox."""
    return parts(box[1])[0][1][4 + len(TYPE_END) :].partition(b"\0")[0]


def text(value: bytes) -> bytes:
    """A byte string in the shortest CBOR."""
    if len(value) < 24:
        return bytes([0x40 + len(value)]) + value
    width = 1 if len(value) < 1 << 8 else 2
    return bytes([0x57 + width]) + len(value).to_bytes(width, "big") + value


def cbor(content: bytes, at: int) -> tuple[Any, int]:
    """A value of CBOR (RFC 8949, without floats and indefinite lengths), and the offset behind it."""
    major, count, at = content[at] >> 5, content[at] & 31, at + 1
    if 24 <= count < 28:
        width = 1 << (count - 24)
        count, at = int.from_bytes(content[at : at + width], "big"), at + width
    elif count >= 28:
        raise ValueError("another length")
    if major in {0, 1}:
        return count if major == 0 else -1 - count, at
    if major in {2, 3}:
        raw = content[at : at + count]
        return raw if major == 2 else raw.decode(), at + count
    if major == 7:
        return {20: False, 21: True, 22: None}[count], at
    if major == 6 or count > len(content):
        raise ValueError("another type")
    items = []
    for _ in range(count * (2 if major == 5 else 1)):
        value, at = cbor(content, at)
        items.append(value)
    return (dict(zip(items[::2], items[1::2], strict=True)) if major == 5 else items), at


def certificates(path: Path) -> str:
    """The certificates of a PEM file.

    Raises:
        Unusable: it has none, or a damaged one.
    """
    try:
        text = path.read_text(encoding="ascii")
    except OSError as error:
        raise Unusable(path, f"cannot be read ({error.strerror})", "Give the institution's authority.pem") from error
    except ValueError as error:
        fix = "Give PEM; of DER it is made by: openssl x509 -inform DER -in FILE -out authority.pem"
        raise Unusable(path, "is not a certificate in PEM", fix) from error
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ValueError, ssl.SSLError) as error:
        problem = "contains no certificate in PEM, or a damaged one"
        raise Unusable(path, problem, "Give the institution's authority.pem") from error
    return text


def read_manifest(path: Path, trust: Path | None) -> dict[str, Any]:
    """The C2PA library's report on a file; empty for an unsigned one."""
    import c2pa

    settings: dict[str, Any] = {"verify": {"verify_trust": True, "remote_manifest_fetch": False, "ocsp_fetch": False}}
    if trust is not None:
        settings["trust"] = {"trust_anchors": certificates(trust)}
    try:
        with (
            c2pa.Context(settings=c2pa.Settings.from_dict(settings)) as context,
            path.open("rb") as file,
            c2pa.Reader("video/mp4", file, context=context) as reader,
        ):
            report: dict[str, Any] = json.loads(reader.json())
            return report
    except c2pa.C2paError.ManifestNotFound:
        return {}
    except c2pa.C2paError as error:
        return {"validation_status": [{"code": (str(error).splitlines() or ["unreadable manifest"])[0]}]}


def check(path: Path, trust: Path | None) -> dict[str, Any]:
    """Everything that is found out about a clip."""
    layout = extra_content(path)
    report = read_manifest(path, trust)
    # The layout of a file that was never signed says nothing.
    problems = [*further_tracks(path), *(layout if report else ())]
    codes = [str(row.get("code")) for row in report.get("validation_status") or ()]
    manifests = report.get("manifests") or {}
    if len(manifests) > 1:
        codes.append("more than one manifest")
    active = manifests.get(report.get("active_manifest"), {})
    statements = [row.get("data") for row in active.get("assertions", ()) if row.get("label") == ASSERTION]
    signature = active.get("signature_info", {})
    broken = [code for code in codes if code not in {UNTRUSTED, EXPIRED}]
    if not report:
        verdict = "unsigned"
    elif broken or not active:
        verdict = "broken"
    elif EXPIRED in codes:
        verdict = "expired"
    else:
        verdict = "unchanged" if UNTRUSTED in codes else "genuine"
    statement = statements[0] if statements and isinstance(statements[0], dict) else {}
    if verdict in {"genuine", "unchanged"} and not statement:
        problems.append("a signature without a statement of viapublica")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    accepted = {"genuine"} if trust else {"genuine", "unchanged"}
    return {
        "file": str(path),
        "sha256": digest,
        "good": verdict in accepted and not problems,
        "verdict": verdict,
        "signer": str(signature.get("issuer") or signature.get("common_name") or ""),
        "problems": [*broken, *problems],
        "statement": statement,
    }


def printable(value: object) -> str:
    """A value of a stranger, safe on a terminal."""
    return "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in str(value))[:300]


def exempted(statement: dict[str, Any]) -> str:
    """What two persons exempted from redaction, and how much stayed unredacted; empty without any."""
    shares, reasons = statement.get("unredacted"), statement.get("exemptions")
    if not reasons or not isinstance(reasons, dict):
        return ""
    why = "; ".join(str(one.get("why")) if isinstance(one, dict) else str(one) for one in reasons.values())
    if not isinstance(shares, dict):
        return why
    mean, worst, seconds = (shares.get(name) for name in ("mean_share", "worst_share", "seconds"))
    return f"share of the image: {mean} on average, {worst} at most, in {seconds} s: {why}"


def show(found: dict[str, Any]) -> None:
    """Print what was found."""
    signer = printable(found["signer"]) or "an unnamed signer"
    words = {
        "genuine": f"unchanged, signed by {signer}, which an authority that you trust vouches for",
        "unchanged": f"signed by {signer}, and no authority that you trust vouches for that; anyone can sign (--trust)",
        "expired": f"unchanged, signed by {signer}, whose certificate has expired; ask the institution",
        "broken": "changed after it was signed, or signed with an invalid certificate",
        "unsigned": "not signed, so its origin is unknown; only its tracks were checked",
    }
    print(f"{found['verdict']}: {words[found['verdict']]}")
    print(f"{'sha256':>12}  {found['sha256']}")
    for name in SHOWN:
        if found["statement"].get(name):
            print(f"{name:>12}  {printable(found['statement'][name])}")
    if unredacted := exempted(found["statement"]):
        print(f"{'exempted':>12}  {printable(unredacted)}")
    for problem in found["problems"]:
        print(f"problem: {printable(problem)}")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Verify a released clip offline.")
    parser.add_argument("clip", type=Path)
    parser.add_argument("--trust", type=Path, help="certificates of authorities that you trust (PEM)")
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    options = parser.parse_args()
    try:
        found = check(options.clip, options.trust)
    except ImportError:
        print("error: c2pa-python: is not installed\nfix:   pip install c2pa-python", file=sys.stderr)
        return 2
    except Unusable as error:
        subject, problem, fix = error.args
        print(f"error: {printable(subject)}: {problem}\nfix:   {fix}", file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"error: {printable(options.clip)}: cannot be read ({error.strerror})\nfix:   Check the path",
            file=sys.stderr,
        )
        return 2
    try:
        print(json.dumps(found, ensure_ascii=False, indent=2)) if options.json else show(found)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader, such as head, has closed its end; the verdict is still the status.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0 if found["good"] else 1


if __name__ == "__main__":
    sys.exit(main())
