"""Refusals say what is missing, the article, and the office to ask, in both languages."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pipeline.domain.account import InstitutionKind
from pipeline.domain.material import Material
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.role import Role
from pipeline.policy.access.decision import Decision, decide
from pipeline.policy.access.engine import shipped_engine
from pipeline.policy.access.explanation import Missing, what_is_missing
from pipeline.policy.access.remedies import REMEDIES
from pipeline.policy.access.request import AccessRequest
from pipeline.policy.access.wording import PORTUGUESE, refusal_text
from tests.policy.access.request_space import approved, opened, ordinary, with_account, with_state, with_target


def plate_query() -> AccessRequest:
    return ordinary(Role.INTELLIGENCE_ANALYST, Operation.PLATE_QUERY, Purpose.CRIMINAL_INVESTIGATION)


def refused(request: AccessRequest) -> Decision:
    decision = decide(request)
    assert not decision.allowed
    return decision


def missing(request: AccessRequest) -> Missing:
    found = what_is_missing(refused(request))
    assert found is not None
    return found


def words(request: AccessRequest) -> list[str]:
    return [remedy.english for remedy in missing(request).remedies]


def test_a_query_by_plate_without_a_case_says_so_in_both_languages() -> None:
    decision = refused(replace(plate_query(), case_number=""))
    assert refusal_text(decision) == (
        "Refused: query by plate. It needs a case number (rule of this program, for decree 18.743/2014 art. 5, "
        "art. 16). Missing: a case number in the format of your institution (ask the authority in charge of the case)."
    )
    assert refusal_text(decision, PORTUGUESE) == (
        "Negado: consulta por placa. Exige o número do processo (regra deste programa, para o cumprimento de: "
        "Decreto 18.743/2014 art. 5º, art. 16). Falta: número do processo no formato da sua instituição (procure a "
        "autoridade responsável pelo processo)."
    )


def test_what_is_missing_is_sought_once_for_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    decision = refused(replace(plate_query(), case_number="", now_ms=plate_query().now_ms + 1))
    assert refusal_text(decision)
    monkeypatch.setattr("pipeline.policy.access.explanation.decide", lambda *_: pytest.fail("decided again"))
    assert "Falta: número do processo" in refusal_text(decision, PORTUGUESE)


def test_several_things_that_are_missing_together_are_all_named_and_nothing_else() -> None:
    request = with_state(trained_until_ms=None)(
        ordinary(Role.INTELLIGENCE_ANALYST, Operation.CONVOY_QUERY, Purpose.INTELLIGENCE)
    )
    assert words(replace(request, case_number="")) == [
        "a valid training",
        "a case number in the format of your institution",
        "the approval of this request by a second person",
    ]


def test_the_purposes_that_would_do_are_those_of_the_operation_and_the_body() -> None:
    request = replace(plate_query(), purpose=Purpose.MOBILITY)
    assert Purpose.CRIMINAL_INVESTIGATION in missing(request).purposes
    municipal = missing(with_account(kind=InstitutionKind.PUBLIC)(request)).purposes
    assert municipal == (Purpose.CRISIS, Purpose.MUNICIPAL_PROPERTY, Purpose.REQUISITION, Purpose.PROCEEDING)
    assert missing(replace(request, purpose=None)).purposes == missing(request).purposes


def test_the_roles_that_may_are_named() -> None:
    request = with_account(role=Role.OBSERVER)(plate_query())
    assert missing(request) == Missing(roles=(Role.INTELLIGENCE_ANALYST,))
    text = refusal_text(refused(request))
    assert "role does not include this operation" in text
    assert "a person with one of these roles: “intelligence analyst”" in text


def test_researchers_are_referred_to_the_anonymized_video() -> None:
    request = ordinary(Role.RESEARCHER_LIAISON, Operation.RETRIEVAL, Purpose.RESEARCH)
    assert missing(request) == Missing(material=Material.ANONYMIZED_VIDEO)
    assert "anonymized video in place of original video" in refusal_text(refused(request))


def test_an_emergency_of_one_person_has_to_be_opened_by_two() -> None:
    request = opened(second="p1")(ordinary(Role.OPERATOR, Operation.PLATE_QUERY, Purpose.CRISIS))
    assert missing(request) == Missing(emergency=True)
    idle = opened()(ordinary(Role.OPERATOR, Operation.CAPTURE, Purpose.CRISIS))
    assert missing(idle) == Missing(emergency=False)


def test_another_body_needs_an_agreement() -> None:
    request = with_account(central=False)(with_target(institution="state")(plate_query()))
    assert words(request) == ["an agreement on sharing, registered for your sector"]


def test_another_body_that_may_not_be_shared_with_does_it_itself() -> None:
    request = with_target(sector="guard")(
        ordinary(Role.SECTOR_ADMINISTRATOR, Operation.ACCOUNT_SUSPENSION, Purpose.ADMINISTRATION)
    )
    assert words(request) == ["a person of the institution and sector that it belongs to, who does it"]


@pytest.mark.parametrize(
    "request_",
    [
        with_target(sensitive=True)(approved()(ordinary(Role.INTELLIGENCE_ANALYST, Operation.CONVOY_QUERY, purpose)))
        for purpose in (Purpose.CRIMINAL_INVESTIGATION, Purpose.EVENTS)
    ]
    + [with_account(kind=InstitutionKind.PARTNER)(plate_query()), with_state(left=True)(plate_query())],
    ids=["convoy at a sensitive place", "with another purpose too", "partner", "person who left"],
)
def test_where_nothing_would_allow_it_the_refusal_says_so_and_names_the_officer(request_: AccessRequest) -> None:
    decision = refused(request_)
    assert what_is_missing(decision) is None
    assert "Nothing that could be added" in refusal_text(decision)
    assert "o encarregado pelo tratamento de dados pessoais" in refusal_text(decision, PORTUGUESE)


def test_an_engine_that_fails_is_named_as_the_problem() -> None:
    text = refusal_text(refused(replace(plate_query(), case_format="(")), PORTUGUESE)
    assert "as regras de acesso não puderam ser avaliadas" in text.casefold()
    assert "format of case numbers" in text
    assert "Informe a administração geral" in text


def test_what_is_said_to_be_missing_is_enough() -> None:
    """With every purpose, role and remedy that a refusal names, the request is allowed."""
    tried = 0
    for role in (Role.INTELLIGENCE_ANALYST, Role.DISCLOSURE_OFFICER):
        for operation in (Operation.RETRIEVAL, Operation.BULK_QUERY):
            request = with_state(second_factor=False)(ordinary(role, operation, Purpose.RESEARCH))
            found = missing(replace(request, case_number=""))
            for purpose in found.purposes or (Purpose.RESEARCH,):
                for able in found.roles or (role,):
                    better = with_account(role=able)(replace(request, purpose=purpose, case_number=""))
                    better = replace(better, material=found.material)
                    assert not decide(better).allowed
                    for remedy in found.remedies:
                        better = remedy.applied(better)
                    assert decide(better).allowed, found
                    tried += 1
    assert tried > 4


def test_every_text_has_both_languages_and_reads_as_a_clause() -> None:
    policies = shipped_engine().policies.values()
    texts = [(one.english, one.portuguese) for one in policies] + [(one.english, one.portuguese) for one in REMEDIES]
    for english, portuguese in texts:
        assert english != portuguese
        assert not english.endswith(".")
        assert not portuguese.endswith(".")
    assert PORTUGUESE.texts
    for key, translated in PORTUGUESE.texts.items():
        assert set(re.findall(r"{\w+}", key)) == set(re.findall(r"{\w+}", translated)), key
