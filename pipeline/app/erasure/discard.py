"""Discarding of what a camera captured by accident: at once, from every place, recorded in the audit first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from pipeline.app.audit.audited_operation import audit_of_stores
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.erase import Erasure, open_erasure
from pipeline.app.erasure.proof import ErasureProof, ProvenErasure, check_words, erase_with_proof
from pipeline.domain.operation import Operation
from pipeline.domain.requester import Requester
from pipeline.errors import StoreError
from pipeline.policy.requester_texts import check_requester
from pipeline.policy.sensitive.screen import TextKind
from pipeline.store.erasure_selection import Selection
from pipeline.store.row_erasure import STATEMENT_TIMEOUT_S, Progress

__all__ = ["Discard", "open_discard"]

_GROUNDS: Final = "captação acidental, art. 15 do Decreto nº 18.743/2014 de Porto Alegre"


class Discard:
    """A discard with everything open and locked; see `open_discard`.

    Args:
        erasure: of the cameras and the time.
        stores: those of the erasure, and the audit.
        proof: where and how the discard is proven.
        requester: the person or program that discards.
    """

    def __init__(self, erasure: Erasure, stores: ConfiguredStores, proof: ErasureProof, requester: Requester) -> None:
        self.erasure = erasure
        self._audit = audit_of_stores(stores, requester)
        self._proof = proof

    def discard(self, progress: Progress = lambda _: None) -> ProvenErasure:
        """Erase for good and prove it; `erasure.held` names what holds preserve.

        The audit has the entry of the register before anything goes, and the one of its end.

        Raises:
            AuditUnavailable: the audit takes no record; nothing was discarded.
            ViapublicaError: something is left, or the proof cannot be made; the audit has the failure.
        """
        selection = self.erasure.selection
        place = {"cameras": selection.camera_ids, "start_ms": selection.start_ms, "end_ms": selection.end_ms}
        try:
            return erase_with_proof(self.erasure, self._proof, progress)
        except Exception as error:
            self._audit.add_failure(Operation.DISPOSAL, error, details={"action": "discard"}, **place)
            raise


@contextmanager
def open_discard(
    selection: Selection,
    stores: ConfiguredStores,
    proof: ErasureProof,
    requester: Requester,
    *,
    timeout_s: float = STATEMENT_TIMEOUT_S,
) -> Iterator[Discard]:
    """Open and own every place where this machine stores what is to be discarded, until the end of `with`.

    Args:
        selection: cameras and a time.
        stores: its event stores, sinks, recordings and previews.
        proof: where and how it is proven; its reason says what was captured, without describing people.
        requester: the person or program that discards.
        timeout_s: seconds that one deletion in a database may take.

    Raises:
        StoreError: the reason is missing or names a plate; or see `open_erasure`.
        PolicyError: a text says something sensitive about people.
        ViapublicaError: see `open_erasure`.
    """
    check_requester(requester, stores.screen)
    if not proof.reason.strip():
        raise StoreError(
            "discard",
            "needs a reason",
            "State what was captured, without describing people: --reason 'inside of a home'",
        )
    check_words(proof, selection)
    stores.screen.check("reason of the discard", proof.reason, TextKind.REASON)
    reasoned = replace(proof, reason=f"{proof.reason.strip()} ({_GROUNDS})", operation=Operation.DISPOSAL)
    with open_erasure(selection, stores, timeout_s=timeout_s, operation=Operation.DISPOSAL) as erasure:
        yield Discard(erasure, stores, reasoned, requester)
