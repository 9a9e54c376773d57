"""Repetition of earlier erasures on data that came back with a backup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.erase import erased_before_ms, open_erasure_again, tombstone_until_ms
from pipeline.app.erasure.proof import ErasureProof, ProvenErasure, erase_with_proof, list_erasures
from pipeline.domain.erasure import ErasureRecord, ErasureRequest, LeftNote
from pipeline.store.erasure_selection import Selection
from pipeline.store.row_erasure import STATEMENT_TIMEOUT_S, Progress
from pipeline.store.tombstones import Tombstones

__all__ = ["RepeatedErasures", "erasures_to_repeat", "repeat_erasures"]


@dataclass(frozen=True, slots=True)
class RepeatedErasures:
    """Earlier erasures that found something again, each with a proof of its own, and what holds preserve of it."""

    proven: Sequence[ProvenErasure]
    held: Sequence[LeftNote]


def erasures_to_repeat(stores: ConfiguredStores, register: str) -> list[Selection]:
    """What was erased before, by the tombstones and the register, as far as the stored data may hold it.

    An erasure of which the register knows and the data folder does not, because it was restored, gets its tombstone.

    Args:
        stores: event stores, sinks and data folder.
        register: where erasures are entered; it may not exist yet.

    Raises:
        ViapublicaError: a store, file, the register, a tombstone or their key cannot be read.
    """
    tombstones = Tombstones(stores.data_dir)
    if "://" in register or Path(register).exists():
        tombstones.add_missing(
            [
                (_request(one), erased_before_ms(stores, one.begun_ms))
                for one in list_erasures(register)
                if not one.grounds
            ],
            tombstone_until_ms(stores),
        )
    with open_erasure_again(Selection(), stores) as everything:
        keys = everything.plate_keys()
    return tombstones.selections(keys)


def repeat_erasures(
    stores: ConfiguredStores,
    selections: Sequence[Selection],
    proof: ErasureProof,
    *,
    timeout_s: float = STATEMENT_TIMEOUT_S,
    progress: Progress = lambda _: None,
) -> RepeatedErasures:
    """Erase again what is there again; then runs may use the restored data.

    Args:
        stores, selections: see `erasures_to_repeat`.
        proof: where and how each is proven.
        timeout_s, progress: see `open_erasure_again` and `Erasure.erase`.

    Raises:
        ViapublicaError: one failed; the command completes them when it is run again.
    """
    proven: list[ProvenErasure] = []
    held: list[LeftNote] = []
    for number, selection in enumerate(selections, 1):
        progress(f"{number} of {len(selections)}")
        with open_erasure_again(selection, stores, timeout_s=timeout_s) as erasure:
            if any(place.events for place in erasure.preview()):
                proven.append(erase_with_proof(erasure, proof, progress))
            held += erasure.held
    Tombstones(stores.data_dir).clear_restored()
    return RepeatedErasures(proven, held)


def _request(record: ErasureRecord) -> ErasureRequest:
    entered = record.request
    return ErasureRequest(
        record.begun_by,
        fingerprint=entered["fingerprint"],
        camera_ids=tuple(entered["camera_ids"]),
        begin_ms=entered["begin_ms"],
        end_ms=entered["end_ms"],
    )
