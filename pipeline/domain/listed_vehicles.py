"""The other columns of a list of plates, by the vehicles that its lines are about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pipeline.domain.plate import keys_near, normalize, plate_key

_PATTERN_PART = re.compile(r"[*?]|[^*?]+")


@dataclass(frozen=True)
class ListedVehicles:
    """A list of plates and what it says about each.

    Attributes:
        plates: each vehicle once, in the order of the list, as written there.
        columns: headings of the other columns, in their order.
        cells: by plate, its cells under `columns`; several lines of one vehicle are joined with "; ".
        like: the plates are patterns.
        errors: 1: a read may have one wrong character.
    """

    plates: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    cells: Mapping[str, Sequence[str]] = field(default_factory=dict)
    like: bool = False
    errors: int = 0

    def about(self, read_plate: str, read_key: str) -> dict[str, str]:
        """What the list says about a read, by column; of several plates that it may be, all, joined with "; ".

        Args:
            read_plate: text as read; read_key: its key, see `plate_key`.
        """
        return self._joined(self._plates_of(read_plate, read_key))

    def of_plate(self, plate: str) -> dict[str, str]:
        """What the list says about one of its plates, by column."""
        return self._joined([plate])

    def asked(self, read_plate: str, read_key: str) -> str:
        """The plates of the list that a read may be, joined with "; "; see `about`."""
        return "; ".join(self._plates_of(read_plate, read_key))

    def only_similar(self, read_key: str) -> bool:
        """Whether a read with this key differs by one character from every plate of the list."""
        return bool(self.errors) and not self.like and read_key not in self._keys

    def _joined(self, plates: Sequence[str]) -> dict[str, str]:
        rows = [self.cells[plate] for plate in plates if plate in self.cells]
        return {
            column: "; ".join(dict.fromkeys(row[number] for row in rows if row[number]))
            for number, column in enumerate(self.columns)
        }

    def _plates_of(self, read_plate: str, read_key: str) -> Sequence[str]:
        if self.like:
            texts = (read_plate, read_key)
            return [plate for plate, form in self._patterns if any(map(form.fullmatch, texts))]
        return self._by_key.get(read_key, ())

    @cached_property
    def _patterns(self) -> list[tuple[str, re.Pattern[str]]]:
        wild = {"*": ".*", "?": "."}
        return [
            (plate, re.compile("".join(wild.get(part) or normalize(part) for part in _PATTERN_PART.findall(plate))))
            for plate in self.plates
        ]

    @cached_property
    def _keys(self) -> dict[str, str]:
        return {plate_key(plate): plate for plate in self.plates}

    @cached_property
    def _by_key(self) -> dict[str, list[str]]:
        """The plates that a read with a key may be: that of this key alone, where there is one."""
        exact = {key: [plate] for key, plate in self._keys.items()}
        if not self.errors:
            return exact
        near: dict[str, list[str]] = {}
        for plate in self.plates:
            for key in keys_near(plate):
                near.setdefault(key, []).append(plate)
        return near | exact
