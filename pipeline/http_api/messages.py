"""Bases of the bodies of requests and answers of the HTTP API."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class RequestBody(BaseModel):
    """A body that is sent; a field that is not described is refused, whatever it would have set."""

    model_config = ConfigDict(extra="forbid", strict=False, hide_input_in_errors=True)


class AnswerBody(BaseModel):
    """A body that is answered; only the described fields leave the server."""

    model_config = ConfigDict(extra="forbid", frozen=True)
