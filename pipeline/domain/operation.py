"""Operations of the system: those of decree 18.743/2014 art. 6, and those of queries, registers and administration."""

from __future__ import annotations

from typing import Final

from pipeline.domain.legal_term import LegalTerm
from pipeline.domain.material import Material

_ART_6: Final = "decree 18.743/2014 art. 6"
_PLATES: Final = "law 11.766/2022 art. 9 §3"


class Operation(LegalTerm):
    """What a person does with images, data, registers or the system. Each has its audit record (decree art. 7)."""

    CAPTURE = "capture", "capture", "captação", f"{_ART_6} I"
    TRANSMISSION = "transmission", "transmission", "transmissão", f"{_ART_6} II"
    RETENTION = "retention", "retention", "retenção", f"{_ART_6} III"
    MONITORING = "monitoring", "monitoring (live view)", "monitoramento", f"{_ART_6} IV"
    SHARING = "sharing", "sharing with another body", "compartilhamento", f"{_ART_6} V"
    PERMISSION = "permission", "definition of access", "permissão de acesso", f"{_ART_6} VI"
    CAMERA_CONTROL = "camera-control", "assignment of camera control", "controle", f"{_ART_6} VII"
    RETRIEVAL = "retrieval", "retrieval of stored video", "recuperação", f"{_ART_6} VIII"
    RECORDING_TO_MEDIA = (
        "recording-to-media",
        "recording to external media",
        "gravação em mídia externa",
        f"{_ART_6} IX",
    )
    TREATMENT = "treatment", "treatment (redaction)", "tratamento", f"{_ART_6} X"
    DISCLOSURE = "disclosure", "disclosure", "disponibilização", f"{_ART_6} XI"
    DISPOSAL = "disposal", "disposal", "descarte", f"{_ART_6} XII"

    CAMERA_MOVEMENT = (
        "camera-movement",
        "movement of a camera",
        "movimentação de câmera",
        "decree 18.743/2014 art. 5 §2",
    )
    PLATE_QUERY = "plate-query", "query by plate", "consulta por placa", _PLATES
    JOURNEY_QUERY = "journey-query", "query of a journey", "consulta de trajeto", _PLATES
    PATTERN_QUERY = "pattern-query", "query by pattern of a plate", "consulta por padrão de placa", _PLATES
    CONVOY_QUERY = "convoy-query", "query of a convoy", "consulta de comboio", _PLATES
    CLONE_QUERY = "clone-query", "search for cloned plates", "busca de placas clonadas", _PLATES
    BULK_QUERY = "bulk-query", "bulk query of plates", "consulta de placas em massa", _PLATES
    PLATE_LIST = "plate-list", "entry in the list of searched plates", "registro em lista de placas procuradas", _PLATES
    ALERT_REVIEW = "alert-review", "review of plate alerts", "consulta de alertas de placas", _PLATES
    INCIDENT = (
        "incident",
        "handling of an incident",
        "tratamento de ocorrência",
        "decree 18.743/2014 art. 2, art. 5 §3",
    )
    COUNT_QUERY = "count-query", "query of counts", "consulta de contagens", "decree 18.743/2014 art. 2"
    EXPORT = "export", "export of answers", "exportação de respostas", "decree 18.743/2014 art. 6 X"

    HOLD = "hold", "preservation (hold)", "preservação", "decree 18.743/2014 art. 8 §1, art. 9 §1"
    HOLD_RELEASE = "hold-release", "release of a hold", "fim da preservação", "decree 18.743/2014 art. 8 §3"
    ERASURE = "erasure", "erasure on request", "exclusão a pedido", "decree 18.743/2014 art. 19"
    SUBJECT_REQUEST = (
        "subject-request",
        "handling of a request by the person concerned",
        "atendimento ao pedido do titular",
        "decree 18.743/2014 art. 19 §1",
    )

    ACCOUNT_REGISTRATION = (
        "account-registration",
        "registration of a person",
        "cadastramento de pessoa",
        "decree 18.743/2014 art. 5 §1, §2",
    )
    ACCOUNT_SUSPENSION = (
        "account-suspension",
        "deactivation of an account",
        "desativação de conta",
        "decree 18.743/2014 art. 5 §7",
    )
    INSTITUTION_REGISTRATION = (
        "institution-registration",
        "registration of an institution",
        "cadastro de instituição",
        "decree 18.743/2014 art. 4",
    )
    CAMERA_REGISTRATION = (
        "camera-registration",
        "registration of a camera",
        "cadastro de câmera",
        "law 11.766/2022 art. 5",
    )
    CAMERA_APPROVAL = (
        "camera-approval",
        "approval of an installation project",
        "análise de projeto de instalação",
        "decree 18.743/2014 art. 20",
    )
    SANCTION = "sanction", "warning or suspension of a partner", "sanção a parceiro", "law 11.766/2022 art. 8"
    RESCISSION = "rescission", "rescission of a cooperation", "rescisão de cooperação", "law 11.766/2022 art. 6"

    APPROVAL = (
        "approval",
        "approval of another person's request",
        "aprovação de pedido de outra pessoa",
        "rule of this program, for decree 18.743/2014 art. 5",
    )
    BREAK_GLASS = (
        "break-glass",
        "opening of emergency access",
        "abertura de acesso de emergência",
        "rule of this program, for decree 18.743/2014 art. 2",
    )
    AUDIT_READING = "audit-reading", "reading of the audit", "leitura da auditoria", "decree 18.743/2014 art. 7"
    AUDIT_PLATE_QUERY = (
        "audit-plate-query",
        "search of the audit by plate",
        "busca na auditoria por placa",
        "decree 18.743/2014 art. 7",
    )
    AUDIT_ANCHORING = "audit-anchoring", "anchoring of the audit", "ancoragem da auditoria", "decree 18.743/2014 art. 8"
    REPORT = "report", "monthly sheet and reports", "planilha mensal e relatórios", "decree 18.743/2014 art. 9 §4"
    CONFIGURATION = "configuration", "configuration", "configuração", "decree 18.743/2014 art. 3"
    BENCHMARK = "benchmark", "measurement of the machine", "medição de desempenho", "decree 18.743/2014 art. 17"

    @property
    def materials(self) -> tuple[Material, ...]:
        """What it may concern, the most identifying first: the one that is meant where a request names none."""
        return _MATERIALS.get(self, (Material.RECORDS,))

    @property
    def material(self) -> Material:
        """See `materials`."""
        return self.materials[0]


_ORIGINAL: Final = (Material.ORIGINAL_VIDEO,)
_PLATE: Final = (Material.PLATES,)
_ANY_VIDEO: Final = (Material.ORIGINAL_VIDEO, Material.ANONYMIZED_VIDEO)
_ALL: Final = (Material.ORIGINAL_VIDEO, Material.PLATES, Material.ANONYMIZED_VIDEO, Material.COUNTS)
_MATERIALS: Final = {
    Operation.CAPTURE: _ORIGINAL,
    Operation.TRANSMISSION: _ORIGINAL,
    Operation.RETENTION: _ORIGINAL,
    Operation.MONITORING: _ORIGINAL,
    Operation.CAMERA_MOVEMENT: _ORIGINAL,
    Operation.TREATMENT: _ORIGINAL,
    Operation.RETRIEVAL: _ANY_VIDEO,
    Operation.RECORDING_TO_MEDIA: _ANY_VIDEO,
    Operation.SHARING: _ALL,
    Operation.DISCLOSURE: _ALL,
    Operation.PLATE_QUERY: _PLATE,
    Operation.JOURNEY_QUERY: _PLATE,
    Operation.PATTERN_QUERY: _PLATE,
    Operation.CONVOY_QUERY: _PLATE,
    Operation.CLONE_QUERY: _PLATE,
    Operation.BULK_QUERY: _PLATE,
    Operation.PLATE_LIST: _PLATE,
    Operation.ALERT_REVIEW: _PLATE,
    Operation.COUNT_QUERY: (Material.COUNTS,),
    Operation.EXPORT: (Material.PLATES, Material.ANONYMIZED_VIDEO, Material.COUNTS),
    Operation.BENCHMARK: (Material.MEASUREMENTS,),
}
"""Operations on registers and records, and those of administration, are not in it."""
