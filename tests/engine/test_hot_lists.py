"""A run reads hot-lists again when they change, and says when it cannot check them; hits are in the audit first."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.load import parse_config
from pipeline.domain.events import AlertEvent, Event
from pipeline.engine.hot_lists import TRUSTED_S, HotLists
from pipeline.governance.hot_list_register import HotListRegister
from pipeline.policy.gate import Gate
from tests.engine.registered import AuditSpy
from tests.governance.entries import StoppedClock
from tests.governance.test_hot_list_register import entry, made
from tests.hotlists.test_list_watch import voted


class Installation:
    """A data folder, its register of hot-lists, and a run that watches one camera."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "data" / "viapublica-register" / "register.db"
        self.clock = StoppedClock()
        self.audit = AuditSpy()
        text = "cameras: [{id: cam-1, source: 'rtsp://10.0.0.7/1', scope: public-road}]\n"
        config = parse_config(text, folder / "city.yaml")
        of_config = HotLists.of_config(config, self.audit, "viapublica")
        self.lists = HotLists(of_config._where, config.hotlists, self.audit, "viapublica", self.clock)
        self.lists.refresh()
        self.watch = self.lists.watch("cam-1", "12", live=True)

    def enter(self, *plates: str) -> None:
        with HotListRegister(self.path, self.clock) as register:
            made(register, *(entry(self.clock, plate) for plate in plates))

    def end(self, *numbers: int) -> None:
        with HotListRegister(self.path, self.clock) as register:
            register.end(numbers, "localizado", "ana", lambda _: None)

    def read(self, plate: str, seconds: float = 2) -> list[Event]:
        """Alerts about a read, after the lists were read again as they are every two seconds."""
        self.clock.sleep(seconds)
        self.lists.refresh()
        return list(self.watch.check(voted(plate, self.clock.now_ms)))

    def news(self) -> list[tuple[str, str, str]]:
        found = [one for one in self.lists.events() if isinstance(one, AlertEvent) and one.rule != "listed-plate"]
        return [(one.rule, one.severity, one.detail) for one in found]


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def test_changes_of_another_process_count_at_the_next_read(installation: Installation) -> None:
    assert installation.read("ABC1C34") == []
    assert (installation.lists.problem, installation.news()) == ("", []), "no register is no failure"
    installation.enter("ABC1234")
    (alert,) = installation.read("ABC1C34")
    assert isinstance(alert, AlertEvent)
    (record,) = installation.audit.entries
    assert (record.operation, record.cameras, record.plates) == ("plate-list", ("cam-1",), ("ABC1234",))
    assert record.details["action"] == "hit"
    assert (record.details["entry"], record.system_user) == (1, "viapublica")
    installation.enter("XYZ9Z99")
    assert len(installation.read("XYZ9Z99")) == 1
    installation.end(1)
    assert installation.read("ABC1C34", seconds=3600) == []


def test_passages_of_live_cameras_are_one_incident_until_no_one_has_read_the_plate_for_an_hour(
    installation: Installation,
) -> None:
    installation.enter("ABC1C34")
    (first,) = installation.read("ABC1C34")
    other = installation.lists.watch("cam-2", "5", live=True)
    (second,) = other.check(voted("ABC1C34", installation.clock.now_ms + 60_000))
    recorded = installation.lists.watch("cam-3", "6", live=False)
    (third,) = recorded.check(voted("ABC1C34", installation.clock.now_ms))
    assert isinstance(first, AlertEvent)
    assert isinstance(second, AlertEvent)
    assert isinstance(third, AlertEvent)
    assert (first.incident, second.phase, second.subject) == (second.incident, "updated", "cam-1")
    assert (third.incident == first.incident, third.phase) == (False, "begun")
    assert installation.lists.events() == []
    installation.clock.sleep(3600 + 60)
    (ended,) = [one for one in installation.lists.events() if isinstance(one, AlertEvent) and one.phase]
    assert (ended.incident, ended.phase, ended.camera_id) == (first.incident, "ended", "cam-2")
    assert installation.lists.close() == []


def test_an_entry_that_ends_by_itself_is_not_alerted_any_more(installation: Installation) -> None:
    installation.enter("ABC1C34")
    assert len(installation.read("ABC1C34")) == 1
    assert len(installation.read("ABC1C34", seconds=9 * 86_400)) == 1
    assert installation.read("ABC1C34", seconds=86_400) == []


def test_lists_that_cannot_be_read_are_said_not_to_be_checked(installation: Installation) -> None:
    installation.enter("ABC1C34")
    assert len(installation.read("ABC1C34")) == 1
    aside = installation.path.rename(installation.path.with_suffix(".aside"))
    assert len(installation.read("ABC1C34", seconds=TRUSTED_S / 2)) == 0
    assert (installation.lists.problem, installation.news()) == ("", [])
    assert installation.read("ABC1C34", seconds=3600) == []
    words = "the register of hot-lists cannot be read"
    assert installation.lists.problem == words
    assert installation.news() == [("hot-lists-not-checked", "critical", words)]
    assert installation.news() == [], "once"
    aside.rename(installation.path)
    assert len(installation.read("ABC1C34")) == 1
    assert installation.news() == [("hot-lists-checked", "info", "")]


def test_a_register_that_is_damaged_at_the_start_is_said(installation: Installation, tmp_path: Path) -> None:
    installation.path.parent.mkdir(parents=True)
    installation.path.write_bytes(b"no database" * 1000)
    later = Installation(tmp_path)
    assert [rule for rule, _, _ in later.news()] == ["hot-lists-not-checked"]


def test_a_watch_that_hangs_is_said(installation: Installation) -> None:
    installation.enter("ABC1C34")
    installation.clock.sleep(TRUSTED_S)
    assert installation.watch.check(voted("ABC1C34", installation.clock.now_ms)) == []
    assert [rule for rule, _, _ in installation.news()] == ["hot-lists-not-checked"]


def test_a_hit_that_the_audit_does_not_take_is_withheld_and_said_and_recorded_later(
    installation: Installation,
) -> None:
    installation.enter("ABC1C34")
    installation.audit.away = True
    assert installation.read("ABC1C34") == []
    assert [rule for rule, _, _ in installation.news()] == ["hot-lists-not-checked"]
    installation.audit.away = False
    assert len(installation.read("ABC1C34")) == 1, "while the vehicle is in view"
    assert [entry.outcome for entry in installation.audit.entries] == ["failed", "allowed"]
    assert [rule for rule, _, _ in installation.news()] == ["hot-lists-checked"]


def test_no_hit_is_recorded_of_a_camera_that_may_not_read_plates_now(installation: Installation) -> None:
    installation.enter("ABC1C34")
    installation.lists.forbid_where(lambda camera_id: "shows a square" if camera_id == "cam-1" else "")
    assert installation.read("ABC1C34") == []
    assert installation.audit.entries == []


def test_alerts_about_lists_pass_the_gate_with_all_their_words(installation: Installation) -> None:
    installation.enter("ABC1C34")
    installation.audit.away = True
    installation.read("ABC1C34")
    (alert,) = installation.lists.events()
    assert Gate({}).admit(alert) == alert
    assert "…" not in getattr(alert, "detail", "…")


def test_plates_that_match_nothing_are_in_no_file(installation: Installation, tmp_path: Path) -> None:
    installation.enter("ABC1C34")
    for number in range(50):
        assert installation.read(f"QRS4T{number:02d}") == []
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"QRS4T" not in path.read_bytes(), path
