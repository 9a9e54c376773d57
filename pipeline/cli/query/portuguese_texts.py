"""Portuguese words of answers: headings of columns, values that the program chooses, names of notes, messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.domain.language import ENGLISH, Language, portuguese
from pipeline.domain.locale import Locale

HEADINGS: Final[Mapping[str, str]] = {
    "kind": "tipo",
    "event_id": "id do evento",
    "camera_id": "câmera",
    "camera_name": "nome da câmera",
    "time": "data e hora",
    "first_time": "primeira vez",
    "last_time": "última vez",
    "start": "início",
    "last_seen": "visto por último",
    "state_since": "estado desde",
    "schema_version": "versão",
    "plate": "placa",
    "asked_plate": "placa procurada",
    "status": "situação",
    "plate_key": "chave da placa",
    "layout": "padrão",
    "confidence": "confiança",
    "votes": "votos",
    "vehicle": "veículo",
    "stream_id": "sessão",
    "track_id": "trajeto",
    "frame": "quadro",
    "frames": "quadros",
    "label": "classe",
    "count": "quantidade",
    "tracks": "trajetos",
    "unit": "unidade",
    "mean": "média",
    "median": "mediana",
    "p85": "percentil 85",
    "path_px": "percurso (px)",
    "speed_px_s": "velocidade (px/s)",
    "speed_m_s": "velocidade (m/s)",
    "rule": "regra",
    "severity": "gravidade",
    "subject": "assunto",
    "detail": "detalhe",
    "state": "estado",
    "events": "eventos",
    "reads": "leituras",
    "meetings": "encontros",
    "share": "proporção",
    "cameras": "câmeras",
    "seconds": "segundos",
    "distance_m": "distância (m)",
    "speed_km_h": "velocidade (km/h)",
    "from": "de",
    "to": "para",
}

_CLASSES: Final[Mapping[str, str]] = {
    "person": "pessoa",
    "bicycle": "bicicleta",
    "car": "carro",
    "motorcycle": "motocicleta",
    "bus": "ônibus",
    "truck": "caminhão",
    "face": "rosto",
    "plate": "placa",
}
VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    "kind": {
        "plate_read": "leitura de placa",
        "track": "trajeto",
        "count": "contagem",
        "alert": "alerta",
        "health": "estado da câmera",
    },
    "layout": {"br_old": "anterior", "br_mercosul": "Mercosul", "other": "outro"},
    "status": {
        "read": "lida",
        "similar": "semelhante",
        "not-seen": "não vista",
        "seen-only-uncertainly": "vista apenas com incerteza",
    },
    "vehicle": _CLASSES,
    "label": _CLASSES,
    "severity": {"info": "informação", "warning": "aviso", "critical": "crítica"},
    "state": {
        "connecting": "conectando",
        "streaming": "transmitindo",
        "overloaded": "sobrecarregada",
        "low-rate": "taxa baixa",
        "unusable": "sem imagem útil",
        "stalled": "sem imagem",
        "backing-off": "aguardando nova tentativa",
        "ended": "encerrada",
        "failed": "com falha",
        "no-life-sign": "sem sinal de vida",
    },
    "rule": {
        "camera-lost": "câmera perdida",
        "events-lost": "eventos perdidos",
        "events-refused": "eventos recusados",
        "events-refused-by-policy": "eventos recusados pela política",
        "overloaded": "sobrecarga",
        "overload-ended": "fim da sobrecarga",
        "stored-data-lost": "dados armazenados perdidos",
        "clock-wrong": "relógio errado",
        "disposal-held": "descarte suspenso",
        "image-unusable": "imagem inútil",
        "image-restored": "imagem restabelecida",
        "scene-conflict": "conflito de cena",
        "scene-conflict-ended": "fim do conflito de cena",
        "low-rate": "taxa baixa",
    },
}
"""By column; a word that is not in it stays as it is."""
NOTES: Final[Mapping[str, str]] = {
    "limit": "limite de linhas",
    "future": "futuro",
    "retention": "prazo de guarda",
    "lost-data": "dados perdidos",
    "erased-on-request": "eliminações a pedido",
    "erasures-unknown": "eliminações desconhecidas",
    "first-data": "primeiros dados",
    "plates-not-read": "placas não lidas",
    "interrupted": "interrupção",
    "coverage-not-known": "funcionamento desconhecido",
    "events-lost": "eventos perdidos",
    "events-waiting": "eventos não gravados",
    "overloaded": "sobrecarga",
    "silent": "sem eventos",
    "uncertain-reads": "leituras incertas",
    "not-seen": "não vistas",
    "seen-only-uncertainly": "vistas apenas com incerteza",
    "read-without-match": "lida sem correspondência",
    "similar-plates": "placas semelhantes",
    "low-rate": "poucos quadros analisados",
    "unusable-images": "imagens inúteis",
    "searched": "pesquisado",
    "reads-withheld": "leituras retidas",
    "small-counts-withheld": "contagens pequenas retidas",
    "no-declarations": "câmeras sem declaração",
    "counts-are-tracks": "sobre as contagens",
}
"""By the code of a note."""

_MESSAGES: Final[Mapping[str, str]] = {
    "Reads of {plates}": "Leituras de {plates}",
    "Events": "Eventos",
    "Cameras": "Câmeras",
    "Seen with {plate}": "Vistas com {plate}",
    "Route of {plate}": "Trajeto de {plate}",
    "Possible clones": "Possíveis clones",
    "Traffic by minute": "Tráfego por minuto",
    "Traffic by hour": "Tráfego por hora",
    "Traffic by day": "Tráfego por dia",
    "Speeds by minute": "Velocidades por minuto",
    "Speeds by hour": "Velocidades por hora",
    "Speeds by day": "Velocidades por dia",
    "not seen": "não vista",
    "seen only uncertainly": "vista apenas com incerteza",
    "{reads} there, to": "{reads} ali, até",
    "at once": "ao mesmo tempo",
    "warning": "aviso",
    "note": "nota",
    "nothing found": "nada encontrado",
    "{nothing}, but the answer may be incomplete": "{nothing}, mas a resposta pode estar incompleta",
    "the notes are in {file} as well": "as notas também estão em {file}",
    "times are in UTC, the machine's zone; set zone in the configuration, or add --zone America/Sao_Paulo": "os "
    "horários estão em UTC, o fuso desta máquina; indique zone na configuração ou acrescente --zone America/Sao_Paulo",
    "only one read, by {camera} at {time}: no leg": "apenas uma leitura, de {camera} em {time}: nenhum trecho",
    "all plates since {time}; --from searches further back": "todas as placas desde {time}; com --from, a pesquisa "
    "recua mais",
    "the configuration has no latitude and longitude of {cameras}; {consequence}": "a configuração não tem latitude e "
    "longitude de {cameras}; {consequence}",
    "legs to and from there have no distance": "os trechos de e para lá não têm distância",
    "their reads are not compared": "suas leituras não são comparadas",
    "{names} and {number} more": "{names} e mais {number}",
}
PORTUGUESE: Final = portuguese(_MESSAGES, {"read": ("leitura", "leituras"), "plate": ("placa", "placas")})


def messages_language(locale: Locale | None) -> Language:
    """The language of the messages beside an answer."""
    return PORTUGUESE if locale is Locale.PT_BR else ENGLISH
