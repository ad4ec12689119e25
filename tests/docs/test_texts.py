"""Texts name what is there: no path and no module of a former arrangement."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture import PACKAGES, ROOT, modules

KINDS = ("py", "md", "yaml", "jinja", "cfg", "toml")
FOLDERS = (*PACKAGES, "demo", "tests", "benchmarks", "docs")
PATH = re.compile(rf"(?<![\w/.-])(?:{'|'.join(FOLDERS)})/[\w/.-]+\.(?:py|jinja|md)\b")
MODULE = re.compile(rf"(?<![\w/.-])(?:{'|'.join(PACKAGES)})(?:\.[a-z_]+)+(?![\w/(])")
#: Texts about the past, and files that the tests of a room write.
PAST = {"CHANGELOG.md", "benchmarks/RESULTS.md"}
WRITTEN_BY_TESTS = re.compile(r"corriere|gazzetta|NAME|CODE|/test_(architecture_)?exceptions")

#: What Scrapy's own object of this name has.
OF_SCRAPY = {"stats", "spider", "signals", "settings", "engine", "crawl", "stop", "request_fingerprinter"}


def texts() -> Iterator[tuple[str, str]]:
    """(path, text) of what people read: documentation, comments, messages."""
    paths = [path for folder in FOLDERS for kind in KINDS for path in (ROOT / folder).rglob(f"*.{kind}")]
    for path in [*paths, *ROOT.glob("*.md"), ROOT / "setup.cfg", ROOT / "pyproject.toml", ROOT / "Makefile"]:
        name = path.relative_to(ROOT).as_posix()
        if name not in PAST and not name.startswith("tests/docs/"):
            yield name, path.read_text(encoding="utf-8")


def test_paths_in_texts_exist() -> None:
    gone = {
        f"{name}: {match}"
        for name, text in texts()
        for match in PATH.findall(text)
        if not WRITTEN_BY_TESTS.search(match) and not (ROOT / match).exists()
    }
    assert not gone


def test_modules_in_texts_exist() -> None:
    """The part after the package is a module or folder of it, or a name of its `__init__`."""
    gone = {
        f"{name}: {match}"
        for name, text in texts()
        for match in MODULE.findall(text)
        if not _is_there(match) and not WRITTEN_BY_TESTS.search(match)
    }
    assert not gone


def _is_there(dotted: str) -> bool:
    package, part, *more = dotted.split(".")
    # `train.max_norm` is a key of a recipe, `crawler.stats` an attribute of Scrapy's object of this name.
    if part.startswith("__") or (package != "synth" and (not more or part in OF_SCRAPY)):
        return True
    if f"{package}.{part}" in modules(package) or (ROOT / package / part).is_dir():
        return True
    init = Path(ROOT, package, "__init__.py").read_text(encoding="utf-8")
    return re.search(rf"\b{part}\b", init) is not None or part in ("py", "yaml", "json", "jsonl", "csv")
