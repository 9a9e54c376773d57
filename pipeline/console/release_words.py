"""Words of disclosures on pages, and where a disclosure is on its way from the request to the delivery."""

from __future__ import annotations

from typing import Final

from pipeline.app.release.registered_file import Standing
from pipeline.console.catalogues import source
from pipeline.console.steps import Step, steps
from pipeline.domain.disclosure import EVIDENCE, Disclosure, DisclosureState, LegalBasis, ReleaseStyle

BASES: Final = {
    LegalBasis.JUDICIARY: source("Poder Judiciário (requisição)"),
    LegalBasis.PUBLIC_MINISTRY: source("Ministério Público (requisição)"),
    LegalBasis.POLICE: source("Polícia (requisição)"),
    LegalBasis.AGREEMENT: source("Convênio"),
    LegalBasis.RESEARCH: source("Pesquisa ou vigilância sanitária"),
    LegalBasis.MEDIA: source("Imprensa"),
}
STATES: Final = {
    DisclosureState.REQUESTED: source("pedida"),
    DisclosureState.REFUSED: source("negada"),
    DisclosureState.APPROVED: source("autorizada"),
    DisclosureState.BUILT: source("produzida"),
    DisclosureState.DELIVERED: source("entregue"),
}
STYLES: Final = {
    ReleaseStyle.FILL.value: source("Preenchimento: pessoas, rostos e placas cobertos"),
    ReleaseStyle.SILHOUETTE.value: source("Silhueta: uma figura e sua direção no lugar de cada pessoa"),
    EVIDENCE: source("Prova: vídeo original lacrado para a autoridade"),
}
STANDINGS: Final = {
    Standing.CURRENT: source("atual"),
    Standing.SUPERSEDED: source("substituído por outro mais novo"),
    Standing.REFUSED: source("não pode ser usado: a disponibilização foi negada"),
    Standing.NOT_APPROVED: source("não pode ser usado: as condições mudaram e não há nova autorização"),
    Standing.EARLIER_APPROVAL: source("não pode ser usado: a autorização de hoje é de outras condições"),
}
STAGES: Final = {
    "": source("Preparando"),
    "detect": source("Procurando pessoas, rostos e placas"),
    "render": source("Cobrindo e gravando"),
    "verify": source("Conferindo com outras redes"),
    "attack": source("Tentando recuperar o que foi coberto"),
}
ACTIONS: Final = {
    "request": source("registrou o pedido"),
    "declare": source("anexou o documento"),
    "approve": source("autorizou"),
    "refuse": source("negou"),
    "withdraw": source("revogou a autorização"),
    "request-exemption": source("pediu uma exceção ao mascaramento"),
    "show-exemption": source("viu a imagem de uma exceção"),
    "confirm-exemption": source("confirmou uma exceção"),
    "build": source("produziu o vídeo"),
    "deliver": source("registrou a entrega"),
}


def steps_of(found: Disclosure) -> tuple[Step, ...]:
    """The steps of a disclosure; a refused one ends with its decision."""
    refused = found.state is DisclosureState.REFUSED
    done = (
        (source("Pedido"), True),
        (source("Documento"), found.declaration is not None),
        (source("Decisão"), refused or found.state is not DisclosureState.REQUESTED),
        (source("Vídeo"), found.state in {DisclosureState.BUILT, DisclosureState.DELIVERED}),
        (source("Entrega"), found.state is DisclosureState.DELIVERED),
    )
    shown = done[:3] if refused else done
    return steps(shown)
