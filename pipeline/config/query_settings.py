"""Settings of searches by plate: how many an account may make."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipeline.domain.query_use import PER_DAY, PER_HOUR, QueryLimit, QueryLimits
from pipeline.domain.role import Role


class _Limit(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    per_hour: int = Field(
        default=PER_HOUR, ge=1, le=100_000, title="Per hour", description="Most searches of an account in 60 minutes."
    )
    per_day: int = Field(
        default=PER_DAY, ge=1, le=100_000, title="Per day", description="Most searches of an account in 24 hours."
    )

    def limit(self) -> QueryLimit:
        """As searches are compared with it."""
        return QueryLimit(self.per_hour, self.per_day)


class RoleLimitSettings(_Limit):
    """The limit of one role."""

    role: Role = Field(title="Role", description="In which the person acts, such as intelligence-analyst.")


class QueryLimitSettings(_Limit):
    """Most searches by plate, pattern, journey, convoy, clone or in bulk of one account, on every way to them."""

    roles: tuple[RoleLimitSettings, ...] = Field(
        default=(), title="Roles", description="Limits of roles that need others; each role once."
    )

    @model_validator(mode="after")
    def _each_role_once(self) -> Self:
        named = [one.role for one in self.roles]
        if len(set(named)) < len(named):
            raise ValueError("a role has two limits: name each once")
        return self

    def limits(self) -> QueryLimits:
        """As searches are compared with them."""
        return QueryLimits(self.limit(), {one.role: one.limit() for one in self.roles})
