"""Every door that takes free text refuses one that says something sensitive about people, and gives the reason."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from pipeline.anonymize.signing_certificate import create_signing_identity
from pipeline.app.anonymize.anonymize_file import AnonymizeRequest, anonymize_file
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.export_dataset import DatasetRequest, export_dataset
from pipeline.app.holds import hold_time
from pipeline.app.queries import open_queries
from pipeline.app.screened_texts import check_listed, screen_of
from pipeline.config.load import parse_config
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.erasure import ErasureRequest
from pipeline.domain.event_compatibility import UnknownFields, read_event
from pipeline.domain.events import Event, encode
from pipeline.domain.plate_list import read_plate_list
from pipeline.domain.redaction import OverlayText
from pipeline.domain.requester import Requester
from pipeline.errors import PolicyError, ViapublicaError
from pipeline.governance.erasure_register import ErasureRegister
from pipeline.governance.register import Register
from pipeline.policy.gate import Gate, Refusal
from pipeline.policy.labels import check_labels
from pipeline.policy.sensitive.screen import TextKind
from tests.event_samples import alert, count, health, plate_read, track
from tests.governance.entries import REGION, approved, built_file, request
from tests.policy.sensitive.smuggled_texts import attempts

_CONFIG = {"cameras": [{"id": "av-brasil", "source": "rtsp://10.0.0.7/x", "scope": "public-road"}]}
Door = Callable[[str], object]


def _config(**values: str) -> object:
    name = {"name": values.pop("camera")} if "camera" in values else {}
    plain = {**_CONFIG, **values, "cameras": [{**_CONFIG["cameras"][0], **name}]}
    return parse_config(json.dumps(plain, ensure_ascii=False), Path("city.yaml"), {})


def _dataset(folder: Path, text: str) -> object:
    config = parse_config(json.dumps(_CONFIG), folder / "city.yaml", {})
    wanted = DatasetRequest(folder / "out", 0, 1, (), "CC-BY-4.0", text, 5, as_csv=True)
    return export_dataset(config, wanted, Requester.of_process(), lambda _done, _all: None)


def _listed(folder: Path, heading: str, cell: str) -> None:
    content = f'placa;"{heading}"\nABC1D23;"{cell}"\n'
    check_listed(read_plate_list(content.encode(), "wanted.csv"), "wanted.csv", ConfiguredStores.of_data_dir(folder))


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[TextKind, Mapping[str, Door]]]:
    """The doors for each kind of text."""
    folder = tmp_path_factory.mktemp("doors")
    stores = ConfiguredStores.of_data_dir(folder)
    with ExitStack() as stack:
        register = stack.enter_context(Register(folder / "register.db"))
        erasures = stack.enter_context(ErasureRegister(folder / "register.db"))
        decided = approved(register, folder).number
        register.built(decided, built_file(), "Ana Souza")
        asked, erasure = request(), ErasureRequest("Ana Souza", camera_ids=("av-brasil",))
        yield {
            TextKind.PLACE: {
                "camera's name": lambda text: _config(camera=text),
                "overlay's place": lambda text: anonymize_file(
                    AnonymizeRequest(folder / "none.png", text=OverlayText(place=text)),
                    None,  # type: ignore[arg-type]
                ),
                "requested overlay": lambda text: register.request(replace(asked, overlay=OverlayText(place=text))),
            },
            TextKind.BODY: {
                "institution": lambda text: _config(institution=text),
                "recipient": lambda text: register.request(replace(asked, recipient=text)),
                "certificate": lambda text: create_signing_identity(text, folder / "certificate"),
            },
            TextKind.REASON: {
                "purpose": lambda text: register.request(replace(asked, purpose=text)),
                "document": lambda text: register.request(replace(asked, recipient_document=text)),
                "reasons of a refusal": lambda text: register.refuse(decided, "Beatriz Lima", text),
                "reason of another file": lambda text: register.built(
                    decided, built_file("c" * 64), "Ana Souza", rebuild=text
                ),
                "reason of an exemption": lambda text: register.request_exemption(decided, REGION, text, "Ana Souza"),
                "reason of an erasure": lambda text: erasures.begin(replace(erasure, reason=text)),
                "grounds": lambda text: erasures.refuse(erasure, text),
                "hold": lambda text: hold_time(stores, "av-brasil", 0, 1, reason=text, by="Ana Souza"),
                "title": lambda text: _dataset(folder, text),
                "purpose of a query": lambda text: open_queries(stores, Requester(user="ana", purpose=text)),
                "case of a query": lambda text: open_queries(stores, Requester(user="ana", case=text)),
            },
            TextKind.NOTE: {"cell of a list": lambda text: _listed(folder, "nota", text)},
            TextKind.KEY: {
                "heading of a list": lambda text: _listed(folder, text, "12"),
                "label of a model": lambda text: check_labels("own", ["car", text]),
            },
        }


def test_a_thousand_attempts_are_stopped_at_the_doors(doors: Mapping[TextKind, Mapping[str, Door]]) -> None:
    tried: dict[str, int] = {}
    for number, one in enumerate(attempts()):
        of_kind = list(doors[one.kind].items())
        name, door = of_kind[number % len(of_kind)]
        with pytest.raises(ViapublicaError) as refused:
            door(one.text)
        assert refused.value.problem, (name, one)
        reasons = ("LGPD art. 5 II", "Latin letters", "invisible character", "allow-list")
        assert any(reason in str(refused.value) for reason in reasons), (name, str(refused.value))
        tried[name] = tried.get(name, 0) + 1
    assert set(tried) == {name for of_kind in doors.values() for name in of_kind}
    assert sum(tried.values()) == 1000


def test_the_doors_let_honest_texts_pass(doors: Mapping[TextKind, Mapping[str, Door]], tmp_path: Path) -> None:
    assert _config(camera="Igreja Matriz", institution="Secretaria Municipal de Saúde")
    assert doors[TextKind.REASON]["purpose"]("furto em frente ao Hospital Conceição, inquérito 12/2026")
    assert doors[TextKind.BODY]["recipient"]("Sindicato dos Rodoviários")
    _listed(tmp_path, "proprietário", "José Preto")
    _listed(tmp_path, "observação", "Gol preto, farol queimado")


_EVENTS: tuple[Event, ...] = (plate_read(1), track(1), count(1), alert(1), health(1))


def test_no_event_carries_such_a_text_in_any_field() -> None:
    gate = Gate({"cam-1": Camera("cam-1", Scope.PUBLIC_ROAD)})
    for event in _EVENTS:
        for field in msgspec.structs.fields(type(event)):
            if not isinstance(getattr(event, field.name), str):
                continue
            for word in ("evangelico", "motorista negro", "soropositivo"):
                changed = msgspec.structs.replace(event, **{field.name: word})
                try:
                    admitted = gate.admit(read_event(encode(changed)).event)
                except msgspec.ValidationError:
                    continue
                stored = "" if isinstance(admitted, Refusal) and admitted.event is None else repr(admitted)
                assert word not in stored, (type(event).__name__, field.name)


def test_no_further_field_of_a_message_is_stored() -> None:
    for event in _EVENTS:
        plain = json.loads(encode(event))
        message = json.dumps({**plain, "religion": "evangelico", "note": "motorista negro"}).encode()
        try:
            read = read_event(message)
        except (msgspec.MsgspecError, UnknownFields):
            continue
        assert "evangelico" not in repr(read)
        assert "negro" not in repr(read)


CITY = """
cameras:
  - {id: a, source: "rtsp://10.0.0.7/x", scope: public-road, name: NAME}
sensitive_texts:
  words:
    religion-or-belief: [jurema sagrada]
  exceptions:
    - {text: Bloco dos Ateus, reason: carnival group, by: Ana Souza, confirmed_by: Beatriz Lima}
"""


def test_a_city_adds_words_and_exceptions_of_two_persons(tmp_path: Path) -> None:
    path = tmp_path / "city.yaml"
    path.write_text(CITY.replace("NAME", "Bloco dos Ateus"))
    screen = screen_of(path)
    screen.check("title", "desvio para o Bloco dos Ateus", TextKind.REASON)
    for text in ("motorista da Jurema Sagrada", "dono ateu", "Bloco dos Ateus e evangélicos", "evangélico"):
        with pytest.raises(PolicyError):
            screen.check("title", text, TextKind.REASON)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("text: Bloco dos Ateus", "text: ateus", "two words or more"),
        ("confirmed_by: Beatriz Lima", "confirmed_by: A. Souza", "another person confirms"),
        ("reason: carnival group", 'reason: ""', "at least 1 character"),
        ("religion-or-belief", "religion", "religion-or-belief"),
        ("NAME", "Encontro dos Evangélicos", "religion or belief"),
    ],
)
def test_an_exception_needs_a_name_a_reason_and_two_persons(old: str, new: str, problem: str) -> None:
    with pytest.raises(ViapublicaError, match=problem):
        parse_config(CITY.replace(old, new).replace("NAME", "Centro"), Path("city.yaml"), {})
