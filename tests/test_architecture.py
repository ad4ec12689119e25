"""Imports run one way, heavy libraries wait, the tree keeps its shape, and names say what they name."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter

import pytest

from crawler.items import NEWSPAPERS
from tests.architecture import (
    PACKAGES,
    ROOT,
    at_module_level,
    bare_share,
    circles,
    functions,
    imported,
    module_imports,
    modules,
    order,
    parameters,
    room_of,
    rooms,
    verbs,
)

#: Who waits by the clock for a condition; all other tests call it.
WAITING = "tests/waiting.py"

HEAVY = {
    *("torch", "tensorflow", "tensorflow_hub", "transformers", "litgpt", "ray", "lightning", "datasets", "sklearn"),
    *("peft", "trl", "bitsandbytes", "detoxify", "sentence_transformers", "matplotlib", "lingua", "trafilatura"),
}


def root_of(name: str) -> str:
    return name.partition(".")[0]


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_imports_tests_demo_or_benchmarks(package: str) -> None:
    for name, tree in modules(package).items():
        bad = {root_of(target) for target in imported(tree)} & {"tests", "demo", "benchmarks"}
        assert not bad, f"{name} imports {bad}"


def test_train_stands_alone() -> None:
    for name, tree in modules("train").items():
        assert not {root_of(target) for target in imported(tree)} & {"crawler", "synth"}, name


def test_the_crawler_does_not_know_what_comes_after_it() -> None:
    for name, tree in modules("crawler").items():
        assert not {root_of(target) for target in imported(tree)} & {"synth", "train"}, name


def test_synth_knows_of_the_crawler_only_the_record_the_store_and_the_language_of_a_text() -> None:
    allowed = {"crawler", "crawler.items", "crawler.language", "crawler.mongo"}
    for name, tree in modules("synth").items():
        for target in imported(tree):
            if root_of(target) == "crawler":
                assert target in allowed or target.rpartition(".")[0] in allowed - {"crawler"}, f"{name}: {target}"


def test_spiders_import_pages_and_pages_import_items() -> None:
    for name, tree in modules("crawler").items():
        targets = set(at_module_level(tree))
        if name in ("crawler.items", "crawler.newspapers", "crawler.dates", "crawler.language"):
            rooms_below = {room_of(target) for target in targets if target.startswith("crawler.")}
            assert rooms_below <= {"newspapers", "dates", "language", "wire_copy"}, name
        if name == "crawler.page":
            assert not {target for target in targets if target.startswith("crawler.spiders")}, name


#: Subclasses of torch's and LitGPT's classes: who imports them has work for those. No command does so for its --help.
BUILT_ON_TORCH = {
    "train.data.modules",
    "train.data.text_module",
    "train.data.batches",
    "train.styles.style",
    "train.plan.meta_models",
    "train.plan.meta_step",
}


@pytest.mark.parametrize("package", PACKAGES)
def test_heavy_libraries_are_imported_where_they_are_used(package: str) -> None:
    for name, tree in modules(package).items():
        bad = {root_of(target) for target in at_module_level(tree)} & HEAVY
        assert not bad or name in BUILT_ON_TORCH, f"{name} imports {bad} at module level"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_room_stands_on_a_floor(package: str) -> None:
    floors = order(package)
    listed = [room for floor in floors for room in floor]
    assert len(listed) == len(set(listed)), "a room stands on two floors"
    assert rooms(package) <= set(listed), f"not in ORDER: {rooms(package) - set(listed)}"
    for floor in floors:
        assert not verbs(package) & set(floor) or set(floor) <= verbs(package), "verbs have a floor of their own"


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_run_down(package: str) -> None:
    """In functions as well; rooms of one floor, all verbs among them, do not know each other."""
    floor_of = {room: number for number, floor in enumerate(order(package)) for room in floor}
    upward = {
        (importer, room_of(target))
        for importer, target in module_imports(package)
        if "__init__" not in (room_of(importer), room_of(target)) and room_of(importer) != room_of(target)
        and floor_of[room_of(importer)] >= floor_of[room_of(target)]
    }  # fmt: skip
    assert not upward


@pytest.mark.parametrize("package", PACKAGES)
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    assert circles(module_imports(package)) == []


@pytest.mark.parametrize("package", [*PACKAGES, "demo"])
def test_modules_and_folders_can_be_seen_at_a_glance(package: str) -> None:
    paths = list((ROOT / package).rglob("*.py"))
    lines = {path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in paths}
    long = {f"{name}: {count} lines" for name, count in lines.items() if count > 450}
    assert not long
    folders = Counter(path.parent for path in paths if path.name != "__init__.py")
    assert not {f"{folder}: {count} modules" for folder, count in folders.items() if count > 15}


def test_test_files_can_be_seen_at_a_glance() -> None:
    paths = [path for path in (ROOT / "tests").rglob("*.py") if len(path.read_text("utf-8").splitlines()) > 400]
    assert paths == []


@pytest.mark.parametrize("package", PACKAGES)
def test_functions_take_eight_parameters_at_most(package: str) -> None:
    many = {(name, function.name) for name, function in functions(package) if parameters(function) > 8}
    assert not many


@pytest.mark.parametrize("package", PACKAGES)
def test_names_say_what_they_name(package: str) -> None:
    assert bare_share(package) <= 0.5


def test_tests_wait_for_conditions_and_not_by_the_clock() -> None:
    texts = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py")}
    call = "time" + ".sleep("
    sleeps = {name: text.count(call) for name, text in texts.items() if call in text and name != WAITING}
    assert not sleeps


def test_no_pattern_repeats_a_group_possessively() -> None:
    """Python 3.11.0 to 3.11.4, which Debian 12 has, match such a group wrongly: "(?>(?:…)*)" is the same and right."""
    possessive = re.compile(r"\)(?:[*+?]|\{\d*,?\d*\})\+")
    paths = [path for package in (*PACKAGES, "demo") for path in (ROOT / package).rglob("*.py")]
    lines = {
        f"{path.relative_to(ROOT).as_posix()}: {line.strip()}"
        for path in paths
        for line in path.read_text("utf-8").splitlines()
        if possessive.search(line) and not line.lstrip().startswith("#")
    }
    assert not lines


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
