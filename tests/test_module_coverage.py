"""Every module has a test file of its name in the folder that mirrors its own, or a test module says that it covers it.

`Covers a.b.*` speaks for every module of a folder of one kind, such as languages or newspapers.
"""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture import PACKAGES, ROOT, modules, path_of

#: Below so many lines an `__init__` only names what is in its folder.
TITLE_PAGE = 12


def own_test(module: str) -> bool:
    path = path_of(module)
    name = path.parent.name if path.name == "__init__.py" else path.stem
    folder = ROOT / "tests" / path.parent.relative_to(ROOT)
    return (folder / f"test_{name.strip('_')}.py").exists()


def said_to_be_covered() -> set[str]:
    """The dotted names in the docstrings of the test modules."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "tests").rglob("test_*.py"))
    names: set[str] = set()
    for tree in trees:
        names |= set(re.findall(r"\b(?:crawler|synth|train)(?:\.\w+)+(?:\.\*)?", ast.get_docstring(tree) or ""))
    return names


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_is_covered_by_a_test_that_says_so(package: str) -> None:
    said = said_to_be_covered()
    kinds = tuple(name.removesuffix("*") for name in said if name.endswith(".*"))
    with_code = {
        name
        for name in modules(package)
        if path_of(name).name != "__init__.py" or len(path_of(name).read_text("utf-8").splitlines()) >= TITLE_PAGE
    } - {package}
    assert not {name for name in with_code if not (name in said or name.startswith(kinds) or own_test(name))}


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_said_to_be_covered_exists(package: str) -> None:
    """A name in a docstring is a module, or something in one."""
    names = modules(package)
    for said in said_to_be_covered():
        if said.startswith(f"{package}."):
            assert said in names or said.removesuffix(".*").rpartition(".")[0] in names, said
