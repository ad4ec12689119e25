"""Pages that scripts draw: a real Chromium on the loopback site, whose bodies and long lists come by script."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import psutil
import pytest
from scrapy.settings import Settings

from crawler.addons import check_browser, executable
from crawler.items import NewsmillError, canonical_link
from demo.loopback_site.faults import Faults
from demo.loopback_site.server import LoopbackSite
from tests.crawler.loopback import serving
from tests.fork_server import run_scrapy, start_scrapy
from tests.waiting import wait_until

pytestmark = [pytest.mark.timeout(180, func_only=True), pytest.mark.usefixtures("only_browser")]
needs_chromium = pytest.mark.skipif(
    not executable(Settings({"PLAYWRIGHT_CHROMIUM": os.environ.get("PLAYWRIGHT_CHROMIUM", "")})),
    reason="no Chromium on PATH, and PLAYWRIGHT_CHROMIUM is not set",
)

Crawl = Callable[..., dict[str, Any]]


def environment(uri: str) -> dict[str, str]:
    return os.environ | {"MONGODB_URI": uri, "SCRAPY_SETTINGS_MODULE": "crawler.settings"}


@pytest.fixture
def crawl(database_uri: str, tmp_path: Path) -> Crawl:
    def run(
        name: str, expect: int = 0, settings: str = "", env: dict[str, str] | None = None, **arguments: Any
    ) -> dict[str, Any]:
        words = [f"-a{key}={value}" for key, value in arguments.items()]
        words += [word for setting in settings.split() for word in ("-s", setting)]
        line = ["crawl", name, "--json", "-L", "INFO", *words]
        done = run_scrapy(line, tmp_path, environment(database_uri) | (env or {}))
        assert done.returncode == expect, done.stderr[-3000:]
        assert "Traceback" not in done.stderr, done.stderr[-3000:]
        closing: dict[str, Any] = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
        stats = {key: int(value) for key, value in re.findall(r"'newsmill/browser/(\w+)': (\d+)", done.stderr)}
        return closing | {"stderr": done.stderr, "browser": stats}

    return run


#: A section of each, whose list has a "more".
SECTIONS = {"open": "attualita", "vnexpress": "thoi-su", "ansa": "cronaca", "ilpost": "italia"}


@pytest.fixture(scope="module")
def records(sample_rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Seven articles of each of those sections: a list shows five of them before its "more" is clicked."""
    chosen: list[dict[str, Any]] = []
    with LoopbackSite(sample_rows) as stand:
        for name, section in SECTIONS.items():
            folder = f"/sito/notizie/{section}" if name == "ansa" else section
            links = {story.article.link for story in stand.newspapers[name].sections[folder][:7]}
            chosen += [row for row in sample_rows if canonical_link(row["link"]) in links]
    return chosen


@pytest.fixture(scope="module")
def sample_rows(root: Path) -> list[dict[str, Any]]:
    with (root / "demo/articles.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def drawn(records: list[dict[str, Any]]) -> Iterator[LoopbackSite]:
    with LoopbackSite(records, javascript=True) as stand:
        yield stand


def where(stand: LoopbackSite, name: str) -> dict[str, str]:
    since, until = stand.spans[name]
    return {"origin": stand.origins[name], "section": SECTIONS[name], "since": since, "until": until}


def texts(database: Any) -> dict[str, Any]:
    hidden = {"_id": 0, "crawled_at": 0, "permission.checked_at": 0}
    return {row["link"]: row for row in database.articles.find({}, hidden)}


def browsers(uri: str) -> set[int]:
    """Chromium's processes of crawls into this database, and dead ones that nobody took leave of.

    Others of this machine have browsers, too, dead processes of a moment among them: other tests, at the same time.
    """
    found = set()
    for process in psutil.process_iter(["name", "cmdline", "status", "ppid"]):
        words = process.info["cmdline"] or []
        if "chrom" not in (process.info["name"] or "") or any("crashpad" in word for word in words):
            continue
        is_dead, parent = process.info["status"] == psutil.STATUS_ZOMBIE, process.info["ppid"]
        if (parent == 1 or _uri_of(parent) == uri) if is_dead else _uri_of(process.pid) == uri:
            found.add(process.pid)
    return found


def _uri_of(pid: int) -> str | None:
    """The store in a process's environment; of a dead one there is none."""
    with suppress(psutil.Error):
        uri: str | None = psutil.Process(pid).environ().get("MONGODB_URI")
        return uri
    return None


def remaining(before: set[int], uri: str) -> list[str]:
    """What is left of the browsers of crawls that have ended, after a while."""
    with suppress(AssertionError):
        wait_until(lambda: not browsers(uri) - before, 20, 0.1)
    return [_description(pid) for pid in browsers(uri) - before]


def _description(pid: int) -> str:
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        return f"{pid} of {process.ppid()}, {process.status()}: {' '.join(process.cmdline())[:300]}"
    return f"{pid}, gone by now"


@needs_chromium
@pytest.mark.parametrize("name", ["open", "vnexpress", "ansa", "ilpost"])
def test_drawn_pages_give_the_same_articles(
    crawl: Crawl, records: list[dict[str, Any]], drawn: LoopbackSite, database: Any, database_uri: str, name: str
) -> None:
    with LoopbackSite(records) as plain:
        crawl(name, **where(plain, name))
    expected = texts(database)
    assert len(expected) == 7
    database.articles.delete_many({})
    before = browsers(database_uri)
    closing = crawl(name, javascript=1, **where(drawn, name))
    assert texts(database) == expected
    assert closing["counts"] == {"fetched": 7, "stored": 7}
    assert closing["browser"]["opened"] == closing["browser"]["closed"] >= 8
    assert closing["browser"]["left_open"] == 0
    assert remaining(before, database_uri) == []


def test_without_a_browser_they_are_refused_by_name(crawl: Crawl, drawn: LoopbackSite, database: Any) -> None:
    closing = crawl("vnexpress", **where(drawn, "vnexpress"))
    assert database.articles.count_documents({}) == 0
    assert set(closing["counts"]) == {"fetched", "empty_body"}


@needs_chromium
def test_without_clicks_a_list_shows_its_beginning(crawl: Crawl, drawn: LoopbackSite, database: Any) -> None:
    closing = crawl("open", javascript=1, settings="JAVASCRIPT_CLICKS=0", **where(drawn, "open"))
    assert closing["counts"]["stored"] == 5


@needs_chromium
def test_faults_cost_no_article_and_archives_need_no_browser(
    crawl: Crawl, records: list[dict[str, Any]], database: Any, tmp_path: Path
) -> None:
    faults = Faults(too_many=0.1, unavailable=0.1, reset=0.05, garbage=0.1, seed=3, retry_after=1)
    with LoopbackSite(records, faults, javascript=True) as broken:
        closing = crawl("open", javascript=1, settings=f"WARC={tmp_path / 'raw'} BACKOFF_START=0.05",
                        **where(broken, "open"))  # fmt: skip
    assert closing["retries"] > 0
    stored = texts(database)
    assert len(stored) == 7
    database.articles.delete_many({})
    again = crawl("open", warc=tmp_path / "raw", env={"PLAYWRIGHT_CHROMIUM": "/none"})
    assert again["counts"]["stored"] == len(stored)
    assert texts(database) == stored


# --- what scripts may load -------------------------------------------------------------------------------------------

LISTING = b"""<html><body><main id=list></main><button id=load_more>Altri</button>
<script>
let page = 0;
async function more() {
  const found = await (await fetch("/wp-json/more?page=" + ++page)).json();
  for (const link of found) document.getElementById("list").insertAdjacentHTML(
    "beforeend", `<article><h2><a href="${link}">x</a></h2></article>`);
}
document.getElementById("load_more").addEventListener("click", more); more();
fetch("/private/secret.json"); fetch("https://tracker.example/x"); new WebSocket("wss://tracker.example/");
</script><img src="/logo.png"><link rel=stylesheet href="/style.css"><iframe src="/frame.html"></iframe>
</body></html>"""


def with_script(page: bytes) -> bytes:
    return page.replace(b"</head>", b'<script src="/app.js"></script></head>')


@contextmanager
def site(answers: dict[str, tuple[str, bytes]]) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            kind, body = answers.get(self.path, ("text/html", b""))
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as origin:
        yield origin, asked


@needs_chromium
def test_scripts_load_from_the_origin_what_robots_allows_and_nothing_else(
    crawl: Crawl, drawn: LoopbackSite, database: Any
) -> None:
    newspaper = drawn.newspapers["open"]
    stories = newspaper.stories[:6]
    answers = {"/robots.txt": ("text/plain", b"User-agent: *\nDisallow: /private/\n"),
               "/c/attualita/": ("text/html; charset=utf-8", LISTING),
               "/app.js": ("text/javascript", b"window.app = 1")}  # fmt: skip
    for number in (1, 2, 3):
        found = [story.article.link for story in stories[2 * number - 2 : 2 * number]]
        answers[f"/wp-json/more?page={number}"] = ("application/json", json.dumps(found).encode())
    for story in stories:
        answers[story.path] = ("text/html; charset=utf-8", with_script(newspaper.respond(story.path).body))
    answers["/wp-json/more?page=4"] = ("application/json", b"[]")
    with site(answers) as (origin, asked):
        crawl("open", javascript=1, origin=origin, section="attualita")
    assert {row["link"] for row in database.articles.find()} == {story.article.link for story in stories}
    assert [path for path in asked if "more" in path] == [f"/wp-json/more?page={number}" for number in (1, 2, 3, 4)]
    assert asked.count("/app.js") == 1, "a script is fetched once in a crawl"
    assert not {"/private/secret.json", "/logo.png", "/style.css", "/frame.html"} & set(asked)


# --- ends ------------------------------------------------------------------------------------------------------------


@needs_chromium
def test_killed_it_leaves_no_browser_behind(drawn: LoopbackSite, database_uri: str, tmp_path: Path) -> None:
    before = browsers(database_uri)
    words = [f"-a{key}={value}" for key, value in where(drawn, "open").items()]
    process = start_scrapy(["crawl", "open", "-ajavascript=1", *words], tmp_path, environment(database_uri))
    wait_until(lambda: browsers(database_uri) - before or process.poll() is not None, 30, 0.05)
    assert browsers(database_uri) - before, "no browser was started: the test shows nothing"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert remaining(before, database_uri) == []


@pytest.mark.parametrize(
    ("chromium", "said"), [("/no/such/program", "is not a program"), ("", "no Chromium on PATH: install")]
)
def test_without_chromium_it_cannot_start(crawl: Crawl, tmp_path: Path, chromium: str, said: str) -> None:
    env = {"PLAYWRIGHT_CHROMIUM": chromium, "PATH": str(tmp_path)}
    closing = crawl("open", expect=2, env=env, javascript=1)
    assert said in closing["stderr"].splitlines()[-1] if not chromium else said in closing["stderr"]
    assert closing["stderr"].splitlines()[-1].startswith("browser: ")


def test_without_the_extra_it_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(NewsmillError, match=r"newsmill\[browser\]"):
        check_browser(Settings())


def test_a_chromium_that_does_not_start_ends_the_crawl(
    crawl: Crawl, drawn: LoopbackSite, database: Any, tmp_path: Path
) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    closing = crawl("open", expect=1, env={"PLAYWRIGHT_CHROMIUM": str(broken)}, javascript=1, **where(drawn, "open"))
    assert closing["reason"] == "browser_lost"
    assert "Chromium does not start" in closing["closed"]


@needs_chromium
def test_a_browser_that_dies_is_started_again(
    drawn: LoopbackSite, database: Any, database_uri: str, tmp_path: Path
) -> None:
    before = browsers(database_uri)
    words = [f"-a{key}={value}" for key, value in where(drawn, "open").items()]
    process = start_scrapy(["crawl", "open", "-ajavascript=1", *words], tmp_path, environment(database_uri))
    wait_until(lambda: database.articles.count_documents({}) or process.poll() is not None, 150)
    for pid in browsers(database_uri) - before:
        # The browser itself, not its pages one after the other: each would cost a page an attempt.
        with suppress(psutil.Error):
            if not any(word.startswith("--type=") for word in psutil.Process(pid).cmdline()):
                os.kill(pid, signal.SIGKILL)
    said = process.communicate(timeout=100)[1]
    assert process.returncode == 0, said
    assert database.articles.count_documents({}) == 7
    assert remaining(before, database_uri) == []


@needs_chromium
def test_a_script_without_end_costs_its_page_only(
    crawl: Crawl, drawn: LoopbackSite, database: Any, database_uri: str
) -> None:
    newspaper = drawn.newspapers["open"]
    good, bad = newspaper.stories[:2]
    links = "".join(f'<article><h2><a href="{story.path}">x</a></h2></article>' for story in (good, bad))
    endless = newspaper.respond(bad.path).body.replace(b"</body>", b"<script>while (true) {}</script></body>")
    answers = {"/robots.txt": ("text/plain", b"User-agent: *\nAllow: /\n"),
               "/c/attualita/": ("text/html", f"<html><main>{links}</main></html>".encode()),
               good.path: ("text/html; charset=utf-8", newspaper.respond(good.path).body),
               bad.path: ("text/html; charset=utf-8", endless)}  # fmt: skip
    before = browsers(database_uri)
    with site(answers) as (origin, _):
        closing = crawl(
            "open", expect=1, javascript=1, origin=origin, section="attualita", settings="DOWNLOAD_TIMEOUT=3"
        )
    assert [row["link"] for row in database.articles.find()] == [good.article.link]
    assert f"{bad.article.link} (not rendered by the browser" in closing["missed"][0]
    assert remaining(before, database_uri) == []
