"""`scrapy record`: fixtures from a site of this machine, from files and from standard input; and their check.

Covers crawler.commands.crawl.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from crawler.commands import record as module
from crawler.commands.record import FIELDS, Command, address, card, check, differences, slug_of
from crawler.items import NEWSPAPERS, NewsmillError
from crawler.page import ArticlePage
from tests.crawler.loopback import serving
from tests.fork_server import run_scrapy

LINK = "https://www.open.online/2026/06/30/il-porto-senza-navi/"
PAGE = """<!doctype html><html lang="it-IT"><head><title>Il porto senza navi - Open</title></head><body><article>
<header class="entry-header"><h1>Il porto senza navi</h1></header><p class="post-excerpt">Viaggio a Borgo Marina</p>
<div class="container-meta-info"><a href="/author/anna-verdi/">Anna Verdi</a> 30 Giugno 2026 - 21:16</div>
<div class="container-main-content"><p>Da due anni al porto non attracca nessuno, e le gru restano ferme sul molo.</p>
<p>«Aspettiamo», dice il custode.</p></div></article></body></html>"""
ROBOTS = "User-agent: *\nDisallow: /riservato/\n"


@contextmanager
def site(pages: dict[str, str]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A server of these pages; yields its address and the (path, User-Agent) of every request."""
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["User-Agent"]))
            text = pages.get(self.path)
            body = (text or "<html>none</html>").encode()
            moved = text is not None and text.startswith("http")
            self.send_response(301 if moved else 200 if text else 404)
            self.send_header("Content-Length", str(len(body)))
            if moved:
                self.send_header("Location", text or "")
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as origin:
        yield origin, asked


def scrapy(folder: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """`scrapy record …` in a folder, with no MongoDB to be had: it needs none."""
    environment = os.environ | {
        "SCRAPY_SETTINGS_MODULE": "crawler.settings",
        "MONGODB_URI": "mongodb://127.0.0.1:1/x",
        "NEWSMILL_CONTACT": "test@example.org",
    }
    done = run_scrapy(["record", *words], folder, environment, stdin=stdin)
    assert "Traceback" not in done.stderr
    return done


def options(folder: Path, **given: Any) -> Namespace:
    """The options as parsed."""
    switches = dict.fromkeys(("javascript", "force", "dry_run", "check", "accept", "json", "debug"), False)
    return Namespace(**{"file": None, "origin": None, "out": str(folder), "slug": None} | switches | given)


def record(folder: Path, page: str = PAGE, name: str = "open", url: str = LINK, **given: Any) -> Path:
    """Record a saved page in this process; the fixture's page."""
    saved = folder / "saved.html"
    saved.write_text(page, encoding="utf-8")
    command = Command()
    command.run([name, url], options(folder, file=str(saved), **{"debug": True, **given}))
    assert command.exitcode == 0
    return folder / name / f"{given.get('slug') or 'il-porto-senza-navi'}.html"


def case_of(page: Path) -> dict[str, Any]:
    case: dict[str, Any] = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    return case


# --- fetched ---------------------------------------------------------------------------------------------------------


def test_a_page_is_fetched_politely_shown_and_kept(tmp_path: Path) -> None:
    with site({"/robots.txt": ROBOTS, "/2026/06/30/il-porto-senza-navi/": PAGE}) as (origin, asked):
        done = scrapy(tmp_path, "open", LINK + "?utm_source=x", "--origin", origin)
        again = scrapy(tmp_path, "open", LINK, "--origin", origin)
    assert (done.returncode, done.stderr) == (0, "")
    for said in ("Il porto senza navi", "Anna Verdi", "2026-06-30T21:16:00+02:00", "2 paragraphs, 105 characters",
                 "«Aspettiamo», dice il custode.", "(none)"):  # fmt: skip
        assert said in done.stdout
    page = tmp_path / "tests/pages/open/il-porto-senza-navi.html"
    assert page.read_text(encoding="utf-8") == PAGE
    case = case_of(page)
    assert (case["url"], set(case["expected"])) == (LINK, set(FIELDS))
    assert case["origin"].startswith("recorded 20")
    assert f"from {LINK} at {origin} with Newsmill " in case["origin"]
    # A fixture that is there is neither replaced nor asked for.
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert [path for path, _ in asked] == [
        "/robots.txt", "/.well-known/tdmrep.json", "/2026/06/30/il-porto-senza-navi/",
    ]  # fmt: skip
    assert all(agent.startswith("Newsmill/") and "test@example.org" in agent for _, agent in asked)


@pytest.mark.parametrize(
    ("robots", "path", "said"),
    [
        (ROBOTS, "/riservato/2026/06/30/x/", "robots.txt forbids"),
        (ROBOTS, "/2026/06/30/tolto/", "404"),
        (ROBOTS, "/2026/06/30/altrove/", "nessuna-parte"),
    ],
)
def test_what_cannot_be_had_is_one_line_and_no_fixture(tmp_path: Path, robots: str, path: str, said: str) -> None:
    moved = {"/2026/06/30/altrove/": "https://www.open.online/2026/06/30/nessuna-parte/"}
    with site({"/robots.txt": robots, **moved}) as (origin, asked):
        done = scrapy(tmp_path, "open", "https://www.open.online" + path, "--origin", origin)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    if said != "nessuna-parte":
        assert said in done.stderr
    assert not (tmp_path / "tests").exists()
    assert not [path for path, _ in asked if path.startswith("/riservato")]


def test_a_redirected_page_is_kept_under_its_new_address(tmp_path: Path) -> None:
    pages = {"/robots.txt": ROBOTS, "/2026/06/30/vecchio/": LINK, "/2026/06/30/il-porto-senza-navi/": PAGE}
    with site(pages) as (origin, _):
        done = scrapy(tmp_path, "open", "https://www.open.online/2026/06/30/vecchio/", "--origin", origin, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["url"] == LINK
    assert (tmp_path / "tests/pages/open/vecchio.html").exists()


@pytest.mark.timeout(180, func_only=True)
@pytest.mark.usefixtures("only_browser")
def test_a_page_that_a_script_writes_is_rendered(tmp_path: Path) -> None:
    pytest.importorskip("scrapy_playwright")
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        pytest.skip("no Chromium on PATH")
    head, body, tail = re.split(r"(<p>Da .*</p>\n<p>.*</p>)", PAGE)
    script = f"<script>document.querySelector('.container-main-content').innerHTML = {json.dumps(body)}</script>"
    page = head + tail.replace("</body>", script + "</body>")
    with site({"/robots.txt": ROBOTS, "/2026/06/30/il-porto-senza-navi/": page}) as (origin, _):
        plain = scrapy(tmp_path, "open", LINK, "--origin", origin, "--dry-run")
        rendered = scrapy(tmp_path, "open", LINK, "--origin", origin, "--javascript", "--json")
    assert "REFUSED as empty_body" in plain.stdout
    assert rendered.returncode == 0, rendered.stderr
    assert "rendered by a browser" in json.loads(rendered.stdout)["origin"]
    assert check(tmp_path / "tests/pages/open", "open") == 0


# --- saved pages -----------------------------------------------------------------------------------------------------


def test_standard_input_and_a_trial(tmp_path: Path) -> None:
    done = scrapy(tmp_path, "open", LINK, "--file", "-", "--dry-run", "--json", stdin=PAGE)
    assert done.returncode == 0, done.stderr
    case = json.loads(done.stdout)
    assert case["expected"]["title"] == "Il porto senza navi"
    assert "a saved copy of" in case["origin"]
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_is_a_fixture_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = record(tmp_path, '<html lang="it"><body class="error404"><h1>Ops</h1></body></html>', slug="lost")
    assert case_of(page)["reason"] == "soft_404"
    assert "expected" not in case_of(page)
    assert "REFUSED as soft_404" in capsys.readouterr().out
    assert check(tmp_path / "open", "open") == 0


def test_force_replaces(tmp_path: Path) -> None:
    page = record(tmp_path)
    with pytest.raises(NewsmillError, match="--force"):
        record(tmp_path)
    record(tmp_path, PAGE.replace("Anna Verdi", "Ugo Neri"), force=True)
    assert case_of(page)["expected"]["authors"] == ["Ugo Neri"]
    assert sorted(path.name for path in page.parent.iterdir()) == [page.name, page.with_suffix(".json").name]


def test_a_broken_page_class_leaves_no_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: ArticlePage) -> str:
        raise RuntimeError("a bug")

    monkeypatch.setattr(ArticlePage, "title", broken)
    with pytest.raises(NewsmillError, match=r"page class raised an exception on .*RuntimeError: a bug"):
        record(tmp_path)
    assert not (tmp_path / "open").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "open").write_text("a file")
    with pytest.raises(NewsmillError, match="cannot write"):
        record(tmp_path)


# --- the check -------------------------------------------------------------------------------------------------------


def test_the_check_shows_what_differs_and_accepts_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = record(tmp_path)
    whole = case_of(page)
    changed = json.loads(json.dumps(whole))
    changed["expected"]["authors"] = ["Ugo Neri"]
    changed["expected"]["content"] += "\n\n© Riproduzione riservata"
    del changed["expected"]["tags"]
    page.with_suffix(".json").write_text(json.dumps(changed), encoding="utf-8")
    capsys.readouterr()
    assert check(tmp_path / "open", "open") == 1
    assert capsys.readouterr().out.splitlines() == [
        "open/il-porto-senza-navi: content", "  - © Riproduzione riservata",
        "open/il-porto-senza-navi: authors", "  - Ugo Neri", "  + Anna Verdi",
        "open: 1 fixture, 1 read otherwise",
    ]  # fmt: skip
    assert check(tmp_path / "open", "open", accept=True) == 0
    # The fields that were chosen, and where the page is from, stay.
    assert case_of(page)["origin"] == whole["origin"]
    assert set(case_of(page)["expected"]) == set(FIELDS) - {"tags"}
    assert check(tmp_path / "open", "open") == 0


def test_the_command_ends_with_1_where_a_fixture_differs(tmp_path: Path) -> None:
    page = record(tmp_path)
    page.write_text(PAGE.replace("Il porto", "Un porto"), encoding="utf-8")
    done = scrapy(tmp_path, "open", "--check", "--json", "--out", str(tmp_path))
    assert done.returncode == 1
    row = json.loads(done.stdout)["differing"]["il-porto-senza-navi"]["title"]
    assert row == {"expected": "Il porto senza navi", "found": "Un porto senza navi"}


@pytest.mark.parametrize(
    ("case", "field"),
    [
        ({"reason": "teaser"}, "reason"),
        ({"expected": {"nonsense": 1}}, "nonsense"),
        ({"expected": {"permission": None}}, "permission"),
        ({}, "json"),
        (None, "json"),
        ({"url": 5, "expected": {}}, "json"),
    ],
)
def test_whatever_a_fixture_expects_is_compared(tmp_path: Path, case: dict[str, Any] | None, field: str) -> None:
    page = record(tmp_path)
    text = "{" if case is None else json.dumps({"url": LINK} | case)
    page.with_suffix(".json").write_text(text, encoding="utf-8")
    assert set(differences(page, "open")) == {field}
    assert check(page.parent, "open") == 1


def test_an_unreadable_expectation_is_not_accepted_away(tmp_path: Path) -> None:
    page = record(tmp_path)
    page.with_suffix(".json").unlink()
    assert check(page.parent, "open", accept=True) == 1


@pytest.mark.parametrize("name", list(NEWSPAPERS))
def test_the_project_s_own_fixtures_are_read_as_expected(root: Path, name: str) -> None:
    if not (root / "tests/pages" / name).is_dir():
        pytest.skip(f"no fixtures of {name}")
    assert check(root / "tests/pages" / name, name) == 0


# --- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "give NAME URL"),
        (["open"], "give NAME URL"),
        (["gazzetta", LINK], "unknown newspaper 'gazzetta'"),
        (["open", "porto"], "not an address"),
        (["open", "https://www.ilpost.it/2026/06/30/x/"], "is not of open"),
        (["open", LINK, "--file", "none.html"], "cannot read none.html"),
        (["open", LINK, "--origin", "here"], "origin='here'"),
        (["open", "--check"], "no fixtures"),
        (["open", LINK, "--chek"], "unknown option --chek"),
        (["open", LINK, "--accept"], "--accept goes with --check"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path: Path, words: list[str], said: str) -> None:
    done = scrapy(tmp_path, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_letters_survive_any_locale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = scrapy(tmp_path, "open", LINK, "--file", "-", "--dry-run", stdin=PAGE)
    assert done.returncode == 0, done.stderr
    assert "«Aspettiamo»" in done.stdout


def test_help_has_an_example(tmp_path: Path) -> None:
    done = scrapy(tmp_path, "--help")
    assert done.returncode == 0
    assert "scrapy record open" in done.stdout


@pytest.mark.parametrize(
    ("link", "slug"),
    [
        ("https://www.open.online/2026/06/30/il-porto/", "il-porto"),
        ("https://vnexpress.net/gia-vang-tang-4936632.html", "gia-vang-tang"),
        (
            "https://www.ansa.it/sito/notizie/mondo/2026/06/30/un-titolo_0f0e1d2c-aaaa-bbbb-cccc-0123456789ab.html",
            "un-titolo",
        ),
        ("https://www.ilpost.it/", "page"),
        ("https://www.ilpost.it/2026/06/30/%2e%2e%2f%2e%2e%2fetc/", "etc"),
        ("https://www.ilpost.it/2026/06/30/" + "parola-" * 30, ("parola-" * 30)[:55]),
        ("until-2019", "until-2019"),
        ("../../x", "x"),
    ],
)
def test_files_are_named_after_the_address(link: str, slug: str) -> None:
    assert slug_of(link).rstrip("-") == slug.rstrip("-")


def test_another_edition_s_address_may_be_recorded() -> None:
    assert address("vnexpress", "https://e.vnexpress.net/news/x-1234567.html").startswith("https://e.vnexpress.net/")


def test_a_card_shortens_long_texts(tmp_path: Path) -> None:
    case = module.read_case(PAGE.replace("Da due anni", "Da due anni " * 40).encode(), LINK, "open")
    lines = list(card("open", {"origin": "", **module.select_fields(case)}, b""))
    assert all(len(line) < 140 for line in lines)
    assert any(line.endswith("…") for line in lines)
