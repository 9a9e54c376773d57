"""Roles of the persons who work with the system."""

from __future__ import annotations

from pipeline.domain.legal_term import LegalTerm


class Role(LegalTerm):
    """The role in which a person acts. A person with several roles names one for each request."""

    OBSERVER = "observer", "observer", "observador", "decree 18.743/2014 art. 16"
    OPERATOR = "operator", "operator", "operador", "decree 18.743/2014 art. 5 §4"
    INTELLIGENCE_ANALYST = (
        "intelligence-analyst",
        "intelligence analyst",
        "analista de inteligência",
        "law 11.766/2022 art. 9 §4",
    )
    DISCLOSURE_OFFICER = (
        "disclosure-officer",
        "disclosure officer",
        "responsável pelas disponibilizações",
        "decree 18.743/2014 art. 9 §3",
    )
    SECTOR_ADMINISTRATOR = (
        "sector-administrator",
        "sector administrator",
        "administrador setorial",
        "decree 18.743/2014 art. 3 sole paragraph",
    )
    GENERAL_ADMINISTRATOR = (
        "general-administrator",
        "general administrator",
        "administrador geral",
        "decree 18.743/2014 art. 3",
    )
    AUDITOR = "auditor", "auditor", "auditor", "decree 18.743/2014 art. 7"
    RESEARCHER_LIAISON = (
        "researcher-liaison",
        "researcher liaison",
        "interlocutor de pesquisa",
        "decree 18.743/2014 art. 11",
    )
    DATA_PROTECTION_OFFICER = (
        "data-protection-officer",
        "data-protection officer",
        "encarregado pelo tratamento de dados pessoais",
        "decree 18.743/2014 art. 19",
    )
    BENCHMARK_ENGINEER = (
        "benchmark-engineer",
        "benchmark engineer",
        "engenheiro de desempenho",
        "decree 18.743/2014 art. 5 §6",
    )
