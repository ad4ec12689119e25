"""What the tests of the house read of the source: modules, who imports whom, floors, names."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("crawler", "synth", "train")
#: Bare participles and pronouns: they say that something was found, and not what.
BARE = set(
    "found told place one known kept said asked gone made taken given held left meant seen shown written chosen wanted "
    "got had done lost named called counted read put set_ brought met sent built drawn worked looked used needed "
    "missing again other others these those this that here there thing things stuff it them".split()
)


@functools.cache
def modules(package: str) -> dict[str, ast.Module]:
    """Dotted name -> syntax tree of every module of a package."""
    paths = sorted((ROOT / package).rglob("*.py"))
    return {dotted(path): ast.parse(path.read_text(encoding="utf-8"), str(path)) for path in paths}


def dotted(path: Path) -> str:
    """The name by which a module is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def path_of(module: str) -> Path:
    """The file of a module."""
    folder = ROOT.joinpath(*module.split("."))
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


def imported(tree: ast.AST) -> Iterator[str]:
    """What is imported anywhere in a module, in functions as well; names of a module as MODULE.NAME."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def at_module_level(tree: ast.Module) -> Iterator[str]:
    """Imports that run when the module is imported; those for type checkers do not."""
    for node in tree.body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from imported(node)


def module_imports(package: str) -> set[tuple[str, str]]:
    """(importing module, imported module) inside a package; `from a.b import c` names a.b.c where that is a module."""
    names = modules(package)
    return {(name, target) for name, tree in names.items() for target in _targets(tree, names) if target != name}


def _targets(tree: ast.Module, names: dict[str, ast.Module]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom) and node.module in names:
            full = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in names else node.module for name in full)


def order(package: str) -> list[list[str]]:
    """ORDER in the package's `__init__`: its floors from the top down, each with the rooms that stand on it."""
    for node in modules(package)[package].body:
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        if any(isinstance(target, ast.Name) and target.id == "ORDER" for target in targets):
            floors = ast.literal_eval(node.value)  # type: ignore[attr-defined]
            return [[floor] if isinstance(floor, str) else list(floor) for floor in floors]
    raise AssertionError(f"{package}/__init__.py has no ORDER")


def room_of(module: str) -> str:
    """The folder or file directly under the package."""
    return module.split(".")[1] if "." in module else "__init__"


def rooms(package: str) -> set[str]:
    """Folders with Python files and modules directly under the package."""
    return {room_of(name) for name in modules(package)} - {"__init__"}


def verbs(package: str) -> set[str]:
    """Rooms that are commands."""
    return {path.parent.name for path in (ROOT / package).glob("*/command.py")}


def circles(edges: set[tuple[str, str]]) -> list[list[str]]:
    """Sets of modules each of which reaches all others of its set."""
    following: dict[str, set[str]] = {}
    for source, target in edges:
        following.setdefault(source, set()).add(target)
    reached = {name: _reach(name, following) for name in following}
    groups = {frozenset(other for other in reached[name] if name in reached.get(other, ())) for name in reached}
    return sorted(sorted(group) for group in groups if group)


def _reach(name: str, following: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        for target in following.get(waiting.pop(), set()) - reached:
            reached.add(target)
            waiting.append(target)
    return reached


def bare_share(package: str) -> float:
    """Per cent of a package's names that are bare; as shared figures count it: stores, arguments, functions."""
    names = [name for tree in modules(package).values() for name in _names(tree)]
    return 100 * sum(name in BARE for name in names) / len(names)


def _names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def functions(package: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """(module, function) of every function and method."""
    for name, tree in modules(package).items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield name, node


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many parameters a function has beside self."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return len([argument for argument in named if argument.arg not in ("self", "cls")])
