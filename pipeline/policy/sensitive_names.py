"""Names of cameras that suggest a sensitive place in view, in Portuguese, Spanish and English."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final

from pipeline.domain.camera import Surroundings

_WORDS: Final[Mapping[Surroundings, str]] = {
    Surroundings.TEMPLE: """
        abadia abbey adventist adventista anglican anglicana ashram assembleia bahai basilica batista bible biblia
        buda buddha buddhist budista candomble capela capilla casa-de-oracao catedral catequese cathedral catholic
        catolica catolico cemetery cemiterio centro-de-umbanda centro-espirita chabad chapel christian church
        congregacao-crista congregation convento crematorio cristao culto diocese ermita espirita espiritismo
        evangelho evangelica evangelico evangelicos exu faith fieis gospel gurdwara halal hare-krishna hebraica hindu
        iemanja iglesia igr igreja ile-axe imam islamica islamico israelita iurd jehovah jeova jewish judaica judaico
        kardec kardecista kingdom-hall kosher krishna luterana lutheran maconaria maconica masjid masonic mesquita
        methodist metodista mezquita monastery mormon mormons mosque mosteiro muculmana muculmano muslim mussala
        nunnery ogum opus-dei oratorio orixa orthodox ortodoxa oxum padroeira padroeiro pagoda parish paroq paroquia
        parroquia pastoral pentecostal prayer presbiteriana presbyterian priorado priory quaker quran rabino romaria
        rosacruz salao-do-reino sanctuary santuario seicho shrine sikh sinagoga stupa synagogue tabernacle tabernaculo
        temple templo tenda-espirita terreiro testemunhas-de-jeova torah umbanda umbandista universal-do-reino worship
        xango""",
    Surroundings.CLINIC: """
        aacd abortion aborto addiction addictions adiccion adicciones aids al-anon alcoholicos alcoholics alcoolatras
        alcoolicos ambulatorio ambulatory anonimos anonymous apae asylum autismo autista beneficencia cancer caps
        capsad capsi cardiologia casa-de-recuperacao centro-de-recuperacao centro-de-testagem chemotherapy cirurgia
        clin clinic clinica clinicas comunidade-terapeutica consultorio cracolandia cta cti cuidados-paliativos cvv
        dentist dentista dependencia-quimica dependentes-quimicos dermatologia desintoxicacao detox dialise dialisis
        dialysis drogados drug-treatment dst endocrinologia enfermaria farmacia fazenda-da-esperanca fertilidade
        fertility fisioterapia fonoaudiologia geriatria ginecologia gynaecology gynecology hanseniase health
        healthcare hemocentro hemodialise hiv hosp hospice hospicio hospital hospitalar internacao ist ivf laboratorio
        laboratory leprosario manicomio mastologia maternidade maternity medica medical medico metadona methadone
        midwife misericordia nar-anon narcoticos narcotics nasf needle-exchange nefrologia neurologia obstetric
        obstetricia odontologia odontologica oncologia oncologico oncology palliative parenthood pediatria pediatrico
        pestalozzi pharmacy pneumologia policlinica posto-de-saude proctologia pronto-atendimento pronto-socorro psf
        psicanalise psicologia psicologica psicoterapia psiquiatria psiquiatrico psychiatric psychologist psychology
        quimioterapia radioterapia reabilitacao rehab rehabilitacion salud samu sanatorio santa-casa saude
        saude-mental sida sobriety soropositivo surgery terapeuta terapia testagem therapist therapy toxicomania
        tuberculose ubs ubsf unidade-de-saude upa urgencia urologia usf uti vaccination vacina vacinacao vih""",
    Surroundings.UNION_HALL: """
        afl-cio apeoesp ccoo central-sindical cgtb comisiones-obreras conlutas contag contraf cut-brasil cut-nacional
        cut-sede fetag fetraf forca-sindical labor-hall labor-union labour-hall labour-union mst sede-cut sem-terra
        sind sindical sindicalista sindicato sindicatos sinpeem sinpol sinpro sintect sintep sintrajud sinttel sintusp
        syndicate teamsters trabajadores trabalhadores trade-union ugt union unions workers""",
    Surroundings.PARTY_OFFICE: """
        campaign candidata candidato comite comite-de-campanha communist comunista democratic-party diretorio
        diretorio-pt eleicao eleitorais eleitoral labour-party mdb partidaria partidario partido partidos party pcb
        pcdob pco pdt pmdb podemos political prtb psb psd psdb psl psol pstu pt-sede ptb republican-party republicanos
        sede-pt socialista uniao-brasil""",
    Surroundings.SCHOOL: """
        adolescente adolescentes bercario cei ceinf cemei child-care childcare cmei col-estadual colegio college
        creche criancas day-care daycare educacional emeb emef emei emeief esc escola escolar escolas escuela
        guarderia infancia infantil jardim-de-infancia jardim-infantil jardin-de-infantes juvenil kindergarten liceo
        nursery orfanato orphanage playground pre-escola preescola preschool school schools umei""",
    Surroundings.SHELTER: """
        abrigo acnur acolhida acolhimento albergue apoio-ao-imigrante apoio-aos-migrantes asilo asylum-seekers
        casa-abrigo casa-da-mulher casa-de-apoio casa-de-passagem casa-do-imigrante casa-do-migrante casa-lar
        casa-mulher centro-pop conselho-tutelar cras creas deam delegacia-da-mulher desabrigados exercito-da-salvacao
        haitianos homeless missao-paz mtst mulher-brasileira refuge refugee refugees refugiada refugiado refugiados
        refugio salvation-army sem-teto shelter soup-kitchen unhcr violencia-domestica vitimas-de-violencia
        women-refuge womens-refuge""",
    Surroundings.COMMUNITY_CENTER: """
        afro afrobrasileiro aldeia-indigena bissexual bordel brothel cabare casa-de-swing casa-do-indio cigana cigano
        ciganos funai gay gays gls gypsy homosexual homossexual indigena indigenas indigenous lesbian lesbica lesbicas
        lgbt motel movimento-negro parada-gay pride prostibulo queer quilombo quilombola sauna-gay sesai sex-shop
        sexshop terra-indigena transexuais transexual transgender travesti travestis""",
}
_PREFIXES: Final[Mapping[Surroundings, str]] = {
    Surroundings.TEMPLE: "igrej evangel candombl umband islam budis catolic espirit jeov kardec",
    Surroundings.CLINIC: "hospita clinic psiquiatr psicolog oncolog matern alcool alcohol toxicom hemodial terapeut",
    Surroundings.UNION_HALL: "sindic",
    Surroundings.PARTY_OFFICE: "partidari eleitora",
    Surroundings.SCHOOL: "escol creche",
    Surroundings.SHELTER: "refugiad",
    Surroundings.COMMUNITY_CENTER: "lgbt indigen quilomb transex homossex lesbi",
}
"""Beginnings of words that no other place has."""
_INITIALS: Final = {"aa": Surroundings.CLINIC, "na": Surroundings.CLINIC, "pt": Surroundings.PARTY_OFFICE}
"""Only where they are written as initials: ``A.A.``"""
_SMALL: Final = frozenset("a as ao aos da das de del do dos e el la las los of o os s the y".split())
"""Words that do not count within an expression."""
_LEAST_INSIDE: Final = 6
"""Characters of a word from which on it is found within a longer one (``portadaigreja``)."""
_LEAST_FOLDED: Final = 4
"""Characters of a word from which on signs that resemble one another are one: shorter words are too alike."""
_MOST_WORDS: Final = 4
_FRAGMENT: Final = 3
"""Longest part of a word that is taken to pieces (``ig-re-ja``)."""

_ALIKE: Final = str.maketrans(
    "аеорсухіјѕкмтнвԁɡԛԝьαεορικντυχηβ" + "ıłøđħŧðþ",
    "aeopcyxijskmthbdgqwbaeopikvtuxnb" + "ilodhtdp",
)
"""Cyrillic, Greek and other letters that are drawn like Latin ones."""
_SAME: Final = str.maketrans("0134567829@$!|€lyzkjv", "oieasgtbsgasiieiisciu")
"""Letters, digits and signs that are read as one another; ``j`` is written ``i`` in Latin."""
_TOKEN: Final = re.compile(r"[a-z0-9@$!|€]+")
_REPEATED: Final = re.compile(r"(.)\1+")


def suggested_surroundings(*texts: str) -> dict[str, Surroundings]:
    """Words in the id and name of a camera that suggest a sensitive place, with the place.

    A suggestion only: a street can be named after a church that is not there. It is asked about, never concluded.
    """
    found: dict[str, Surroundings] = {}
    for text in texts:
        words = list(_words(text))
        taken: set[int] = set()
        for count in range(1, _MOST_WORDS + 1):
            for begin in range(len(words) - count + 1):
                at = range(begin, begin + count)
                group = [words[number] for number in at]
                if taken.isdisjoint(at) and (place := _place_of(group)) is not None:
                    found.setdefault(" ".join(group), place)
                    taken.update(at)
    return found


def _place_of(words: list[str]) -> Surroundings | None:
    if len(words) == 1:
        return _place(words[0])
    if words[0] in _SMALL or words[-1] in _SMALL:
        return None
    if (place := _EXACT.get("".join(words))) is not None:
        return place
    joined = _folded("".join(word for word in words if word not in _SMALL))
    return _FOLDED.get(joined) if len(joined) >= _LEAST_FOLDED else None


def _place(word: str) -> Surroundings | None:
    if word in _EXACT:
        return _EXACT[word]
    if word.endswith("s") and word[:-1] in _EXACT:
        return _EXACT[word[:-1]]
    letters = re.sub(r"[^a-z]", "", word)
    for form in dict.fromkeys((_folded(word), _folded(word.strip("0123456789")), _folded(letters))):
        if len(form) < _LEAST_FOLDED or not letters:
            continue
        if (place := _FOLDED.get(form)) is not None:
            return place
        for beginning, at in _FOLDED_PREFIXES.items():
            if form.startswith(beginning):
                return at
        for known, at in _INSIDE.items():
            if known in form:
                return at
    return _EXACT.get(letters) if word.strip("0123456789") == letters else None


def _words(text: str) -> Iterator[str]:
    """Words in lower case and plain letters; signs stand for their names, single letters in a row for a word."""
    named = "".join(f" {unicodedata.name(sign, '')} " if unicodedata.category(sign) == "So" else sign for sign in text)
    plain = unicodedata.normalize("NFKD", named).casefold().translate(_ALIKE)
    plain = "".join(sign for sign in plain if unicodedata.category(sign) not in {"Mn", "Cf"})
    fragments: list[str] = []
    for word in [*_TOKEN.findall(plain), ""]:
        if len(word) == 1 and not word.isdigit():
            fragments.append(word)
            continue
        if len(fragments) > 1:
            yield _initials("".join(fragments))
        else:
            yield from fragments
        fragments.clear()
        if word:
            yield word
    yield from _put_together(_TOKEN.findall(plain))


def _initials(letters: str) -> str:
    return f"{letters}." if letters in _INITIALS else letters


def _put_together(words: list[str]) -> Iterator[str]:
    """Each run of short words as one: a word that is taken to pieces."""
    run: list[str] = []
    for word in [*words, "-" * 9]:
        if len(word) <= _FRAGMENT:
            run.append(word)
            continue
        if len(run) > 2 and any(len(part) > 1 for part in run):
            yield "".join(run)
        run.clear()


def _folded(word: str) -> str:
    """A word as it is read: one sign for those that resemble one another, none twice in a row."""
    written = _REPEATED.sub(r"\1", word).replace("rn", "m").replace("vv", "w").replace("ph", "f")
    return written.translate(_SAME)


def _joined(entry: str) -> tuple[str, str]:
    parts = entry.split("-")
    return "".join(parts), "".join(part for part in parts if part not in _SMALL)


_EXACT: Final = {form: place for place, words in _WORDS.items() for word in words.split() for form in _joined(word)} | {
    f"{letters}.": place for letters, place in _INITIALS.items()
}
_FOLDED: Final = {_folded(word): place for word, place in _EXACT.items() if len(_folded(word)) >= _LEAST_FOLDED}
_FOLDED_PREFIXES: Final = {_folded(one): place for place, words in _PREFIXES.items() for one in words.split()}
_INSIDE: Final = {_folded(word): place for word, place in _EXACT.items() if len(_folded(word)) >= _LEAST_INSIDE}
