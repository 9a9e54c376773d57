"""Purposes for which the system may be used: the closed list that the law gives."""

from __future__ import annotations

from pipeline.domain.legal_term import LegalTerm


class Purpose(LegalTerm):
    """What an operation is for. There is no other purpose (decree 18.743/2014 art. 5: exclusively its object)."""

    CITY_SERVICES = (
        "city-services",
        "routine monitoring of the city and of public services",
        "monitoramento, controle e fiscalização da cidade e dos serviços públicos",
        "decree 18.743/2014 art. 2",
    )
    EVENTS = "events", "planned events", "eventos programados", "decree 18.743/2014 art. 2"
    CRISIS = (
        "crisis",
        "crisis, disaster or fire",
        "situação de crise, desastre ou incêndio",
        "decree 18.743/2014 art. 2",
    )
    VIOLENCE_PREVENTION = (
        "violence-prevention",
        "prevention of violence and urban disorder",
        "prevenção à violência e outras desordens urbanas",
        "decree 18.743/2014 art. 2 sole paragraph",
    )
    MUNICIPAL_PROPERTY = (
        "municipal-property",
        "protection of municipal property",
        "proteção de bens e instalações do Município",
        "decree 18.743/2014 art. 2 sole paragraph",
    )
    MOBILITY = (
        "mobility",
        "traffic and mobility",
        "trânsito e mobilidade",
        "decree 18.743/2014 art. 10 §2",
    )
    POLICING = (
        "policing",
        "planning of visible policing",
        "planejamento das ações de polícia ostensiva",
        "law 11.766/2022 art. 9",
    )
    CRIMINAL_INVESTIGATION = (
        "criminal-investigation",
        "criminal investigation by the police",
        "investigação policial",
        "law 11.766/2022 art. 9",
    )
    INTELLIGENCE = (
        "intelligence",
        "public-security intelligence",
        "atividade de inteligência de segurança pública",
        "law 11.766/2022 art. 9 §4",
    )
    REQUISITION = (
        "requisition",
        "requisition by police, public ministry or judiciary",
        "requisição policial, do Ministério Público ou judicial",
        "decree 18.743/2014 art. 9",
    )
    PROCEEDING = (
        "proceeding",
        "evidence for an administrative or judicial proceeding",
        "instrução de processo administrativo ou judicial",
        "BH + Segura",
    )
    PUBLIC_INTEREST = (
        "public-interest",
        "education and information of the public",
        "interesse público: campanhas educativas e informação à população",
        "decree 18.743/2014 art. 10",
    )
    RESEARCH = "research", "scientific research", "investigação científica", "decree 18.743/2014 art. 11"
    PUBLIC_HEALTH = "public-health", "health surveillance", "vigilância sanitária", "decree 18.743/2014 art. 11"
    SUBJECT_REQUEST = (
        "subject-request",
        "request by the person concerned",
        "pedido do titular",
        "decree 18.743/2014 art. 19",
    )
    PRESERVATION = (
        "preservation",
        "preservation on request",
        "preservação solicitada",
        "decree 18.743/2014 art. 8 §1, art. 9 §1",
    )
    ACCIDENTAL_CAPTURE = (
        "accidental-capture",
        "discard of an accidental capture",
        "descarte de captação acidental",
        "decree 18.743/2014 art. 15",
    )
    END_OF_RETENTION = (
        "end-of-retention",
        "end of the retention period",
        "fim do período de retenção",
        "decree 18.743/2014 art. 8 §3",
    )
    OVERSIGHT = "oversight", "audit of operations", "auditoria das operações", "decree 18.743/2014 art. 7"
    ADMINISTRATION = (
        "administration",
        "administration of people, access and cameras",
        "administração de pessoas, acessos e câmeras",
        "decree 18.743/2014 art. 3, art. 5 §1",
    )
    COOPERATION = (
        "cooperation",
        "agreements and technical cooperation",
        "convênios e cooperação técnica",
        "decree 18.743/2014 art. 4",
    )
    UPKEEP = (
        "upkeep",
        "upkeep of equipment and programs",
        "suporte e manutenção de equipamentos e aplicativos",
        "decree 18.743/2014 art. 5 §6, art. 17",
    )
