"""Titles of operations in documents, in Portuguese, those of decree 18.743/2014 art. 6 where it has one."""

from __future__ import annotations

from typing import Final

_TITLES: Final = {
    "plate-query": "consulta por placa",
    "pattern-query": "consulta por padrão de placa",
    "bulk-query": "consulta de placas em massa",
    "journey-query": "consulta de trajeto",
    "convoy-query": "consulta de comboio",
    "clone-query": "busca de placas clonadas",
    "count-query": "consulta de contagens",
    "export": "exportação de respostas",
    "erasure": "exclusão a pedido",
    "disposal": "descarte",
    "disclosure": "disponibilização",
    "approval": "aprovação de pedido de outra pessoa",
    "treatment": "tratamento",
    "audit-reading": "leitura da auditoria",
    "audit-anchoring": "ancoragem da auditoria",
    "audit-log": "ocorrência no próprio registro",
}


def title_of(operation: str) -> str:
    """The title of an operation; its identifier where it has none."""
    return _TITLES.get(operation, operation)
