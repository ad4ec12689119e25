"""The crawler as an ordinary Scrapy project: a user's pipelines, files without a store, Scrapy's other commands.

Covers crawler/pipelines/__init__.py, pipelines/store.py, addons.py.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fork_server import run_scrapy
from tests.integration.crawls import ROBOTS, Answer, Crawl, crawling, environment, listing, pages_of_open, site

pytestmark = pytest.mark.timeout(240)

COUNT = 6
#: What a user may write.
MINE = """
from itemadapter import ItemAdapter
from scrapy.exceptions import DropItem


class AsDict:
    def process_item(self, item):
        return {**ItemAdapter(item).asdict(), "mood": 0.5, "date": str(ItemAdapter(item)["date"])}


class Shout:
    def process_item(self, item):
        ItemAdapter(item)["title"] = ItemAdapter(item)["title"].upper() + "!"
        return item


class Half:
    seen = 0

    def process_item(self, item):
        self.seen += 1
        if self.seen % 2:
            raise DropItem("every other one")
        return item


class Nothing:
    def process_item(self, item):
        pass


class Fails:
    def process_item(self, item):
        raise LookupError("a mistake of mine")


class Untitled:
    def process_item(self, item):
        ItemAdapter(item)["title"] = None
        return item


class Unstorable:
    seen = 0

    def process_item(self, item):
        self.seen += 1
        if self.seen == 2:
            ItemAdapter(item)["tags"] = [object(), "half a character: \\ud800"]
        return item
"""


@pytest.fixture(scope="module")
def pages(root: Path) -> dict[str, Answer]:
    return pages_of_open(root, COUNT)


@pytest.fixture(scope="module")
def origin(pages: dict[str, Answer]) -> Iterator[str]:
    with site({"/robots.txt": ROBOTS, "/c/attualita/": listing(pages), **pages}) as (address, _):
        yield address


@pytest.fixture
def crawl(database_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crawl:
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    return crawling(database_uri, tmp_path)


def pipelines(name: str, place: int) -> str:
    """The project's pipelines and one of `mine`, as an argument of the command."""
    ours = {"validate.ValidatePipeline": 100, "permission.PermissionPipeline": 200, "language.LanguagePipeline": 300,
            "store.StorePipeline": 400}  # fmt: skip
    value = {f"crawler.pipelines.{path}": order for path, order in ours.items()} | {f"mine.{name}": place}
    return "ITEM_PIPELINES=" + json.dumps(value, separators=(",", ":"))


@pytest.mark.parametrize("place", [50, 350, 900])
def test_items_may_become_dicts(crawl: Crawl, database: Any, origin: str, place: int) -> None:
    closing = crawl("open", origin, settings=pipelines("AsDict", place))
    assert closing["counts"] == {"fetched": COUNT, "stored": COUNT}
    row = database.articles.find_one({})
    assert row["date"].tzinfo is not None
    assert "mood" not in row


def test_what_a_pipeline_changed_is_stored_as_changed(crawl: Crawl, database: Any, origin: str) -> None:
    from crawler.items import content_hash

    crawl("open", origin, settings=pipelines("Shout", 350))
    for row in database.articles.find():
        assert row["title"].endswith("!")
        assert row["content_hash"] == content_hash(row["title"], row["content"])
    again = crawl("open", origin, settings=pipelines("Shout", 350), refresh=1)
    assert again["counts"] == {"fetched": COUNT, "unchanged": COUNT}


@pytest.mark.parametrize(("place", "stored"), [(350, COUNT // 2), (900, COUNT)])
def test_what_a_pipeline_drops_is_counted(crawl: Crawl, database: Any, origin: str, place: int, stored: int) -> None:
    counts = crawl("open", origin, settings=pipelines("Half", place))["counts"]
    assert counts == {"fetched": COUNT, "stored": stored, "dropped_by_pipeline": COUNT // 2}
    assert database.articles.count_documents({}) == stored


@pytest.mark.parametrize("place", [350, 900])
def test_the_limit_counts_what_is_stored(crawl: Crawl, database: Any, origin: str, place: int) -> None:
    closing = crawl("open", origin, settings=pipelines("Half", place), limit=2)
    assert closing["reason"] == "limit"
    assert database.articles.count_documents({}) == 2


@pytest.mark.parametrize(
    ("name", "place", "counts"),
    [
        ("Nothing", 50, {"fetched": COUNT, "no_item": COUNT}),
        ("Nothing", 350, {"fetched": COUNT, "no_item": COUNT}),
        ("Nothing", 900, {"fetched": COUNT, "stored": COUNT}),
        ("Untitled", 350, {"fetched": COUNT, "unstorable": COUNT}),
        ("Unstorable", 350, {"fetched": COUNT, "stored": COUNT - 1, "unstorable": 1}),
    ],
)
def test_what_is_no_article_any_more_is_named_and_fetched_again(
    crawl: Crawl, database: Any, origin: str, name: str, place: int, counts: dict[str, int]
) -> None:
    lost = counts.get("no_item", 0) + counts.get("unstorable", 0)
    closing = crawl("open", origin, expect=int(lost > 0), settings=pipelines(name, place))
    assert closing["counts"] == counts
    assert closing["reason"] == "finished"
    assert bool(lost) == ("none that can be stored" in closing["stderr"])
    assert crawl("open", origin)["counts"].get("stored", 0) == lost


@pytest.mark.parametrize(("place", "stored"), [(350, 0), (900, COUNT)])
def test_a_pipeline_that_fails_loses_no_other_step(
    database_uri: str, database: Any, origin: str, tmp_path: Path, crawl: Crawl, place: int, stored: int
) -> None:
    words = ["-a", f"origin={origin}", "-a", f"limit={COUNT}", "-s", pipelines("Fails", place), "--json"]
    done = run(["crawl", "open", *words], tmp_path, database_uri)
    closing = json.loads(done.stdout)
    assert done.returncode == 1
    assert closing["counts"] == {
        "fetched": COUNT, **({"stored": stored} if stored else {}), "pipeline_failed": COUNT
    }  # fmt: skip
    assert database.articles.count_documents({}) == stored


def run(words: list[str], folder: Path, uri: str = "mongodb://127.0.0.1:1/x") -> subprocess.CompletedProcess[str]:
    """Scrapy's command; without an address of a store there is none that answers."""
    env = environment(uri) | {"NEWSMILL_MONGO_TIMEOUT_MS": "300"}
    return run_scrapy(words, folder, env)


WITHOUT_STORE = 'ITEM_PIPELINES={"crawler.pipelines.validate.ValidatePipeline":100}'


@pytest.mark.parametrize("pipelines", [WITHOUT_STORE, "ITEM_PIPELINES={}"])
def test_without_a_store_a_crawl_writes_its_file(origin: str, tmp_path: Path, pipelines: str) -> None:
    words = ["crawl", "open", "-a", f"origin={origin}", "-O", "out.jl", "-s", pipelines, "--json"]
    for limit in (COUNT + 1, 2):
        done = run([*words, "-a", f"limit={limit}"], tmp_path)
        assert done.returncode == 0, done.stderr
        assert "MongoDB" not in done.stderr
        rows = [json.loads(line) for line in (tmp_path / "out.jl").open(encoding="utf-8")]
        assert len({row["link"] for row in rows}) == len(rows) == min(limit, COUNT)
        assert json.loads(done.stdout)["reason"] == ("limit" if limit == 2 else "finished")


def test_a_file_is_not_replaced_by_nothing(
    crawl: Crawl, origin: str, tmp_path: Path, database_uri: str, database: Any
) -> None:
    words = ["crawl", "open", "-a", f"origin={origin}", "-O", "out.jl"]
    assert run(words, tmp_path, database_uri).stderr.count("not there") == 1
    before = (tmp_path / "out.jl").read_bytes()
    assert len(before.splitlines()) == COUNT
    again = run(words, tmp_path, database_uri)
    assert f"out.jl: nothing new to write, left as it was; {COUNT} pages were known already" in again.stderr
    assert (tmp_path / "out.jl").read_bytes() == before
    run([*words, "-a", "refresh=1"], tmp_path, database_uri)
    assert len((tmp_path / "out.jl").read_bytes().splitlines()) == COUNT


def test_a_part_of_a_crawl_is_not_kept_for_another(database_uri: str, tmp_path: Path) -> None:
    done = run(["crawl", "open", "-s", "JOBDIR=job"], tmp_path, database_uri)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "JOBDIR" in done.stderr
    assert not (tmp_path / "job").exists()


def test_a_pipeline_that_is_none_is_one_line(database_uri: str, tmp_path: Path) -> None:
    done = run(["crawl", "open", "-s", 'ITEM_PIPELINES={"mine.Absent":1}'], tmp_path, database_uri)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "ITEM_PIPELINES" in done.stderr


def test_scrapys_other_commands_need_no_store(origin: str, tmp_path: Path, pages: dict[str, Answer]) -> None:
    url = origin + next(iter(pages))
    spider = ["--spider", "open"]
    for words, printed in (
        (["list"], "vnexpress"),
        (["check"], ""),
        (["fetch", *spider, url], "<article"),
        (["shell", url, "-c", "response.status"], "200"),
        (["parse", *spider, url, "-c", "parse_article", "--noitems"], "Requests"),
        (["parse", *spider, f"{origin}/c/attualita/", "-c", "parse_robots"], "Requests"),
        (["view", "--help"], "Usage"),
        (["settings", "--get", "BOT_NAME"], "newsmill"),
    ):
        done = run(words, tmp_path)
        assert done.returncode == 0, (words, done.stderr)
        assert printed.lower() in done.stdout.lower(), words
        assert "Traceback" not in done.stderr, (words, done.stderr)
