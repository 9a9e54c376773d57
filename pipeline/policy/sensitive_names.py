"""Names of cameras that suggest a sensitive place in view, in Portuguese and English, without accents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from pipeline.domain.camera import Surroundings

_WORDS: Final[Mapping[Surroundings, str]] = {
    Surroundings.TEMPLE: """
        abbey adventista assembleia basilica batista buddhist budista candomble capela catedral cathedral
        catholic catolica catolico cemiterio centroespirita chapel church convento culto diocese espirita
        evangelica evangelico evangelicos faith fieis igreja islamica islamico jewish judaica judaico luterana
        mesquita metodista monastery mormon mosque mosteiro muculmana muculmano muslim oratorio padroeira
        padroeiro parish paroquia pentecostal presbiteriana romaria sanctuary santuario seicho shrine sinagoga
        synagogue temple templo terreiro umbanda worship""",
    Surroundings.CLINIC: """
        abortion aborto aids ambulatorio apae cancer caps cardiologia clinic clinica clinicas consultorio cti
        dialysis dst farmacia fertilidade ginecologia health healthcare hemocentro hemodialise hiv hospice
        hospital hospitalar internacao ist laboratorio maternidade maternity medica medical medico neurologia
        obstetricia odontologia odontologica oncologia oncologico oncology pediatria pharmacy posto-de-saude
        prontosocorro psicologia psicologica psiquiatria psiquiatrico psychiatric reabilitacao rehab sanatorio
        saude ubs upa urgencia uti""",
    Surroundings.UNION_HALL: """
        centralsindical conlutas contag fetraf labor-union labour-union sindical sindicalista sindicato
        sindicatos tradeunion union""",
    Surroundings.PARTY_OFFICE: """
        campaign diretorio eleitoral partidaria partidario partido partidos party pcdob pdt political psb psdb
        psol pstu""",
    Surroundings.SCHOOL: """
        adolescente adolescentes bercario cei cemei cmei colegio college creche criancas daycare educacional
        emef emei escola escolar escolas infancia infantil jardim-de-infancia juvenil kindergarten nursery
        playground preescola preschool school schools""",
}
_PLACE_OF: Final = {word: place for place, words in _WORDS.items() for word in words.replace("-", "").split()}
_PREFIXES: Final[Mapping[str, Surroundings]] = {
    "igrej": Surroundings.TEMPLE,
    "evangel": Surroundings.TEMPLE,
    "candombl": Surroundings.TEMPLE,
    "umband": Surroundings.TEMPLE,
    "hospita": Surroundings.CLINIC,
    "clinic": Surroundings.CLINIC,
    "psiquiatr": Surroundings.CLINIC,
    "oncolog": Surroundings.CLINIC,
    "matern": Surroundings.CLINIC,
    "sindic": Surroundings.UNION_HALL,
    "partidari": Surroundings.PARTY_OFFICE,
    "escol": Surroundings.SCHOOL,
    "creche": Surroundings.SCHOOL,
}
"""Beginnings of words that no other place has."""
_DIGITS: Final = str.maketrans("0134", "oiea")
_LEAST_INSIDE: Final = 6
"""Characters of a word from which on it is found within a longer one (``portadaigreja``)."""


def suggested_surroundings(*texts: str) -> dict[str, Surroundings]:
    """Words in the id and name of a camera that suggest a sensitive place, with the place.

    A suggestion only: a street can be named after a church that is not there. It is asked about, never concluded.
    """
    found: dict[str, Surroundings] = {}
    for text in texts:
        words = _folded(text)
        for word in words:
            if (place := _place(word)) is not None:
                found.setdefault(word, place)
        for first, second in pairwise(words):
            if first not in found and second not in found and (place := _place(first + second)) is not None:
                found.setdefault(f"{first} {second}", place)
    return found


def _place(word: str) -> Surroundings | None:
    if word in _PLACE_OF:
        return _PLACE_OF[word]
    if word.endswith("s") and word[:-1] in _PLACE_OF:
        return _PLACE_OF[word[:-1]]
    for prefix, place in _PREFIXES.items():
        if word.startswith(prefix):
            return place
    inside = (known for known in _PLACE_OF if len(known) >= _LEAST_INSIDE and known in word)
    return next((_PLACE_OF[known] for known in inside), None)


def _folded(text: str) -> list[str]:
    """Words in lower case without accents; digits that stand for letters count as them (``igr3ja``)."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    return re.findall(r"[a-z]+", plain.translate(_DIGITS) if re.search(r"[a-z][0134][a-z]", plain) else plain)
