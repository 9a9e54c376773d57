"""Whether a register knows every erasure that a restored folder may lack."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pipeline.domain.erasure import ErasureRecord
from pipeline.domain.times import format_utc
from pipeline.governance.erasure_register import ErasureRegister
from pipeline.storage.erasure_log import ErasureLog, LoggedErasure
from pipeline.storage.restore_note import RestoreNote, restore_note

__all__ = ["KnownErasures", "read_known_erasures"]


class KnownErasures:
    """The erasures of a register, and what it may lack.

    Attributes:
        records: of the register, by number; none where it does not exist.
        lacking: why erasures may be missing from it, as the problem of an error; "" where none are.
        numbers: as they are logged.
    """

    def __init__(self, records: Collection[ErasureRecord], lacking: str) -> None:
        self.records = records
        self.lacking = lacking
        self.numbers = frozenset(LoggedErasure(one.number, one.begun_ms) for one in records)


def read_known_erasures(register: str, log: ErasureLog, note: RestoreNote | None) -> KnownErasures:
    """Read a register, and compare it with what else is known of the erasures of a data folder.

    Args:
        register: an SQLite file, or a SQLAlchemy address.
        log: of the data folder.
        note: of the oldest backup that folders were restored from; None where none was.

    Raises:
        ReleaseError: the register cannot be read.
        StoreError: the log cannot be read.
    """
    wanted = log.unrepeated()
    complete = note is not None and bool(note.backup_ms) and log.complete_since(note.backup_ms)
    if "://" not in register and not Path(register).exists():
        nothing = complete and not wanted
        return KnownErasures((), "" if nothing else "does not exist, so it is not known what was erased")
    with ErasureRegister(register, create=False) as entries:
        records = entries.list()
        newest_ms = None if note is None else entries.last_entry_before(note.restored_ms)
    known = KnownErasures(records, "")
    if missing := [one for one in wanted if one not in known.numbers]:
        problem = f"lacks erasure {missing[0].number} of {format_utc(missing[0].begun_ms)}, which was made on this data"
        return KnownErasures(records, f"{problem}: it is an older register, or another one")
    if note is None or complete:
        return known
    if "://" not in register and (own := restore_note(Path(register).parent)) is not None:
        return KnownErasures(records, f"comes from a backup of {own.backup_time()}, and lacks what was erased since")
    if newest_ms is None or newest_ms < note.backup_ms:
        return KnownErasures(
            records,
            f"has no entry made between the backup of {note.backup_time()} and its restore, so it may be an older "
            "register, which lacks what was erased since",
        )
    return known
