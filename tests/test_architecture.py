"""Imports run one way, heavy libraries wait, and the tree keeps its shape."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.items import NEWSPAPERS

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("crawler", "synth", "train")
HEAVY = {
    *("torch", "tensorflow", "tensorflow_hub", "transformers", "litgpt", "ray", "lightning", "datasets", "sklearn"),
    *("peft", "trl", "bitsandbytes", "detoxify", "sentence_transformers", "matplotlib", "lingua", "trafilatura"),
}


def modules(package: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield dotted, ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(tree: ast.AST) -> Iterator[str]:
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


def root_of(name: str) -> str:
    return name.partition(".")[0]


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_imports_tests_demo_or_benchmarks(package: str) -> None:
    for name, tree in modules(package):
        bad = {root_of(target) for target in imported(tree)} & {"tests", "demo", "benchmarks"}
        assert not bad, f"{name} imports {bad}"


def test_train_stands_alone() -> None:
    for name, tree in modules("train"):
        assert not {root_of(target) for target in imported(tree)} & {"crawler", "synth"}, name


def test_the_crawler_does_not_know_what_comes_after_it() -> None:
    for name, tree in modules("crawler"):
        assert not {root_of(target) for target in imported(tree)} & {"synth", "train"}, name


def test_synth_knows_of_the_crawler_only_the_record_and_the_store() -> None:
    allowed = {"crawler", "crawler.items", "crawler.mongo"}
    for name, tree in modules("synth"):
        for target in imported(tree):
            if root_of(target) == "crawler":
                assert target in allowed or target.rpartition(".")[0] in allowed - {"crawler"}, f"{name}: {target}"


def test_spiders_import_pages_and_pages_import_items() -> None:
    for name, tree in modules("crawler"):
        targets = set(at_module_level(tree))
        if name in ("crawler.items", "crawler.dates"):
            assert not {t for t in targets if root_of(t) == "crawler"} - {
                t for t in targets if t.startswith("crawler.dates")
            }, name
        if name == "crawler.page":
            assert not {target for target in targets if target.startswith("crawler.spiders")}, name


#: Subclasses of torch's and LitGPT's classes: who imports them has work for those. No command does so for its --help.
BUILT_ON_TORCH = {
    "train.data.modules",
    "train.data.batches",
    "train.styles",
    "train.plan.meta_models",
    "train.plan.meta_step",
}


@pytest.mark.parametrize("package", PACKAGES)
def test_heavy_libraries_are_imported_where_they_are_used(package: str) -> None:
    for name, tree in modules(package):
        bad = {root_of(target) for target in at_module_level(tree)} & HEAVY
        assert not bad or name in BUILT_ON_TORCH, f"{name} imports {bad} at module level"


@pytest.mark.parametrize("package", [*PACKAGES, "demo"])
def test_modules_can_be_seen_at_a_glance(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= 550, f"{path.relative_to(ROOT)} has {lines} lines"


@pytest.mark.parametrize("command", [["-m", "synth", "--help"], ["-m", "train", "--help"]])
def test_help_imports_nothing_heavy(command: list[str]) -> None:
    """What makes help slow is what it imports: counted, because a stopwatch on a busy machine lies."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command], capture_output=True, text=True, cwd=ROOT, check=True
    )
    names = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert not names & (HEAVY | {"pymongo", "numpy", "scipy", "scrapy"})
    assert "example" in done.stdout


def test_scrapy_list_names_the_four_newspapers_without_heavy_imports() -> None:
    environment = os.environ | {"SCRAPY_SETTINGS_MODULE": "crawler.settings"}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "scrapy", "list"],
        capture_output=True, text=True, cwd=ROOT, env=environment, check=True,
    )  # fmt: skip
    assert done.stdout.split() == sorted(NEWSPAPERS)
    names = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert not names & HEAVY
