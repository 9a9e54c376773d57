"""Refusals in words, in English and Portuguese."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pipeline.domain.language import ENGLISH, Language, portuguese
from pipeline.domain.legal_term import LegalTerm, portuguese_citation
from pipeline.policy.access.decision import Decision
from pipeline.policy.access.engine import ENGINE_FAILED, Policy, PolicyEngine
from pipeline.policy.access.explanation import Missing, what_is_missing
from pipeline.policy.access.remedies import GENERAL_ADMINISTRATION, PRIVACY_OFFICER, Contact, Remedy

_REFUSED: Final = "Refused: {operation}."
_REASON: Final = "{rule} ({law})"
_MISSING: Final = "Missing: {things}."
_NOTHING: Final = "Nothing that could be added to this request allows it. Questions: {contact}."
_ASK: Final = "{thing} (ask {contact})"
_PURPOSE: Final = "one of these purposes: {purposes}"
_ROLE: Final = "a person with one of these roles: {roles}"
_MATERIAL: Final = "{material} in place of {original}"
_EMERGENCY: Final = "emergency access opened by you and a second person, now"
_NO_EMERGENCY: Final = "a request without emergency access"
_PROBLEM: Final = "Report it to {contact}: {problem}."

PORTUGUESE: Final = portuguese(
    {
        _REFUSED: "Negado: {operation}.",
        _MISSING: "Falta: {things}.",
        _NOTHING: "Nada que se acrescente a este pedido o permite. Dúvidas: {contact}.",
        _ASK: "{thing} (procure {contact})",
        _PURPOSE: "uma destas finalidades: {purposes}",
        _ROLE: "pessoa com uma destas funções: {roles}",
        _MATERIAL: "{material} em lugar de {original}",
        _EMERGENCY: "acesso de emergência aberto agora por você e uma segunda pessoa",
        _NO_EMERGENCY: "pedido sem acesso de emergência",
        _PROBLEM: "Informe {contact}: {problem}.",
    },
    {},
)
"""Portuguese of refusals; everything else is beside the identifiers and in the policies."""


def refusal_text(decision: Decision, language: Language = ENGLISH, engine: PolicyEngine | None = None) -> str:
    """A refusal in words: the operation, each rule with its article, what is missing, and the office to ask.

    Args:
        decision: a refusal; language: `ENGLISH` or `PORTUGUESE`; engine: of the decision.
    """
    parts = [
        language.text(_REFUSED, operation=_words(decision.request.operation, language)),
        f"{_capital('; '.join(_reasons(decision, language)))}.",
    ]
    if ENGINE_FAILED in decision.policy_ids:
        contact = _words(GENERAL_ADMINISTRATION, language)
        parts.append(language.text(_PROBLEM, contact=contact, problem=decision.problem))
    elif missing := what_is_missing(decision, engine):
        parts.append(language.text(_MISSING, things="; ".join(_things(decision, missing, language))))
    else:
        parts.append(language.text(_NOTHING, contact=_words(PRIVACY_OFFICER, language)))
    return " ".join(parts)


def _reasons(decision: Decision, language: Language) -> Iterator[str]:
    for reason in decision.reasons:
        yield language.text(_REASON, rule=_words(reason, language), law=citation(reason.law, language))


def _things(decision: Decision, missing: Missing, language: Language) -> Iterator[str]:
    if missing.roles:
        yield language.text(_ROLE, roles=_listed(missing.roles, language))
    if missing.purposes:
        yield language.text(_PURPOSE, purposes=_listed(missing.purposes, language))
    if missing.material:
        original = _words(decision.request.concerned_material, language)
        yield language.text(_MATERIAL, material=_words(missing.material, language), original=original)
    if missing.emergency is not None:
        yield language.text(_EMERGENCY if missing.emergency else _NO_EMERGENCY)
    for remedy in missing.remedies:
        thing = _words(remedy, language)
        contact = remedy.contact
        yield language.text(_ASK, thing=thing, contact=_words(contact, language)) if contact else thing


def _listed(terms: Sequence[LegalTerm], language: Language) -> str:
    return ", ".join(f"“{_words(term, language)}”" for term in terms)


def citation(law: str, language: Language) -> str:
    """The article of a policy or term in a language."""
    return portuguese_citation(law) if language.code == PORTUGUESE.code else law


def _words(named: LegalTerm | Policy | Remedy | Contact, language: Language) -> str:
    return named.portuguese if language.code == PORTUGUESE.code else named.english


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
