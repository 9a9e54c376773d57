"""Names that suggest a sensitive place are noticed, however they are spelled, and others are not."""

from __future__ import annotations

import pytest

from pipeline.config.camera_settings import CameraSettings
from pipeline.domain.camera import Surroundings
from pipeline.policy.scope import may_read_plates
from pipeline.policy.sensitive.places import suggested_surroundings

S = Surroundings
# Cyrillic, Greek and full-width letters, a zero-width space and pictures stand as escapes.
NAMES = {
    S.UNION_HALL: (
        "Sind. dos Bancarios | 5indicato | S.I.N.D. | sindicato3 | CUT sede | Força Sindical | trade union | "
        "workers hall | APEOESP | MST "
    ),
    S.CLINIC: (
        "C.A.P.S. AD | AA - Alcoolicos Anonimos | CVV | \U0001f3e5 | h0sp1tal | hospitaI | hosp. são joão | "
        "Hosp Municipal | C1inica | klinika | cl!nica | clinica2 | Narcóticos Anônimos | N.A. | A.A. Centro | "
        "Al-Anon | comunidade terapêutica | dependência química | Fazenda da Esperança | detox | centro de "
        "testagem | CTA | vacinação | Santa Casa | Posto de Saúde | policlínica | salud mental | methadone | "
        "needle exchange | Casa de Recuperação | Centro VIH | hospital-dia "
    ),
    S.TEMPLE: (
        "kingdom hall | igr\u0435ja | lgreja | 1greja | I.g.r.e.j.a | i-g-r-e-j-a | ig-re-ja | i g r e j a | "
        "\u0399greja | \uff29\uff27\uff32\uff25\uff2a\uff21 | igr\u200beja | IGR\u20acJA | ygreja | igrejinha "
        "| iglesia central | \u26ea centro | \U0001f54c norte | Salão do Reino | Testemunhas de Jeová | Ilê "
        "Axé | Tenda Espírita | Centro de Umbanda | casa de oração | Congregação Cristã | terre1ro | masjid | "
        "mezquita | capilla | Rua da Igreja | temp1o | ternplo | sina-goga | mosqve "
        "| sinagoga | camera_igreja_01 | cam01igreja | IgrejaMatriz | Loja Maçônica | Opus Dei | Casa de "
        "Umbanda "
    ),
    S.COMMUNITY_CENTER: (
        "LGBT casa | lgbtqia+ | Casa 1 LGBT | Parada Gay | travestis | motel | sex shop | quilombo | terra "
        "indígena | FUNAI | casa do índio | ciganos | Clube GLS "
    ),
    S.SCHOOL: ("esc0la | 3scola | escuela 5 | guardería | Jardín de Infantes | pré-escola | day care | orfanato "),
    S.PARTY_OFFICE: ("sede do PT | P.T. | PSOL | comitê de campanha | diretório do PT | Labour Party | PC do B "),
    S.SHELTER: (
        "casa do imigrante | refugiados | UNHCR | women's refuge | casa da mulher brasileira | DEAM | "
        "casa-abrigo | albergue | CREAS | centro pop | conselho tutelar | Exército da Salvação "
    ),
}
ORDINARY = (
    "Rua das Flores | Marginal Pinheiros | Posto Ipiranga | Terminal Barra Funda | Ponte Rio-Niterói | Túnel "
    "Rebouças | Viaduto do Chá | Shopping Center Norte | Rotatória Sul | Estádio do Morumbi | Mercado "
    "Municipal | Rodoviária | Aeroporto Internacional | Praia de Iracema | Rua Sete de Setembro | Av. Getúlio "
    "Vargas | Rua Capitão Souza | Rodovia dos Imigrantes | Alameda Santos | Av. Afonso Pena | Rua São Paulo | "
    "br101 | cam01 | p-05-n | km 3 a | Rua A, n. 5 | lote-7 | Rua Na. Sra. Conceição | na ponte | Assis "
    "Brasil | Av. Ipiranga | BR-116 km 270 N | Rua 24 Horas | Beira-Mar | Arena do Grêmio | portal da cidade "
    "| Trevo de acesso | balança | pedágio 2 | Rua Voluntários da Pátria | Parque Farroupilha | parking "
    "entrance | main gate | north ramp | highway 5 | 5th street | bridge toll | t-1 | entrada B | saída A | "
    "rua-xv | rua-13-de-maio | Av. Atlântica | Largo Zumbi | Rua Pelotas | Av. Bento Gonçalves | rampa C.D. | "
    "Cel. Bordini | Dr. Flores | avenida-sete | anel-viario | cruzamento 4 | semáforo 12 | Av. Monumental | "
    "Av. Ocidental | Bairro Cristal | Decoração | Av. Westminster | Convention Center | Rua Romanica | São "
    "Cristóvão | Travessia | Rua Saudades | Av. Brigadeiro Faria Lima | Rua Camões | Av. Universitária | Av. "
    "dos Estados | Refinaria | Reunião | Rua Casa Largo | Av. Comendador | Rua 2 de Julho | Rua José "
    "Bonifácio | Vila Mariana | Jardim América | Campo Limpo | Rua Cristina | Centro Histórico | Praça da Sé "
    "| Rua do Comércio | Fundamental | Av. Sapopemba | Coworking | Ginásio | Prefeitura | Câmara Municipal | "
    "Fórum | Bombeiros | Delegacia 5 | Quartel | Correios | Hotel Plaza | Restaurante | Padaria | "
    "Supermercado | Banco | Metro Sé | Estação da Luz | Corredor BRT 3 | faixa 1 | lane 2 | north-east | "
    "downtown | river side | avenue 12 | semaforo | calle mayor | avenida libertad | puente | entrada sur "
)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("clinica-hiv-aids-porta", S.CLINIC),
        ("Clínica São Lucas", S.CLINIC),
        ("CLINICA", S.CLINIC),
        ("porta do Hospital das Clínicas", S.CLINIC),
        ("UBS Vila Nova", S.CLINIC),
        ("Igreja Matriz", S.TEMPLE),
        ("rua-da-igreja-12", S.TEMPLE),
        ("portadaigreja", S.TEMPLE),
        ("mesquita", S.TEMPLE),
        ("terreiro de candomblé", S.TEMPLE),
        ("Centro Espírita", S.TEMPLE),
        ("igr3ja", S.TEMPLE),
        ("sindicato-metalurgicos", S.UNION_HALL),
        ("Sede Sindical", S.UNION_HALL),
        ("Partido X - sede", S.PARTY_OFFICE),
        ("escola municipal", S.SCHOOL),
        ("EMEF Pedro II", S.SCHOOL),
        ("creches", S.SCHOOL),
        ("synagogue gate", S.TEMPLE),
        ("abortion clinic", S.CLINIC),
    ],
)
def test_a_sensitive_place_in_a_name_is_noticed(name: str, place: Surroundings) -> None:
    assert place in suggested_surroundings(name).values()


@pytest.mark.parametrize(
    ("name", "place"), [(name.strip(), place) for place, names in NAMES.items() for name in names.split("|")]
)
def test_look_alikes_separators_abbreviations_and_other_languages_are_noticed(name: str, place: Surroundings) -> None:
    assert place in suggested_surroundings(name).values()


@pytest.mark.parametrize("name", [name.strip() for name in ORDINARY.split("|")])
def test_streets_shops_and_gates_suggest_nothing(name: str) -> None:
    assert suggested_surroundings(name) == {}


@pytest.mark.parametrize("word", ["igreja", "hospital", "sindicato", "escola", "partido", "refugiado", "quilombo"])
@pytest.mark.parametrize("between", [".", "-", "_", " ", "/", "\u200b", " . "])
def test_a_word_that_is_taken_to_pieces_is_noticed(word: str, between: str) -> None:
    assert suggested_surroundings(between.join(word))
    assert suggested_surroundings(f"cam 1 {between.join(word)} norte")
    assert suggested_surroundings(between.join(word[at : at + 2] for at in range(0, len(word), 2)))


@pytest.mark.parametrize(
    "name",
    ["av-brasil-900", "Av. Paulista, 900", "praca", "Praça 15", "rodovia BR-101 km 12", "gate", "cam-1", "a",
     "estacionamento-entrada", "portao norte", "terminal urbano", "ponte", "cutelaria", "Rua Ipanema", "estadio"],
)  # fmt: skip
def test_ordinary_names_suggest_nothing(name: str) -> None:
    assert suggested_surroundings(name) == {}


def test_the_word_of_the_name_is_named_and_no_other() -> None:
    assert suggested_surroundings("rua-xv-escola", "Rua XV de Novembro, school") == {
        "escola": S.SCHOOL,
        "school": S.SCHOOL,
    }
    assert suggested_surroundings("pronto-socorro") == {"pronto socorro": S.CLINIC}


def camera(**more: object) -> CameraSettings:
    plain = {"id": "clinica-hiv", "source": "rtsp://10.0.0.7/x", "scope": "public-road", **more}
    return CameraSettings.model_validate(plain)


def test_a_suggested_place_counts_until_surroundings_are_stated() -> None:
    assert camera().camera().surroundings == {S.CLINIC}
    assert not may_read_plates(camera().camera())
    assert may_read_plates(camera(surroundings=[]).camera())
    assert camera(surroundings=["temple"]).camera().surroundings == {S.TEMPLE}
    assert camera(id="gate", name="Sindicato").camera().surroundings == {S.UNION_HALL}
