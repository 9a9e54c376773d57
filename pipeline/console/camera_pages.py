"""Pages of one camera: address with test, registration, approval, and the reload of the run."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from starlette.responses import Response

from pipeline.app.access.own_operations import require_own
from pipeline.app.cameras.camera_administration import CameraAdministration
from pipeline.app.cameras.camera_administration import NewCamera as NewRegistration
from pipeline.app.cameras.camera_onboarding import CameraOnboarding, NewCamera, allows_plates
from pipeline.console.camera_steps import steps_of
from pipeline.console.catalogues import source
from pipeline.console.pages import gone_to, section_page
from pipeline.console.registry_visits import CameraRoute, VisitOfPeople, administration_of, period_of
from pipeline.console.sections import PEOPLE
from pipeline.console.visits import Visit, opened_for
from pipeline.domain.camera import Scope, Surroundings
from pipeline.domain.camera_registration import OwnerKind
from pipeline.domain.credentials import redact_address
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.errors import ConfigError
from pipeline.http_api.problems import InvalidRequest

router = APIRouter(route_class=CameraRoute, include_in_schema=False, prefix=f"{PEOPLE.path}/cameras")
CameraOf = Annotated[str, Path(max_length=200)]
SCOPES: Final = {
    Scope.PUBLIC_ROAD: source("via pública: lê placas"),
    Scope.CAR_PARK_ENTRANCE: source("entrada de estacionamento: lê placas"),
    Scope.PUBLIC_SQUARE: source("praça: só conta"),
}
SURROUNDINGS: Final = {
    Surroundings.TEMPLE: source("templo"),
    Surroundings.CLINIC: source("clínica ou hospital"),
    Surroundings.UNION_HALL: source("sindicato"),
    Surroundings.PARTY_OFFICE: source("sede de partido"),
    Surroundings.SCHOOL: source("escola ou creche"),
    Surroundings.SHELTER: source("abrigo"),
    Surroundings.COMMUNITY_CENTER: source("centro comunitário"),
}
OWNERS: Final = {
    OwnerKind.PUBLIC: source("órgão público"),
    OwnerKind.FIRM: source("empresa"),
    OwnerKind.RESIDENT: source("morador"),
}


def onboarding_of(visit: Visit) -> CameraOnboarding:
    """The cameras of the server's configuration."""
    found = visit.request.app.state.cameras
    assert isinstance(found, CameraOnboarding)  # noqa: S101 - set by `add_console`
    return found


@router.get("/new")
def new(visit: VisitOfPeople) -> Response:
    """The form of a camera's address."""
    require_own(visit.caller.registry, (Operation.CONFIGURATION,))
    values: dict[str, Any] = {
        "form": visit.form,
        "scopes": SCOPES,
        "surroundings": SURROUNDINGS,
        "has_config": onboarding_of(visit).config is not None,
    }
    return section_page("camera_new.html", visit, PEOPLE.name, **values)


@router.post("/new")
def add(visit: VisitOfPeople) -> Response:
    """Test the stream of a camera, and add it to the configuration."""
    require_own(visit.caller.registry, (Operation.CONFIGURATION,))
    form = visit.form
    camera = NewCamera(
        id=form.text("camera"),
        name=form.text("name"),
        source=form.text("address"),
        scope=_scope(visit),
        user=form.text("user") or None,
        surroundings=tuple(one for one in Surroundings if one.value in form.chosen("surroundings")),
        latitude=_degrees(visit, "latitude"),
        longitude=_degrees(visit, "longitude"),
    )
    password = visit.form.fields.get("password", [""])[0]
    onboarding_of(visit).add(opened_for(visit, Purpose.ADMINISTRATION.value), camera, password)
    return gone_to(visit.request, address_of(camera.id))


@router.get("/{camera}")
def one(visit: VisitOfPeople, camera: CameraOf) -> Response:
    """A camera, and what is next before it runs."""
    onboarding = onboarding_of(visit)
    registered = next(
        (one for one in CameraAdministration(visit.caller.registry).cameras() if one.camera_id == camera), None
    )
    configured = onboarding.camera(camera) if camera in onboarding.ids() else None
    if registered is None and (configured is None or not visit.caller.person.central):
        raise ConfigError(f"camera {camera}", "is not registered", "See the list of cameras")
    values: dict[str, Any] = {
        "camera": camera,
        "base": address_of(camera),
        "configured": configured,
        "registered": registered,
        "steps": steps_of(configured, registered),
        "address": "" if configured is None else redact_address(configured.source),
        "scopes": SCOPES,
        "owners": OWNERS,
        "reads_plates": configured is not None and allows_plates(configured.scope),
        "own_body": _own_body(visit),
        "stopped": None if registered is None else registered.stopped_by(visit.service.now_ms),
    }
    return section_page("camera.html", visit, PEOPLE.name, **values)


@router.post("/{camera}/registration")
def register(visit: VisitOfPeople, camera: CameraOf) -> Response:
    """Register a camera of the configuration."""
    form, configured = visit.form, onboarding_of(visit).camera(camera)
    owner = form.choice("owner_kind", OwnerKind, "owner")
    person = visit.caller.person
    wanted = NewRegistration(
        camera_id=camera,
        institution=person.institution,
        sector=person.sector,
        owner_kind=owner,
        owner=form.text("owner"),
        scope=configured.scope,
        location=form.text("location"),
        project=form.text("project"),
        agreement=form.text("agreement"),
        agreement_validity=period_of(visit) if form.text("agreement") else None,
        latitude=configured.latitude,
        longitude=configured.longitude,
        plates_by=form.text("plates_by"),
        lent=bool(form.text("lent")),
    )
    CameraAdministration(visit.caller.registry).register(wanted)
    return gone_to(visit.request, address_of(camera))


@router.post("/{camera}/approval")
def approve(visit: VisitOfPeople, camera: CameraOf) -> Response:
    """Approve the installation project of a camera that another person registered."""
    CameraAdministration(visit.caller.registry).approve(camera)
    return gone_to(visit.request, address_of(camera))


@router.post("/{camera}/reload")
def reload_run(visit: VisitOfPeople, camera: CameraOf) -> Response:
    """Let the run of the cameras read the configuration."""
    require_own(visit.caller.registry, (Operation.CONFIGURATION,))
    onboarding_of(visit).reload_run(opened_for(visit, Purpose.ADMINISTRATION.value))
    return gone_to(visit.request, address_of(camera))


def address_of(camera: str) -> str:
    """The page of a camera."""
    return f"{router.prefix}/{camera}"


def _own_body(visit: Visit) -> str:
    """The name of the person's institution, which owns most of its cameras."""
    institution = visit.caller.person.institution
    bodies = administration_of(visit).institutions()
    return next((body.name for body, _ in bodies if body.institution_id == institution), "")


def _scope(visit: Visit) -> Scope:
    return visit.form.choice("scope", Scope)


def _degrees(visit: Visit, field: str) -> float | None:
    text = visit.form.text(field).replace(",", ".")
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise InvalidRequest(field, "is no number of degrees", "Write it like -19.92") from None
