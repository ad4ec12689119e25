"""docs/adding-a-newspaper.md is true: its blocks are put where it says, its commands run, their output compared."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, date
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from crawler.discovery.lists import ListSpider
from crawler.extensions import summary
from crawler.newspapers import Newspaper
from crawler.page import ArticlePage
from crawler.spiders.newspaper import Chain, NewspaperSpider

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TUTORIAL = ROOT / "docs/adding-a-newspaper.md"
PORT = "8932"
CRAWLED = (date(2026, 3, 8), date(2026, 3, 11))
pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(shutil.which("curl") is None or shutil.which("bash") is None, reason="needs curl and bash"),
]


class Block(NamedTuple):
    """A fenced block, with the paragraph in front of it."""

    kind: str
    text: str
    before: str
    line: int

    @property
    def file(self) -> str:
        """The file that the paragraph in front names last."""
        return re.findall(r"`([\w/.-]+\.(?:py|html))`", self.before)[-1]


def blocks(text: str) -> Iterator[Block]:
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        above = text[: match.start()]
        yield Block(match[1], match[2].rstrip("\n"), above.rstrip().rpartition("\n\n")[2], above.count("\n") + 1)


def newspaper() -> ModuleType:
    """The invented newspaper that the tutorial starts."""
    specification = importlib.util.spec_from_file_location("corriere", HERE / "corriere.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["corriere"] = module
    specification.loader.exec_module(module)
    return module


class Reader:
    """Somebody who follows the tutorial in a copy of the project."""

    def __init__(self, folder: Path, uri: str) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "crawler", folder / "crawler", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "tests/docs").mkdir(parents=True)
        for name in ("scrapy.cfg", "pyproject.toml", "tests/docs/corriere.py"):
            shutil.copy(ROOT / name, folder / name)
        self.code: list[str] = []
        self.mismatches: list[str] = []
        self.output = ""
        self.port = str(free_port())
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        settings = {"PATH": path, "PYTHONPATH": str(folder), "MONGODB_URI": uri, "NEWSMILL_HOME": str(folder / "home")}
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("SCRAPY_", "NEWSMILL_"))}
        self.shell = subprocess.Popen(
            ["bash", "-m"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            cwd=folder, env=environment | settings,
        )  # fmt: skip

    def follow(self, block: Block) -> None:
        if block.kind == "sh":
            self.run(block)
        elif block.kind == "python":
            self.write(block)
        elif block.kind == "diff":
            self.patch(block)
        elif block.kind == "html":
            self.compare(block, (self.folder / block.file).read_text(encoding="utf-8"))
        else:
            self.compare(block, self.output)

    def run(self, block: Block) -> None:
        log = self.folder / f"output-{block.line}"
        command = f"{{\n{block.text.replace(PORT, self.port)}\n}} > {log.name} 2>&1 < /dev/null; echo status $?\n"
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        self.shell.stdin.write(command)
        self.shell.stdin.flush()
        status = self.shell.stdout.readline().strip()
        self.output = log.read_text(encoding="utf-8").replace(self.port, PORT)
        assert status == "status 0", f"line {block.line}: {status}\n{self.output}"

    def write(self, block: Block) -> None:
        path = self.folder / block.file
        before = path.read_text(encoding="utf-8") + "\n\n" if path.exists() else ""
        path.write_text(before + block.text + "\n", encoding="utf-8")
        self.code += block.text.splitlines()

    def patch(self, block: Block) -> None:
        path = self.folder / block.file
        lines = block.text.splitlines()
        before = "\n".join(line[1:] for line in lines if line[0] in " -")
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, f"line {block.line}: {path.name} has no such lines:\n{before}"
        path.write_text(
            text.replace(before, "\n".join(line[1:] for line in lines if line[0] in " +")), encoding="utf-8"
        )
        self.code += [line[1:] for line in lines if line[0] == "+"]

    def compare(self, block: Block, found: str) -> None:
        missing = unmatched(block.text, found)
        if missing is not None:
            self.mismatches.append(f"line {block.line}: {missing!r} is not in:\n{found}")

    def close(self) -> None:
        if self.shell.stdin:
            with suppress(BrokenPipeError):
                self.shell.stdin.write("kill $(jobs -p); exit\n")
                self.shell.stdin.close()
        try:
            self.shell.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.shell.kill()


def unmatched(told: str, found: str) -> str | None:
    """The first line that is told but does not follow in what was found; "…" stands for anything, as do durations."""
    lines = iter(found.splitlines())
    for line in filter(None, (line.strip() for line in told.splitlines())):
        pattern = re.sub(r"\d+\\\.\d+\\ s$", r"[\\d.]+ s", ".*".join(map(re.escape, line.split("…"))))
        if not any(re.search(pattern, candidate) for candidate in lines):
            return line
    return None


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def followed(server_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, Any]]:
    """The tutorial, followed to its end, and the database it crawled into."""
    from crawler.mongo import connect, with_database

    uri = with_database(server_uri, f"test_{uuid.uuid4().hex[:12]}")
    database = connect(uri)
    reader = Reader(tmp_path_factory.mktemp("tutorial"), uri)
    try:
        for block in blocks(TUTORIAL.read_text(encoding="utf-8")):
            if block.kind != "console":
                reader.follow(block)
        yield reader, database
    finally:
        reader.close()
        database.client.drop_database(database.name)
        database.client.close()


def test_its_commands_print_what_it_says(followed: tuple[Reader, Any]) -> None:
    assert not followed[0].mismatches, "\n\n".join(followed[0].mismatches)


def test_a_newspaper_takes_fewer_than_100_lines(followed: tuple[Reader, Any]) -> None:
    reader, _ = followed
    file = (reader.folder / "crawler/spiders/corriere.py").read_text(encoding="utf-8").splitlines()
    # Blank lines between the blocks included.
    assert len(reader.code) <= len(file) < 100


def test_no_other_file_of_the_crawler_changes(followed: tuple[Reader, Any]) -> None:
    copied, folder = ROOT / "crawler", followed[0].folder / "crawler"
    written = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.py")}
    written.pop(Path("spiders/corriere.py"))
    assert written == {path.relative_to(copied): path.read_bytes() for path in copied.rglob("*.py")}


def test_what_is_stored_is_what_was_served(followed: tuple[Reader, Any]) -> None:
    _, database = followed
    module = newspaper()
    served = {
        module.HOME + story.path: story for story in module.stories()
        if story.kind == "article" and (CRAWLED[0] <= story.published.date() <= CRAWLED[1]
                                        or story.published.year == 2023)
    }  # fmt: skip
    stored = {row["link"]: row for row in database.articles.find()}
    assert set(stored) == set(served)
    for link, story in served.items():
        assert as_stored(stored[link]) == as_served(module, story), link


def as_stored(row: dict[str, Any]) -> dict[str, Any]:
    names = "title description content authors date date_modified location section tags source_site language".split()
    return {name: row[name] for name in names} | {"opt_out": row["permission"]["opt_out"]}


def as_served(module: ModuleType, story: Any) -> dict[str, Any]:
    old = story.published.date() < module.REDESIGN
    return {
        "title": story.title, "description": story.lead, "content": "\n\n".join(story.paragraphs),
        "authors": story.authors, "date": story.published.astimezone(UTC),
        "date_modified": story.modified.astimezone(UTC) if story.modified and not old else None,
        "location": story.place, "section": module.SECTIONS[story.section], "tags": [] if old else story.tags,
        "source_site": "CorriereDiProva", "language": "it", "opt_out": story.reserved,
    }  # fmt: skip


def test_the_runs_tell_what_was_refused(followed: tuple[Reader, Any]) -> None:
    runs = list(followed[1].runs.find({"stage": "crawl:corriere"}).sort("started_at", 1))
    assert [run["outcome"] for run in runs] == ["done"] * 4
    refused = runs[0]["counts"].keys() | runs[1]["counts"].keys()
    assert refused >= {"stored", "teaser", "video_without_text"}
    assert runs[3]["counts"] == {}, "known articles were fetched again"


def test_its_code_keeps_the_project_s_style(followed: tuple[Reader, Any]) -> None:
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")
    if ruff is None:
        pytest.skip("ruff is not installed")
    file = "crawler/spiders/corriere.py"
    for words in (["check"], ["format", "--check"]):
        done = subprocess.run([ruff, *words, file], cwd=followed[0].folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_its_fixtures_are_golden_pages(followed: tuple[Reader, Any]) -> None:
    """The project's own test reads what was recorded."""
    reader, _ = followed
    (reader.folder / "tests/crawler/page").mkdir(parents=True)
    shutil.copy(ROOT / "tests/crawler/page/test_golden.py", reader.folder / "tests/crawler/page")
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/crawler", "-k", "corriere and read_as_expected"]
    environment = os.environ | {"PYTHONPATH": str(reader.folder)}
    done = subprocess.run(
        [sys.executable, *words], cwd=reader.folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout


def names_in(table: str) -> set[str]:
    """What the first column of a table of the tutorial names; the table is the one after these words."""
    text = TUTORIAL.read_text(encoding="utf-8")
    rows = text[text.index(table) :].partition("\n\n")[0].splitlines()
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row.split(" | ")[0])}


def test_its_tables_name_what_there_is() -> None:
    page = vars(ArticlePage).keys() | ArticlePage.__annotations__.keys()
    assert names_in("| attribute | is |") <= page
    assert names_in("| of `NEWSPAPER` |") == {"NEWSPAPER", *(field.name for field in fields(Newspaper))}
    classes = (NewspaperSpider, ListSpider)
    spider = {name for each in classes for name in (*vars(each), *each.__annotations__)}
    spider.add("Chain(url, follow, kind, dated)")
    assert names_in("| |\n|---|---|\n| `newest`") <= spider
    assert Chain._fields == ("url", "follow", "kind", "dated")
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "crawler").rglob("*.py"))
    reasons = {name.replace(" ", "_") for name in names_in("| you see |")} - {"http_404"}
    labels = {label.replace(" ", "_") for label in summary.LABELS.values()}
    assert not {reason for reason in reasons - labels if f'"{reason}"' not in source}


@pytest.mark.parametrize(
    ("told", "missing"),
    [
        ("b", None), ("a\nc", None), ("c\nb", "b"), ("x", "x"), ("fir…ast", None), ("2 pages, 1.0 s", None),
        ("3 pages, 1.0 s", "3 pages, 1.0 s"),
    ],
)  # fmt: skip
def test_what_is_told_must_follow(told: str, missing: str | None) -> None:
    assert unmatched(told, "a\nb\nc\nfirst and last\n2 pages, 0.4 s") == missing
