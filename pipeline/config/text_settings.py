"""A city's own words and exceptions for the screen of free texts, and the texts of a configuration that it screens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipeline.domain.sensitive_category import SensitiveCategory
from pipeline.errors import PolicyError
from pipeline.policy.person_names import same_person
from pipeline.policy.sensitive.screen import TextException, TextKind, TextScreen
from pipeline.policy.sensitive.spelling import tokens

if TYPE_CHECKING:
    from pipeline.config.settings import Config

_STRICT: Final = ConfigDict(extra="forbid", frozen=True)
Location = tuple[int | str, ...]

FREE_TEXTS: Final = {
    "institution": TextKind.BODY,
    "local_law": TextKind.BODY,
    "cameras[].id": TextKind.PLACE,
    "cameras[].name": TextKind.PLACE,
    "cameras[].owner": TextKind.BODY,
    "cameras[].areas.zones[].name": TextKind.PLACE,
    "cameras[].areas.lines[].name": TextKind.PLACE,
    "cameras[].areas.lines[].forward": TextKind.PLACE,
    "cameras[].areas.lines[].backward": TextKind.PLACE,
    "sinks[].name": TextKind.PLACE,
    "sinks[].database": TextKind.PLACE,
    "sinks[].topic_prefix": TextKind.PLACE,
    "store.database": TextKind.PLACE,
    "channels[].name": TextKind.PLACE,
    "channels[].groups[]": TextKind.PLACE,
    "channels[].owners[]": TextKind.BODY,
    "channels[].areas[]": TextKind.PLACE,
    "channels[].topic": TextKind.PLACE,
    "ingest.group": TextKind.PLACE,
    "retention.groups[].name": TextKind.PLACE,
    "server.directories[].name": TextKind.BODY,
    "server.directories[].label": TextKind.BODY,
    "server.directories[].institution": TextKind.BODY,
}
"""Keys whose texts people choose and the program stores or shows, with the kind of text. A test lists all others."""


class ExceptionSettings(BaseModel):
    """An expression that may be used although it has a word of the lists."""

    model_config = _STRICT

    text: str = Field(
        title="Expression",
        description="At least two words, such as the name of a street or a body. It is allowed as a whole only.",
        examples=["Rua dos Judeus"],
    )
    reason: str = Field(min_length=1, title="Reason", description="Why it reveals nothing about a person.")
    by: str = Field(min_length=1, title="Requested by", description="Person who asks for the exception.")
    confirmed_by: str = Field(min_length=1, title="Confirmed by", description="Another person, who confirms it.")

    @model_validator(mode="after")
    def _two_words_and_two_persons(self) -> Self:
        if len(tokens(self.text)) < 2:
            raise ValueError("text needs two words or more: a word of the lists cannot be allowed by itself")
        if same_person(self.by, self.confirmed_by):
            raise ValueError("by and confirmed_by can be one person; another person confirms")
        return self


class TextSettings(BaseModel):
    """Additions to the lists that free texts are screened with (LGPD art. 5 II, decree 18.743/2014 art. 12)."""

    model_config = _STRICT

    words: dict[SensitiveCategory, tuple[str, ...]] = Field(
        default_factory=dict,
        title="Further words",
        description="Words about people by category, in addition to those of the program, which always count.",
        examples=[{"religion-or-belief": ["irmandade local"]}],
    )
    exceptions: tuple[ExceptionSettings, ...] = Field(
        default=(),
        title="Exceptions",
        description="Names that only read like a sensitive category, each with a reason and two persons.",
    )

    def screen(self) -> TextScreen:
        """The screen with these additions."""
        words = {word: category for category, listed in self.words.items() for word in listed}
        return TextScreen(
            words, [TextException(one.text, one.reason, one.by, one.confirmed_by) for one in self.exceptions]
        )


def refused_texts(config: Config) -> Iterator[tuple[Location, PolicyError]]:
    """The texts of a configuration that say something sensitive about people, each with its place and the reason."""
    screen = config.sensitive_texts.screen()
    for key, kind in FREE_TEXTS.items():
        for location, text in _texts(config, key.split("."), ()):
            try:
                screen.check(key, text, kind)
            except PolicyError as error:
                yield location, error


def _texts(node: object, keys: list[str], location: Location) -> Iterator[tuple[Location, str]]:
    if not keys:
        if isinstance(node, str):
            yield location, node
        return
    name = keys[0].removesuffix("[]")
    value = getattr(node, name, None)
    if keys[0].endswith("[]"):
        for number, item in enumerate(value or ()):
            yield from _texts(item, keys[1:], (*location, name, number))
    elif value is not None:
        yield from _texts(value, keys[1:], (*location, name))
