"""Route of the server's state, for supervisors and proxies."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from pipeline.http_api.problems import responses
from pipeline.http_api.service import Service, service_of

router = APIRouter(tags=["server"])


class Health(BaseModel):
    """State of the server."""

    status: Literal["ok"] = Field(description="The server answers, and its register can be read.")


@router.get("/health", responses=responses(HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE))
def health(service: Annotated[Service, Depends(service_of)]) -> Health:
    """Whether the server can serve: its register of people can be read. Needs no log-in and says nothing else."""
    service.check()
    return Health(status="ok")
