"""State of a camera's view: whether it is the one for which its privacy masks were confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self


class ViewState(StrEnum):
    """States of a camera's view."""

    LEARNING = "learning"
    """A new camera: its first images show the view that counts as confirmed."""
    CONFIRMED = "confirmed"
    MOVED = "moved"
    """It is another one than was confirmed: nothing is analyzed, recorded or shown."""
    MISSING = "missing"
    """The confirmed view of a camera with privacy masks is lost: as moved, until a person confirms one."""

    @property
    def blind(self) -> bool:
        """Whether nothing of the camera may be analyzed, recorded or shown."""
        return self in (ViewState.MOVED, ViewState.MISSING)


@dataclass(frozen=True, slots=True)
class ViewRecord:
    """The state of a camera's view as it is stored.

    Attributes:
        state: see there; since_ms: from when on, milliseconds since 1970 UTC.
        confirmed_ms: when the view was confirmed or learned; 0 before.
        confirmed_by: user of the system who confirmed it; "" where it was learned at the camera's first start.
        detail: how it has moved, in words; "" while it has not.
    """

    state: ViewState
    since_ms: int
    confirmed_ms: int = 0
    confirmed_by: str = ""
    detail: str = ""

    def as_json(self) -> dict[str, Any]:
        """JSON values; `from_json` is the inverse."""
        return {name: getattr(self, name) for name in self.__slots__} | {"state": self.state.value}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Self:
        """The record of `as_json`.

        Raises:
            ValueError: a key is missing, unknown or of another type.
        """
        try:
            return cls(
                ViewState(plain["state"]),
                int(plain["since_ms"]),
                int(plain["confirmed_ms"]),
                str(plain["confirmed_by"]),
                str(plain["detail"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not the state of a view ({type(error).__name__})") from None
