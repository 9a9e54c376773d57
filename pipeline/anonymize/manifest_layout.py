"""Layout of a signed manifest (JUMBF and COSE): each byte is signed, or has the one value that this program writes.

C2PA signs the claim and, by digests in it, the assertions. Around them are boxes, labels and padding that no digest
includes and that could carry data: C2PA 2.2, sections 11.1 and 13.2; ISO/IEC 19566-5 (JUMBF); RFC 9052 (COSE).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

C2PA_UUID: Final = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_FRONT: Final = C2PA_UUID + bytes(4) + b"manifest\0" + bytes(8)
_TYPE_END: Final = bytes.fromhex("00110010800000aa00389b71")
_LABELLED: Final = b"\x03"
"""Toggles of a description: it can be requested, and has a label."""
_LABEL = re.compile(rb"urn:c2pa:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEAD: Final = 8
_MAX_DEPTH: Final = 16
_COSE_SIGN1: Final = 18
_MAX_PADDING: Final = 1 << 15


class _Box(NamedTuple):
    kind: bytes
    content: bytes


class _Tag(NamedTuple):
    number: int
    value: Any


class _Unexpected(ValueError):
    """A part of the manifest that this program does not write."""


def find_unsigned_content(content: bytes) -> Iterator[str]:
    """Descriptions of the content of a manifest's box that is not signed and not fixed.

    Args:
        content: of the MP4 box `uuid`.
    """
    if not content.startswith(_FRONT):
        yield f"an MP4 box 'uuid' of {len(content)} bytes"
        return
    length = int.from_bytes(content[len(_FRONT) : len(_FRONT) + 4])
    end = len(_FRONT) + length
    if length < _HEAD or end > len(content):
        yield "a damaged signed statement"
        return
    if end < len(content):
        yield f"{len(content) - end} bytes after the signed statement"
    try:
        _check_store(content[len(_FRONT) : end])
    except _Unexpected as unexpected:
        yield f"unsigned content in the signed statement: {unexpected}"
    except (ValueError, LookupError, TypeError, RecursionError):
        yield "a damaged signed statement"


def _check_store(content: bytes) -> None:
    (manifest,) = _children(_only(content, b"jumb"), b"c2pa", b"c2pa")
    label = _label_of(manifest, b"c2ma")
    if not _LABEL.fullmatch(label):
        raise _Unexpected("the label of the manifest")
    parts = _children(manifest, b"c2ma", label)
    if len(parts) != 3:
        raise _Unexpected(f"{len(parts)} parts instead of assertions, claim and signature")
    assertions, claim, signature = parts
    (signed,) = _children(claim, b"c2cl", b"c2pa.claim.v2")
    _check_claim(_typed(signed), label, [_label_of(one) for one in _children(assertions, b"c2as", b"c2pa.assertions")])
    (sealed,) = _children(signature, b"c2cs", b"c2pa.signature")
    _check_cose(_typed(sealed))


def _check_claim(content: bytes, label: bytes, assertions: Sequence[bytes]) -> None:
    """Every assertion is in the signed claim, once, and the claim names this manifest."""
    claim = decode_cbor(content)
    if not isinstance(claim, Mapping):
        raise _Unexpected("another claim")
    listed = [*claim.get("created_assertions", ()), *claim.get("gathered_assertions", ())]
    urls = sorted(str(one["url"]) if isinstance(one, Mapping) else "" for one in listed)
    if urls != sorted(f"self#jumbf=c2pa.assertions/{one.decode()}" for one in assertions):
        raise _Unexpected("an assertion that the claim does not list")
    if claim.get("signature") != f"self#jumbf=/c2pa/{label.decode()}/c2pa.signature":
        raise _Unexpected("the label of the manifest")


def _check_cose(content: bytes) -> None:
    """A COSE_Sign1 with a protected header, padding of zeros and the signature, in its shortest encoding."""
    sign1 = decode_cbor(content)
    if not (isinstance(sign1, _Tag) and sign1.number == _COSE_SIGN1 and isinstance(sign1.value, list)):
        raise _Unexpected("another signature")
    protected, unprotected, payload, signature = sign1.value
    if not (isinstance(protected, bytes) and isinstance(unprotected, Mapping) and isinstance(signature, bytes)):
        raise _Unexpected("another signature")
    if payload is not None or unprotected.keys() - {"pad"}:
        raise _Unexpected("headers of the signature")
    padding = unprotected.get("pad", b"")
    if not isinstance(padding, bytes) or any(padding) or len(padding) > _MAX_PADDING:
        raise _Unexpected("padding of the signature that is not zero")
    header = b"\xa1\x63pad" + _byte_string(padding) if unprotected else b"\xa0"
    if content != b"\xd2\x84" + _byte_string(protected) + header + b"\xf6" + _byte_string(signature):
        raise _Unexpected("the encoding of the signature")


def _only(content: bytes, kind: bytes) -> _Box:
    (box,) = _boxes(content)
    if box.kind != kind:
        raise _Unexpected(f"a box {box.kind.decode('latin-1')!r}")
    return box


def _boxes(content: bytes) -> list[_Box]:
    """The boxes that fill the content."""
    boxes, at = [], 0
    while at < len(content):
        length = int.from_bytes(content[at : at + 4])
        if not _HEAD <= length <= len(content) - at:
            raise _Unexpected("bytes between boxes")
        boxes.append(_Box(content[at + 4 : at + _HEAD], content[at + _HEAD : at + length]))
        at += length
    return boxes


def _children(box: _Box, kind: bytes, label: bytes) -> list[_Box]:
    """The boxes of a superbox behind its description, which has no other content than type and label."""
    if box.kind != b"jumb":
        raise _Unexpected(f"a box {box.kind.decode('latin-1')!r}")
    description, *children = _boxes(box.content)
    if description != (b"jumd", kind + _TYPE_END + _LABELLED + label + b"\0"):
        raise _Unexpected(f"the description of {label.decode('latin-1')!r}")
    return children


def _label_of(box: _Box, kind: bytes = b"") -> bytes:
    """The label of a superbox."""
    if box.kind != b"jumb":
        raise _Unexpected(f"a box {box.kind.decode('latin-1')!r}")
    description = _boxes(box.content)[0]
    if description.kind != b"jumd" or not description.content.startswith(kind):
        raise _Unexpected("a superbox without a description")
    front = 4 + len(_TYPE_END) + len(_LABELLED)
    return description.content[front:].partition(b"\0")[0]


def _typed(box: _Box) -> bytes:
    if box.kind != b"cbor":
        raise _Unexpected(f"a box {box.kind.decode('latin-1')!r}")
    return box.content


def _byte_string(value: bytes) -> bytes:
    """CBOR's shortest encoding of a byte string."""
    length = len(value)
    if length < 24:
        return bytes([0x40 + length]) + value
    for kind, width in ((0x58, 1), (0x59, 2), (0x5A, 4)):
        if length < 1 << 8 * width:
            return bytes([kind]) + length.to_bytes(width) + value
    raise ValueError("too long")


def decode_cbor(content: bytes) -> Any:
    """The value of CBOR bytes (RFC 8949), as far as C2PA's claims and signatures use it: no floats, definite lengths.

    Raises:
        ValueError: it is not CBOR, has another type, or further bytes.
    """
    value, end = _item(content, 0, 0)
    if end != len(content):
        raise ValueError("bytes after the value")
    return value


def _item(content: bytes, at: int, depth: int) -> tuple[Any, int]:
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deep")
    major, argument, at = _head(content, at)
    if major == 0:
        return argument, at
    if major == 1:
        return -1 - argument, at
    if major in (2, 3):
        if argument > len(content) - at:
            raise ValueError("too short")
        raw = content[at : at + argument]
        return raw if major == 2 else raw.decode("utf-8"), at + argument
    if major in (4, 5):
        return _items(content, at, depth + 1, argument, pairs=major == 5)
    if major == 6:
        value, at = _item(content, at, depth + 1)
        return _Tag(argument, value), at
    if argument not in (20, 21, 22):
        raise ValueError("another type")
    return {20: False, 21: True, 22: None}[argument], at


def _items(content: bytes, at: int, depth: int, count: int, *, pairs: bool) -> tuple[Any, int]:
    found = []
    if count * (2 if pairs else 1) > len(content) - at:
        raise ValueError("too short")
    for _ in range(count * 2 if pairs else count):
        value, at = _item(content, at, depth)
        found.append(value)
    if not pairs:
        return found, at
    keys = [key for key in found[::2] if isinstance(key, str | int)]
    if len(set(keys)) != count:
        raise ValueError("a key twice, or of another type")
    return dict(zip(keys, found[1::2], strict=True)), at


def _head(content: bytes, at: int) -> tuple[int, int, int]:
    """Major type, argument and the offset behind them."""
    major, argument = content[at] >> 5, content[at] & 31
    at += 1
    if argument < 24:
        return major, argument, at
    if argument > 27 or at + (width := 1 << (argument - 24)) > len(content):
        raise ValueError("another length")
    return major, int.from_bytes(content[at : at + width]), at + width
