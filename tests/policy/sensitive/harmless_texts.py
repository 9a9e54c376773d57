"""A thousand harmless texts: streets, saints, shops, landmarks, notes on vehicles, titles of cases, bodies, names.

Streets and landmarks are those of real Brazilian cities. Half of the texts, by a checksum, was held back while the
lists were written: see `test_corpus.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

from pipeline.policy.sensitive.screen import TextKind

_FILE = Path(__file__).with_name("harmless_texts.txt")


def _names(section: str) -> list[str]:
    text = _FILE.read_text(encoding="utf-8").split(f"[{section}]\n", 1)[1].split("\n\n", 1)[0]
    return list(dict.fromkeys(part.strip() for part in re.split(r"[|\n]", text) if part.strip()))


def harmless_texts() -> list[tuple[TextKind, str]]:
    """A thousand different texts, always the same, each with its kind."""
    found = list(dict.fromkeys(_all()))
    return found[:1000]


def _all() -> Iterator[tuple[TextKind, str]]:
    random = Random(16)
    streets, saints = _names("streets"), _names("saints")
    landmarks, shops = _names("landmarks"), _names("shops")
    for kind, section in (
        (TextKind.NOTE, "vehicle_notes"),
        (TextKind.REASON, "cases"),
        (TextKind.BODY, "bodies"),
        (TextKind.PERSON, "persons"),
        (TextKind.KEY, "headings"),
    ):
        yield from ((kind, text) for text in _names(section))
    yield from ((TextKind.PLACE, text) for text in (*landmarks, *shops, *streets))
    for saint in saints:
        yield TextKind.PLACE, f"{random.choice(['Rua', 'Praça', 'Travessa', 'Bairro', 'Igreja'])} {saint}"
        yield TextKind.REASON, f"Colisão na Rua {saint} com a {random.choice(streets)}"
    for landmark in landmarks:
        way = random.choice(["em frente ao", "próximo ao", "ao lado do", "nos fundos do", "junto ao"])
        what = random.choice(["Furto de veículo", "Acidente sem vítimas", "Roubo a pedestre", "Queda de poste"])
        yield TextKind.REASON, f"{what} {way} {landmark}"
        yield (
            TextKind.NOTE,
            f"estacionado {way} {landmark}, {random.choice(['sem placa', 'farol aceso', 'vidro aberto'])}",
        )
    for shop in shops:
        yield TextKind.REASON, f"Roubo na loja {shop}, {random.choice(streets)}, {random.randrange(10, 3000)}"
    random.shuffle(streets)
    for street in streets:
        number, other = random.randrange(10, 4000), random.choice(streets)
        yield TextKind.PLACE, f"{street}, {number}"
        yield random.choice(
            [
                (TextKind.REASON, f"Atropelamento na {street}, altura do número {number}"),
                (TextKind.REASON, f"Furto de motocicleta na {street} esquina com {other}"),
                (TextKind.NOTE, f"última passagem na {street}, sentido bairro"),
                (TextKind.NOTE, f"carro preto abandonado na {street}"),
                (TextKind.REASON, f"Estudo de velocidade da {street} entre {other} e a ponte"),
                (TextKind.REASON, f"Suspeito fugiu pela {street} em moto branca"),
            ]
        )
