"""A city whose console is measured: bodies with operators and cameras, alerts as a run stores them, the server.

python -m benchmarks.console_city alerts FOLDER SECONDS
python -m benchmarks.console_city server FOLDER PORT
"""

from __future__ import annotations

import getpass
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from pipeline.app.people.open_registry import open_registry
from pipeline.console.application import add_console
from pipeline.domain.account import InstitutionKind
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.camera_registration import OwnerKind
from pipeline.domain.event_identity import identified
from pipeline.domain.people import RegisteredInstitution, Sector
from pipeline.domain.requester import Requester
from pipeline.domain.role import Role
from pipeline.governance import login_secrets
from pipeline.governance.login_sessions import open_session
from pipeline.http_api.application import create_application
from pipeline.http_api.listening import ListenAddress
from pipeline.http_api.server import serve
from pipeline.http_api.service import Service
from pipeline.sink.build import build_sink
from pipeline.sink.settings import ChdbSinkSettings
from pipeline.store.event_store import open_event_store
from pipeline.store.local_endpoint import StoreServer, endpoint_path
from pipeline.store.settings import ChdbSettings
from tests.app.people.installations import Office, office
from tests.event_samples import admit_all, alert
from tests.governance.entries import StoppedClock
from tests.governance.people import activated, camera, person, year
from tests.http_api.served_city import quick_hasher

BODIES = ("guarda", "transito", "defesa", "limpeza")
CAMERAS = {f"{body}-{number}": body for number in range(4) for body in BODIES}


def make_city(folder: Path, viewers: int) -> list[str]:
    """Bodies, cameras, and a session of each viewer: the ids of these."""
    login_secrets._hasher = quick_hasher  # type: ignore[assignment]  # 200 log-ins
    city = office(folder)
    city.clock.now_ms = int(time.time() * 1000) - 3_600_000
    logins = [f"operador.{number}" for number in range(viewers)]
    with city.opened("root") as opened:
        registry = opened.registry
        for body in BODIES:
            registry.add_institution(
                RegisteredInstitution(institution_id=body, name=body.capitalize(), kind=InstitutionKind.SECURITY)
            )
            registry.add_sector(Sector(institution_id=body, sector_id="central", name="Central"))
        for name, body in CAMERAS.items():
            values: dict[str, Any] = {"institution": body, "sector": "central", "owner_kind": OwnerKind.PUBLIC}
            values |= {"owner": "Município", "agreement": "", "agreement_validity": None}
            registry.register_camera(camera(city.clock, name, **values), "ana")
            registry.approve_project(name, "bia")
        for number, login in enumerate(logins):
            body = BODIES[number % len(BODIES)]
            values = {"institution": body, "sector": "central", "document": f"matr {number}"}
            registry.register([person(city.clock, login, **values)], "root")
            registry.train(login, year(city.clock), "root")
            registry.sign_term(login, year(city.clock), "root")
            registry.grant(login, Role.OPERATOR, year(city.clock), "root")
            now_ms = city.clock.now_ms
            activated(registry, city.clock, login)
            city.clock.now_ms = now_ms
    with Session(create_engine(f"sqlite:///{city.register}")) as session:
        now_ms = int(time.time() * 1000)  # people do not log in within one second: their times of use are apart
        tokens = [
            open_session(session, login, "127.0.0.1", now_ms - number * 180_000 // viewers)[0]
            for number, login in enumerate(logins)
        ]
        session.commit()
    return tokens


def add_alerts(folder: Path, every_s: float) -> None:
    """Own the event store, as a run does, and add an alert at a time until this process is ended."""
    sink = build_sink(ChdbSinkSettings(batch_interval_s=0.2), folder / "data", admit_all)
    store = open_event_store(ChdbSettings(), folder / "data", dict)
    with closing(StoreServer(store, endpoint_path(folder / "data"))):
        for number in range(1_000_000):
            now_ms = int(time.time() * 1000)
            name = list(CAMERAS)[number % len(CAMERAS)]
            made = msgspec.structs.replace(
                alert(number, camera=name), ts_ms=now_ms, incident=f"{number:024x}", rule="wrong-way"
            )
            sink.add([identified(made)])
            sink.flush(10)
            if number == len(CAMERAS):
                print("ready", flush=True)
            if number >= len(CAMERAS):
                time.sleep(every_s)


def run_server(folder: Path, port: int) -> None:
    """The console of the city, until this process is ended."""
    city = Office(folder, StoppedClock())
    cameras = {name: Camera(camera_id=name, name=name, scope=Scope.PUBLIC_ROAD) for name in CAMERAS}
    stores = replace(city.stores, cameras=cameras)
    with (
        open_registry(city.register, stores, Requester(user=getpass.getuser())) as registry,
        closing(Service(register=city.register, registry=registry, stores=stores)) as service,
    ):
        app = add_console(create_application(service))
        serve(app, service, ListenAddress("127.0.0.1", port), None, lambda at: print(at, flush=True))


def main() -> None:
    """Run one of the two processes."""
    what, folder, value = sys.argv[1:]
    if what == "alerts":
        add_alerts(Path(folder), float(value))
    else:
        run_server(Path(folder), int(value))


if __name__ == "__main__":
    main()
