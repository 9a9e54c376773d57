"""Decisions on a whole product of requests, from each rule's answers to the few requests that it distinguishes.

A product of 446 million requests is neither built nor asked. What makes the comparison whole:

1. Cedar allows what a permit applies to and no forbid does, each policy by itself; the table of the law forbids what
   a prohibition meets. So each rule is asked by itself, and the answers are combined.
2. A rule distinguishes requests by the facts it reads. Those of a policy are in its syntax tree. Those of a prohibition
   are recorded while it runs: it is asked about one request of each class of equal facts, and again with more facts if
   it read another one, until it reads no other in any class. Two requests of one class take the same way through it.
3. Each axis of the product changes facts of its own, which is checked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property, reduce
from importlib.resources import files
from typing import Any, Final, Protocol, TypeAlias

import cedarpy
import numpy as np

from pipeline.policy.access.facts import cedar_entities, cedar_request
from pipeline.policy.access.request import AccessRequest
from tests.policy.access.law_table import Prohibition
from tests.policy.access.request_space import Change

Facts: TypeAlias = dict[str, Any]
Place: TypeAlias = tuple[int, ...]
"""A request of the product: the number of its ordinary request, then of its change of each axis."""


class Rule(Protocol):
    """A policy or a prohibition."""

    def answer(self, request: AccessRequest) -> tuple[bool, Collection[str]]:
        """Whether it applies, and the names of all facts that it read to find out."""
        ...


@dataclass(frozen=True)
class _Fact:
    """A fact of all requests of a product.

    Attributes:
        axis: that changes it; 0: none.
        codes: number of its value, for each ordinary request and change of the axis.
        known: the numbers of its values.
    """

    axis: int
    codes: np.ndarray
    known: dict[Any, int]


class Product:
    """Ordinary requests, each with one change of every axis.

    Args:
        core: the ordinary requests; axes: the changes of each axis, of which the first one changes nothing.
        facts_of: facts of a request.
    """

    def __init__(
        self,
        core: Sequence[AccessRequest],
        axes: Sequence[Sequence[Change]],
        facts_of: Callable[[AccessRequest], Facts],
    ) -> None:
        self.core, self.axes, self.facts_of = core, axes, facts_of
        self.shape = (len(core), *map(len, axes))

    def request(self, place: Place) -> AccessRequest:
        """The request at a place."""
        changes = [axis[number] for axis, number in zip(self.axes, place[1:], strict=True)]
        return reduce(lambda request, change: change(request), changes, self.core[place[0]])

    def has_facts_of_axes(self, place: Place) -> bool:
        """Whether each fact of the request at a place is the one that its axis alone gives it."""
        facts = self.facts_of(self.request(place))
        by_axes = {
            name: fact.codes[place[0], place[fact.axis] if fact.axis else 0] for name, fact in self._facts.items()
        }
        return by_axes == {name: fact.known.get(facts.get(name)) for name, fact in self._facts.items()}

    @cached_property
    def _facts(self) -> dict[str, _Fact]:
        """Each fact with its axis.

        Raises:
            AssertionError: two axes change one.
        """
        found: dict[str, _Fact] = {}
        for axis, changes in enumerate(self.axes, start=1):
            changed = [[self.facts_of(change(request)) for change in changes] for request in self.core]
            for name in sorted({name for row in changed for facts in row for name in facts}):
                values = [[facts.get(name) for facts in row] for row in changed]
                moved = any(value != row[0] for row in values for value in row)
                assert not moved or name not in found or found[name].axis == 0, f"{name} is changed by two axes"
                if moved or name not in found:
                    known: dict[Any, int] = {}
                    codes = np.array([[known.setdefault(value, len(known)) for value in row] for row in values])
                    found[name] = _Fact(axis, codes, known) if moved else _Fact(0, codes[:, :1], known)
        return found

    def applies(self, rule: Rule) -> np.ndarray:
        """Whether a rule applies, for every request; axes that it does not depend on have length 1."""
        read: set[str] = set()
        while True:
            answers, more = self._answers(rule, read)
            if answers is not None:
                return answers
            read |= more

    def _answers(self, rule: Rule, read: set[str]) -> tuple[np.ndarray | None, set[str]]:
        """The answers if the rule reads no other facts in any class; otherwise None and what it read."""
        shape = [1] * len(self.shape)
        classes = np.zeros(shape, np.int64)
        for name in sorted(read & set(self._facts)):
            fact, spread = self._facts[name], [len(self.core), *shape[1:]]
            if fact.axis:
                spread[fact.axis] = fact.codes.shape[1]
            classes = classes * len(fact.known) + fact.codes.reshape(spread)
            classes = np.unique(classes, return_inverse=True)[1].reshape(classes.shape)
        _, first, back = np.unique(classes, return_index=True, return_inverse=True)
        answers, all_read = [], set[str]()
        for index in first:
            place = tuple(int(number) for number in np.unravel_index(index, classes.shape))
            answer, names = rule.answer(self.request(place))
            answers.append(answer)
            all_read |= set(names)
            if not all_read <= read:
                return None, all_read
        return np.array(answers)[back].reshape(classes.shape), all_read

    def any_applies(self, rules: Sequence[Rule]) -> Iterator[np.ndarray]:
        """Whether any rule applies: for each ordinary request, an array over all axes."""
        by_shape: dict[tuple[int, ...], np.ndarray] = {}
        for rule in rules:
            found = self.applies(rule)
            by_shape[found.shape] = by_shape[found.shape] | found if found.shape in by_shape else found
        for number in range(len(self.core)):
            together = np.zeros(self.shape[1:], bool)
            for found in by_shape.values():
                together |= found[number if found.shape[0] > 1 else 0]
            yield together


class CedarRule:
    """One policy of the shipped file, asked by itself."""

    def __init__(self, policy: Mapping[str, Any], schema: cedarpy.Schema) -> None:
        self.permits = policy["effect"] == "permit"
        alone = {"staticPolicies": {"one": policy}, "templates": {}, "templateLinks": []}
        self._set = cedarpy.PolicySet.from_json_str(json.dumps(alone))
        self._schema = schema
        self._read = set(_read_in(policy["conditions"]))
        self._read |= {name for name, fact in _SCOPES.items() if policy[name]["op"] != "All"}

    def answer(self, request: AccessRequest) -> tuple[bool, Collection[str]]:
        entities = cedarpy.Entities.from_json_str(json.dumps(cedar_entities(request)), self._schema)
        answer = cedarpy.is_authorized(cedar_request(request), self._set, entities, self._schema)
        assert not answer.diagnostics.errors
        return bool(answer.diagnostics.reasons), self._read


_SCOPES: Final = {"principal": "principal", "action": "action", "resource": "resource"}


def _read_in(node: Any) -> Iterator[str]:
    """Names of the facts that an expression of Cedar reads, as `cedar_facts` names them."""
    if isinstance(node, list):
        for one in node:
            yield from _read_in(one)
    elif isinstance(node, dict):
        access = node.get(".") or node.get("has")
        if name := _path(access):
            yield name
        elif "Var" in node:
            yield node["Var"]
        else:
            for one in node.values():
                yield from _read_in(one)


def _path(access: Mapping[str, Any] | None) -> str:
    """``context.state.left`` of an access to an attribute; parts of papers are their paper's; "" for other nodes."""
    if not isinstance(access, dict) or "attr" not in access:
        return ""
    left = access["left"]
    if "Var" in left:
        name = f"{left['Var']}.{access['attr']}"
        assert name != "context.state", "a state is read by its parts"
        return name
    inner = _path(left.get(".")) if left.get(".", {}).get("attr") != "state" else "context.state"
    return f"{inner}.{access['attr']}" if inner == "context.state" else inner


def cedar_rules() -> list[CedarRule]:
    """The shipped policies."""
    folder = files("pipeline.policy.access")
    text, schema = ((folder / name).read_text(encoding="utf-8") for name in ("access.cedar", "access.cedarschema"))
    policies = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"].values()
    return [CedarRule(policy, cedarpy.Schema.from_str(schema)) for policy in policies]


def cedar_facts(request: AccessRequest) -> Facts:
    """What Cedar is asked, by the paths of its language; whole papers, and single parts of the state."""
    account, target = cedar_entities(request)
    asked = cedar_request(request)
    context = dict(asked["context"])
    state = context.pop("state")
    found = {"principal": account["parents"], "action": asked["action"], "resource": target["parents"]}
    found |= {f"principal.{name}": value for name, value in account["attrs"].items()}
    found |= {f"resource.{name}": value for name, value in target["attrs"].items()}
    found |= {f"context.{name}": value for name, value in context.items()}
    found |= {f"context.state.{name}": value for name, value in state.items()}
    return {name: value if isinstance(value, (str, int)) else json.dumps(value) for name, value in found.items()}


@dataclass(frozen=True)
class LawRule:
    """A prohibition of the table of the law."""

    prohibition: Prohibition

    def answer(self, request: AccessRequest) -> tuple[bool, Collection[str]]:
        read: set[str] = set()
        watched: Any = _Watched(request, "", read)
        return self.prohibition.forbids(watched), read


_DESCENDED: Final = {"account", "account.state", "target"}


def law_facts(request: AccessRequest) -> Facts:
    """The values of a request, by the names of its attributes; whole papers, and single parts of the state."""
    return dict(_values(request, ""))


def _values(thing: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for field in fields(thing):
        name, value = f"{prefix}{field.name}", getattr(thing, field.name)
        if name in _DESCENDED:
            assert is_dataclass(value)
            yield from _values(value, f"{name}.")
        else:
            yield name, value


class _Watched:
    """A request that notes which of its values are read, also by its properties."""

    def __init__(self, thing: Any, prefix: str, read: set[str]) -> None:
        self.__dict__.update(_thing=thing, _prefix=prefix, _read=read)

    def __getattr__(self, name: str) -> Any:
        described = getattr(type(self._thing), name, None)
        if isinstance(described, property):
            assert described.fget is not None
            return described.fget(self)
        path, value = f"{self._prefix}{name}", getattr(self._thing, name)
        if path in _DESCENDED:
            return _Watched(value, f"{path}.", self._read)
        self._read.add(path)
        return value
