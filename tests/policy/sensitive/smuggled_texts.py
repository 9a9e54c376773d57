"""A thousand attempts to write down a sensitive category: words, texts around them, and ways to disguise them.

Half of the words and half of the disguises were held back while the lists were written: see `test_corpus.py`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from pipeline.domain.sensitive_category import SensitiveCategory
from pipeline.policy.sensitive.screen import TextKind

C = SensitiveCategory
WORDS: Final[Mapping[SensitiveCategory, tuple[str, ...]]] = {
    C.RELIGION: ("evangélico", "católica", "umbandista", "candomblecista", "muçulmano", "judeu", "budista", "espírita"),
    C.RACE: ("indígena", "cigano", "quilombola", "afrodescendente", "mulata", "cor da pele"),
    C.POLITICS: ("petista", "bolsonarista", "comunista", "militante", "filiação partidária"),
    C.UNION: ("sindicalista", "sindicalizado", "grevista", "filiado ao sindicato"),
    C.HEALTH: ("soropositivo", "HIV", "autista", "esquizofrênico", "dependente químico", "quimioterapia"),
    C.SEX_LIFE: ("gay", "lésbica", "travesti", "homossexual", "LGBT", "garota de programa"),
    C.BIOMETRIC: ("reconhecimento facial", "impressão digital", "tipo sanguíneo"),
}
"""Words that the lists were tried with."""
HELD_BACK_WORDS: Final[Mapping[SensitiveCategory, tuple[str, ...]]] = {
    C.RELIGION: ("evangelical", "testemunha de Jeová", "mãe de santo", "musulmán", "ateu", "Jewish", "kardecista"),
    C.RACE: ("origem étnica", "skin color", "gitano", "pele negra", "African American"),
    C.POLITICS: ("lulista", "esquerdista", "anarchist", "opinião política", "cabo eleitoral"),
    C.UNION: ("union member", "dirigente sindical", "trade unionist"),
    C.HEALTH: ("diabetes", "epiléptico", "alcoólatra", "tratamento psiquiátrico", "abortion", "doença crônica"),
    C.SEX_LIFE: ("bissexual", "transgênero", "lesbian", "prostituta", "orientação sexual"),
    C.BIOMETRIC: ("biometric", "DNA", "face embedding"),
}
BESIDE: Final = (
    ("motorista negro", C.RACE),
    ("condutor pardo", C.RACE),
    ("mulher branca", C.RACE),
    ("suspeito de cor preta", C.RACE),
    ("homem de pele escura", C.RACE),
    ("black driver", C.RACE),
    ("motorista crente", C.RELIGION),
    ("dono é pastor", C.RELIGION),
    ("passageira grávida", C.HEALTH),
    ("condutor cadeirante", C.HEALTH),
    ("proprietário boliviano", C.RACE),
    ("motorista trans", C.SEX_LIFE),
)
"""Words with other meanings beside a word for a person."""
VISITS: Final = (
    ("motorista vai à igreja", C.RELIGION),
    ("veículo visto toda semana em frente à mesquita", C.RELIGION),
    ("condutor frequenta o terreiro da Vila Nova", C.RELIGION),
    ("proprietária é paciente da clínica São Lucas", C.HEALTH),
    ("entra no hospital todos os dias", C.HEALTH),
    ("dono costuma ir ao CAPS", C.HEALTH),
    ("motorista saindo do sindicato", C.UNION),
    ("carro do diretório do PT, motorista conhecido", C.POLITICS),
    ("goes to the synagogue every week", C.RELIGION),
    ("el conductor asiste a la iglesia", C.RELIGION),
    ("passageiro atendido na UBS", C.HEALTH),
    ("membro do Sind. dos Bancários", C.UNION),
)
_AROUND: Final = (
    (TextKind.NOTE, "{}"),
    (TextKind.NOTE, "motorista {}"),
    (TextKind.NOTE, "placa conferida; {}"),
    (TextKind.REASON, "monitorar veículo de {} no centro"),
    (TextKind.REASON, "condutor {}, ofício 12/2026"),
    (TextKind.PLACE, "ponto {} norte"),
    (TextKind.BODY, "pessoa {}"),
    (TextKind.KEY, "{}"),
)
_CYRILLIC: Final = str.maketrans("aeopcxyi", "аеорсхуі")
_OTHER_SCRIPTS: Final = str.maketrans({"a": "ɑ", "o": "օ", "e": "ҽ", "i": "Ꭵ", "s": "ꜱ", "u": "ս", "n": "ո", "l": "ꓡ"})
_LEET: Final = str.maketrans("aeiost", "4310$7")
_OTHER_LEET: Final = str.maketrans("aeiols", "@€!0|5")
_SMALL_CAPITALS: Final = str.maketrans("abcdeghilmnoprstu", "ᴀʙᴄᴅᴇɢʜɪʟᴍɴᴏᴘʀsᴛᴜ")


def _plain(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.lower())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def _after_each(sign: str) -> Callable[[str], str]:
    return sign.join


def _script(offset: int) -> Callable[[str], str]:
    """Letters of a block of Unicode that begins with "a" at an offset."""
    return lambda word: "".join(chr(offset + ord(c) - 97) if "a" <= c <= "z" else c for c in _plain(word))


def _doubled(word: str) -> str:
    return "".join(sign * 2 if sign in "aeiou" else sign for sign in _plain(word))


def _without_one(word: str) -> str:
    """Without a letter, where it is long enough to be read."""
    plain = _plain(word)
    return plain[:3] + plain[4:] if len(plain) > 8 else plain


def _swapped(word: str) -> str:
    plain = _plain(word)
    return plain[:4] + plain[5] + plain[4] + plain[6:] if len(plain) > 8 else plain


DISGUISES: Final[Mapping[str, Callable[[str], str]]] = {
    "as it is": lambda word: word,
    "without accents": _plain,
    "capitals": str.upper,
    "Cyrillic letters": lambda word: _plain(word).translate(_CYRILLIC),
    "full width": _script(0xFF41),
    "zero width": _after_each("\u200b"),
    "digits": lambda word: _plain(word).translate(_LEET),
    "spaces": lambda word: " ".join(_plain(word).replace(" ", "")),
    "dots": lambda word: ".".join(_plain(word).replace(" ", "")),
    "doubled vowels": _doubled,
    "camel case": lambda word: f"placa{word.title().replace(' ', '')}",
}
HELD_BACK_DISGUISES: Final[Mapping[str, Callable[[str], str]]] = {
    "combining marks": _after_each("\u0336"),
    "letters of four scripts": lambda word: _plain(word).translate(_OTHER_SCRIPTS),
    "small capitals": lambda word: _plain(word).translate(_SMALL_CAPITALS),
    "mathematical letters": _script(0x1D41A),
    "letters in squares": _script(0x1F130),
    "soft hyphens": _after_each("\u00ad"),
    "signs": lambda word: _plain(word).translate(_OTHER_LEET),
    "underscores and hyphens": lambda word: "_".join(_plain(word).replace(" ", "-")),
    "pairs of letters": lambda word: "-".join(_plain(word)[at : at + 2] for at in range(0, len(word), 2)),
    "a letter left out": _without_one,
    "letters swapped": _swapped,
    "other order of words": lambda word: " ".join(reversed(word.split())),
    "digits and doubled vowels": lambda word: _doubled(word).translate(_LEET),
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """A text that must be refused.

    Attributes:
        kind: of the field it is written into; text: as it is written.
        category: of the word; disguise: see `DISGUISES`.
        held_back: whether word or disguise was not tried while the lists were written.
    """

    kind: TextKind
    text: str
    category: SensitiveCategory
    disguise: str
    held_back: bool


def attempts() -> list[Attempt]:
    """A thousand different attempts, always the same; half of them held back."""
    random = Random(12)
    every = list({(one.kind, one.text): one for one in _all(random)}.values())
    random.shuffle(every)
    known = [one for one in every if not one.held_back][:500]
    held = [one for one in every if one.held_back][:500]
    return known + held


def _all(random: Random) -> Iterator[Attempt]:
    for held, words in ((False, WORDS), (True, HELD_BACK_WORDS)):
        for category, listed in words.items():
            for word in listed:
                for name, disguise in ({**DISGUISES, **HELD_BACK_DISGUISES}).items():
                    kind, around = random.choice(_AROUND)
                    yield Attempt(kind, around.format(disguise(word)), category, name, held or name not in DISGUISES)
    for text, category in (*BESIDE, *VISITS):
        for kind in (TextKind.NOTE, TextKind.REASON):
            for name in ("as it is", "without accents", "capitals", "digits"):
                yield Attempt(kind, DISGUISES[name](text), category, name, held_back=False)
