"""Repetition of earlier erasures on data that came back with a backup."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.erase import open_erasure_again
from pipeline.app.erasure.former_paths import video_folders
from pipeline.app.erasure.proof import ErasureProof, ProvenErasure, erase_with_proof
from pipeline.app.erasure.tombstone_times import erased_before_ms, tombstone_until_ms
from pipeline.domain.erasure import ErasureRecord, ErasureRequest, LeftNote
from pipeline.engine.restored_folders import stored_folders
from pipeline.errors import StoreError
from pipeline.governance.erasure_register import ErasureRegister
from pipeline.governance.known_erasures import read_known_erasures
from pipeline.storage.erasure_log import ErasureLog, LoggedErasure
from pipeline.storage.restore_note import RestoreNote, clear_restored, restore_note
from pipeline.storage.unknown_erasures import UnknownErasures, clear_unknown_erasures, note_unknown_erasures
from pipeline.store.erasure_selection import Selection
from pipeline.store.row_erasure import STATEMENT_TIMEOUT_S, Progress
from pipeline.store.tombstones import Tombstones

__all__ = ["ErasuresToRepeat", "RepeatedErasures", "check_not_new", "erasures_to_repeat", "repeat_erasures"]

_REGISTER_FIX: Final = (
    "Name the newest register with --register, or move it to its place. If there is none any more: --without-register"
)


@dataclass(frozen=True, slots=True)
class RepeatedErasures:
    """Earlier erasures that found something again, each with a proof of its own, and what holds preserve of it."""

    proven: Sequence[ProvenErasure]
    held: Sequence[LeftNote]


@dataclass(frozen=True, slots=True)
class ErasuresToRepeat:
    """What was erased before, as far as the stored data may hold it.

    Attributes:
        selections: each once.
        numbers: of all erasures that are known.
        unknown: what may have been erased besides; None where all erasures are known.
    """

    selections: Sequence[Selection]
    numbers: Collection[LoggedErasure] = ()
    unknown: UnknownErasures | None = None


def erasures_to_repeat(stores: ConfiguredStores, register: str, *, accept_unknown: str = "") -> ErasuresToRepeat:
    """What was erased before, by the tombstones and the register, as far as the stored data may hold it.

    An erasure of which the register knows and the data folder does not, because it was restored, gets its tombstone.

    Args:
        stores: event stores, sinks and data folder.
        register: where erasures are entered.
        accept_unknown: the person who decides to use the data although erasures may be missing from the register.

    Raises:
        ViapublicaError: the register is missing or lacks erasures; or it, a store, file, a tombstone or their key
            cannot be read.
    """
    notes = [note for folder in _folders(stores) if (note := restore_note(folder)) is not None]
    oldest = min(notes, key=lambda note: note.backup_ms) if notes else None
    log = ErasureLog(stores.data_dir)
    known = read_known_erasures(register, log, oldest)
    if known.lacking and not accept_unknown:
        raise StoreError(f"register {register}", known.lacking, _REGISTER_FIX)
    tombstones = Tombstones(stores.data_dir)
    tombstones.add_missing(
        [(_request(one), erased_before_ms(stores, one.begun_ms)) for one in known.records if not one.grounds],
        tombstone_until_ms(stores),
    )
    with open_erasure_again(Selection(), stores) as everything:
        keys = everything.plate_keys()
    unknown = _unknown(accept_unknown, known.lacking, oldest) if known.lacking else None
    return ErasuresToRepeat(tombstones.selections(keys), {*known.numbers, *log.unrepeated()}, unknown)


def check_not_new(data_dir: Path, register: str) -> None:
    """Make sure that a data folder is none that replaces a lost one: topics would fill it with what was erased.

    Args:
        data_dir: before events of topics are stored there.
        register: where erasures are entered.

    Raises:
        StoreError: erasures of the register have to be repeated first.
        ReleaseError: the register cannot be read.
    """
    erased = data_dir / "erased"
    is_known = any((erased / name).exists() for name in ("tombstones.jsonl", "erasures.jsonl", "unknown.json"))
    if is_known or ("://" not in register and not Path(register).exists()):
        return
    with ErasureRegister(register, create=False) as entries:
        made = [one for one in entries.list() if not one.grounds]
    if made:
        raise StoreError(
            str(data_dir),
            f"is new, and does not know the erasures of the register {register}, the last of which is "
            f"{made[-1].number}: topics would bring back what was erased",
            "Copy erased/key from the data folder of before or the newest backup, then: viapublica erase --repeat",
        )


def repeat_erasures(
    stores: ConfiguredStores,
    earlier: ErasuresToRepeat,
    proof: ErasureProof,
    *,
    timeout_s: float = STATEMENT_TIMEOUT_S,
    progress: Progress = lambda _: None,
) -> RepeatedErasures:
    """Erase again what is there again; then runs may use the restored data.

    Args:
        stores, earlier: see `erasures_to_repeat`.
        proof: where and how each is proven.
        timeout_s, progress: see `open_erasure_again` and `Erasure.erase`.

    Raises:
        ViapublicaError: one failed; the command completes them when it is run again.
    """
    proven: list[ProvenErasure] = []
    held: list[LeftNote] = []
    for number, selection in enumerate(earlier.selections, 1):
        progress(f"{number} of {len(earlier.selections)}")
        with open_erasure_again(selection, stores, timeout_s=timeout_s) as erasure:
            if any(place.events for place in erasure.preview()):
                proven.append(erase_with_proof(erasure, proof, progress))
            held += erasure.held
    if earlier.unknown is not None:
        note_unknown_erasures(stores.data_dir, earlier.unknown)
    else:
        clear_unknown_erasures(stores.data_dir)
    ErasureLog(stores.data_dir).note_repeated(earlier.numbers)
    clear_restored([*_folders(stores), *_register_folder(proof.register)])
    return RepeatedErasures(proven, held)


def _folders(stores: ConfiguredStores) -> list[Path]:
    """Everything that a backup may have filled; former folders of recorded video and event stores too."""
    return stored_folders(stores.data_dir, stores.stores, video_folders(stores))


def _register_folder(register: str) -> list[Path]:
    return [] if "://" in register else [Path(register).parent]


def _unknown(by: str, why: str, note: RestoreNote | None) -> UnknownErasures:
    now_ms = time.time_ns() // 1_000_000
    since_ms, until_ms = (0, now_ms) if note is None else (note.backup_ms, min(note.restored_ms, now_ms))
    return UnknownErasures(since_ms, until_ms, by, now_ms, why)


def _request(record: ErasureRecord) -> ErasureRequest:
    entered = record.request
    return ErasureRequest(
        record.begun_by,
        fingerprint=entered["fingerprint"],
        camera_ids=tuple(entered["camera_ids"]),
        begin_ms=entered["begin_ms"],
        end_ms=entered["end_ms"],
    )
