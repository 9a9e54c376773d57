"""Declaration of a camera: everything that decides how its video may be used, with a canonical form and digest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from pipeline.domain.camera import AreaNames, Camera, Scope, Surroundings
from pipeline.domain.canonical_json import canonical_json
from pipeline.domain.polygon import Polygon

TAG_KEY: Final = "viapublica-declaration"
"""In the tag of a recorded file, before its camera's declaration; see `pipeline.record.declaration_tag`."""
_AREAS: Final = ("zones", "lines", "directions")


@dataclass(frozen=True, slots=True)
class CameraDeclaration:
    """A camera as it was declared at one time. The recorder stores it beside the camera's segments.

    Attributes:
        camera: id, scope, name, surroundings, position and names of traffic areas. The canonical form has those names
            only where there are any.
        source_sha256: digest of the normalized address without credentials, see `pipeline.domain.source_identity`.
        masks: privacy masks.
        zones: areas that analytics count in, by name.
        rotate: degrees clockwise by which the image is turned before masks apply: 0, 90, 180 or 270.
        ignore: areas in which no plate is read, such as the date that the camera draws. The canonical form names them
            only where there are any.
    """

    camera: Camera
    source_sha256: str = ""
    masks: tuple[Polygon, ...] = ()
    zones: tuple[tuple[str, Polygon], ...] = ()
    rotate: int = 0
    ignore: tuple[Polygon, ...] = ()

    @property
    def camera_id(self) -> str:
        """Id of the camera."""
        return self.camera.camera_id

    def as_dict(self) -> dict[str, Any]:
        """Plain values; `from_dict` is the inverse."""
        camera = self.camera
        ignored = {"ignore": [[list(corner) for corner in area] for area in self.ignore]} if self.ignore else {}
        return {
            "id": camera.camera_id,
            "name": camera.name,
            "scope": camera.scope.value,
            "surroundings": sorted(place.value for place in camera.surroundings),
            "latitude": camera.latitude,
            "longitude": camera.longitude,
            "source_sha256": self.source_sha256,
            "masks": [[list(corner) for corner in mask] for mask in self.masks],
            "zones": {name: [list(corner) for corner in area] for name, area in self.zones},
            "rotate": self.rotate,
            **ignored,
            **({"areas": {key: sorted(getattr(camera.areas, key)) for key in _AREAS}} if camera.areas else {}),
        }

    def canonical(self) -> str:
        """JSON with sorted keys and no spaces: equal declarations have equal text."""
        return canonical_json(self.as_dict())

    @property
    def sha256(self) -> str:
        """SHA-256 of the canonical JSON in UTF-8, as hexadecimal digits."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    def differing_keys(self, other: CameraDeclaration) -> list[str]:
        """Keys of `as_dict` that differ from those of another declaration, sorted."""
        mine, others = self.as_dict(), other.as_dict()
        return sorted(key for key in mine.keys() | others.keys() if mine.get(key) != others.get(key))

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Self:
        """The declaration of `as_dict`.

        Raises:
            ValueError: a key is missing, unknown or of another type; the message names no value.
        """
        try:
            camera = Camera(
                str(plain["id"]),
                Scope(plain["scope"]),
                str(plain["name"]),
                frozenset(Surroundings(place) for place in plain["surroundings"]),
                _degrees(plain["latitude"]),
                _degrees(plain["longitude"]),
                areas=_area_names(plain.get("areas", {})),
            )
            found = cls(
                camera,
                str(plain["source_sha256"]),
                tuple(_polygon(mask) for mask in plain["masks"]),
                tuple((str(name), _polygon(area)) for name, area in sorted(plain["zones"].items())),
                int(plain["rotate"]),
                tuple(_polygon(area) for area in plain.get("ignore", ())),
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"not a camera declaration ({type(error).__name__})") from None
        if found.as_dict().keys() != plain.keys():
            raise ValueError("not a camera declaration (unknown key)")
        return found


@dataclass(frozen=True, slots=True)
class DatedDeclaration:
    """A declaration with the time range in which it held.

    Attributes:
        declaration: of the camera.
        from_ms: wall-clock time from which it holds, milliseconds since 1970 UTC.
        until_ms: time from which another one holds; None while it is the newest, or where a clock that was set back
            makes the end uncertain.
    """

    declaration: CameraDeclaration
    from_ms: int
    until_ms: int | None = None

    def overlaps(self, begin_ms: int | None, end_ms: int | None) -> bool:
        """Whether it held at any time of a range; None is open, the end is exclusive."""
        return (end_ms is None or self.from_ms < end_ms) and (
            begin_ms is None or self.until_ms is None or self.until_ms > begin_ms
        )


def common_ignored_areas(declarations: Sequence[CameraDeclaration]) -> tuple[Polygon, ...]:
    """The ignored areas that every one of these declarations has; none of no declaration."""
    first, *others = declarations or (None,)
    return () if first is None else tuple(area for area in first.ignore if all(area in one.ignore for one in others))


def _area_names(plain: dict[str, Any]) -> AreaNames:
    if not set(plain) <= set(_AREAS):
        raise ValueError("unknown key")
    return AreaNames(**{key: frozenset(str(name) for name in names) for key, names in plain.items()})


def _degrees(value: Any) -> float | None:
    return None if value is None else float(value)


def _polygon(corners: Any) -> Polygon:
    return tuple((float(x), float(y)) for x, y in corners)
