"""`scrapy record NAME URL`: keep a page, and what is read from it, as a fixture; `--check` reads all of them again.

A fixture is two files: DIR/NAME/SLUG.html, the page as it came, and SLUG.json with `origin` (where the page is from,
when it was fetched, by which version), `url`, and `expected` (the article's fields) or `reason` (why it is none).
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import sys
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from scrapy.commands import ScrapyCommand

from crawler import __version__
from crawler.items import NewsmillError, RecordError, canonical_link, newspaper_of
from crawler.page import NotAnArticle, as_json, extract, versions_of

#: the fields of an article that a page decides; the others are its newspaper's, or the crawl's.
FIELDS = (
    "link", "title", "description", "content", "authors", "date", "date_modified", "location", "section", "tags",
    "access",
)  # fmt: skip
_SLUG_MAX = 60
#: what a card shows of a long text.
_SHOWN_MAX = 100
#: numbers that newspapers append to a slug: ANSA's UUID, VnExpress's seven digits.
_SERIAL = re.compile(r"_[0-9a-f-]{36}$|-\d{5,}$")


class Command(ScrapyCommand):
    """The command of the module's docstring."""

    requires_project = True
    # Checking needs no reactor either; fetching starts one.
    default_settings = {"LOG_LEVEL": "WARNING"}  # noqa: RUF012

    def syntax(self) -> str:
        return "[options] NAME URL | --check [options] NAME"

    def short_desc(self) -> str:
        return "Keep a newspaper's page and what is read from it as a fixture; check the fixtures"

    def long_desc(self) -> str:
        return (
            "Fetch one page politely (or take a saved one), read it, and write NAME/SLUG.html and NAME/SLUG.json below "
            "tests/pages. Example: scrapy record open https://www.open.online/2026/06/30/slug/ and then "
            "scrapy record open --check. Exit status: 0 done, 1 a fixture is read otherwise than expected, 2 cannot."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add = parser.add_argument_group("Fixtures").add_argument
        add("--file", metavar="FILE", help="the page as saved before, or - for standard input; nothing is fetched")
        add("--origin", metavar="URL", help="fetch from this copy of the site; links stay canonical")
        add(
            "--javascript",
            action="store_true",
            help="have a browser render the page, as -a javascript=1 does in a crawl",
        )
        add("--out", metavar="DIR", default="tests/pages", help="folder of the fixtures (default: %(default)s)")
        add("--slug", help="name of the two files (default: from the address)")
        add("--force", action="store_true", help="replace a fixture of that name")
        add("--dry-run", action="store_true", help="show what is read, write nothing")
        add("--check", action="store_true", help="read all fixtures of the newspaper again and show what differs")
        add("--accept", action="store_true", help="with --check: from now on expect what is read now")
        add("--json", action="store_true", help="print JSON instead of a card or differences")
        add("--debug", action="store_true", help="show the traceback of an error")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            self.exitcode = self._run(args, opts)
        except NewsmillError as error:
            if opts.debug:
                raise
            print(" ".join(str(error).split()), file=sys.stderr)
            self.exitcode = 2

    def _run(self, args: list[str], opts: argparse.Namespace) -> int:
        # Scrapy hands unknown options on as arguments.
        if unknown := [word for word in args if word.startswith("-")]:
            raise NewsmillError(f"record: unknown option {unknown[0]}: see scrapy record --help")
        if len(args) != (1 if opts.check else 2):
            raise NewsmillError("record: give NAME URL, or --check NAME: see scrapy record --help")
        if opts.accept and not opts.check:
            raise NewsmillError("record: --accept goes with --check; --force replaces one fixture")
        versions_of(args[0])
        if opts.check:
            return check(Path(opts.out) / args[0], args[0], accept=opts.accept, as_rows=opts.json)
        return self._record(args[0], args[1], opts)

    def _record(self, name: str, url: str, opts: argparse.Namespace) -> int:
        link = address(name, url)
        page = Path(opts.out) / name / f"{slug_of(opts.slug or link)}.html"
        # Before anything is fetched.
        if not (opts.force or opts.dry_run) and (page.exists() or page.with_suffix(".json").exists()):
            raise NewsmillError(f"record: {page} exists already: --force replaces it, --slug NAME names another")
        link, body = (link, saved(opts.file)) if opts.file else self._fetch(name, link, opts)
        case = {"origin": came_from(link, opts), **select_fields(read_case(body, link, name))}
        if case.get("reason") == "unreadable":
            raise NewsmillError(
                f"record: {name}: the page class raised an exception on {link} ({case['detail']}): correct it"
            )
        if opts.json:
            say(json.dumps(case, ensure_ascii=False))
        else:
            say("\n".join(card(name, case, body)))
        if not opts.dry_run:
            write(page, body, case)
            if not opts.json:
                say(f"wrote {page} and .json: compare them with the page as a reader sees it")
        return 0

    def _fetch(self, name: str, link: str, opts: argparse.Namespace) -> tuple[str, bytes]:
        """(address in the end, page), through the project's own downloader: robots.txt, User-Agent, pauses.

        Raises:
            NewsmillError: it cannot be had, or may not.
        """
        from crawler.spiders.newspaper import NewspaperSpider

        assert self.crawler_process is not None
        loader = self.crawler_process.spider_loader
        base = loader.load(name) if name in loader.list() else NewspaperSpider
        result: dict[str, Any] = {}
        crawler = self.crawler_process.create_crawler(_of_one_page(base, name, link, result))
        for setting, value in _ALONE.items():
            crawler.settings.set(setting, value, priority="cmdline")
        # Says no before the reactor runs, and in one line.
        arguments = {"origin": opts.origin} | ({"javascript": 1} if opts.javascript else {})
        crawler.spidercls(**arguments)
        self.crawler_process.crawl(crawler, **arguments)
        self.crawler_process.start()
        if "body" not in result:
            closed = crawler.stats.get_value("newsmill/closed", "") if crawler.stats else ""
            raise NewsmillError(f"record: cannot fetch {link}: {closed or result.get('why') or 'interrupted'}")
        return result["url"], result["body"]


#: One page for a fixture needs no store, no row in `runs`, and no patience of hours.
_ALONE = {"ITEM_PIPELINES": {}, "EXTENSIONS": {}, "SPIDER_MIDDLEWARES": {}, "KNOWN_LINKS": "", "WARC": "",
          "RETRY_TIMES": 2}  # fmt: skip


def _of_one_page(base: type[Any], name: str, link: str, result: dict[str, Any]) -> type[Any]:
    """A newspaper's spider that fetches one page into `result`; its discovery need not be written yet."""
    from scrapy import Request

    async def start(self: Any) -> Any:
        yield Request(link, self.keep, errback=self.give_up, dont_filter=True, meta={"article": True})

    async def keep(_: Any, response: Any) -> None:
        result.update(url=response.url, body=response.body)

    def give_up(_: Any, failure: Any) -> None:
        response = getattr(failure.value, "response", None)
        message = str(failure.value) or type(failure.value).__name__
        result["why"] = f"status {response.status}" if response is not None else message.splitlines()[0]

    today = datetime.now(UTC).date()
    hooks = {"name": name, "start": start, "keep": keep, "give_up": give_up, "page_class": versions_of(name)[0]}
    return type("OnePage", (base,), {"SECTIONS": {}, "FIRST_DAY": date(today.year, 1, 1), **hooks})


def address(name: str, url: str) -> str:
    """The canonical form of an address that the newspaper has, whatever may be there.

    Raises:
        NewsmillError: it is no address, or another newspaper's.
    """
    try:
        link = canonical_link(url)
    except RecordError:
        raise NewsmillError(f"record: {url!r} is not an address: write it as https://…") from None
    page = versions_of(name)[0]
    if newspaper_of(link) != name and urlsplit(link).hostname not in page.OTHER_HOSTS:
        raise NewsmillError(f"record: {link} is not of {name}: its host in crawler/spiders/{name}.py is another")
    return link


def slug_of(link: str) -> str:
    """A file name of the last part of an address, in ASCII letters, without the newspaper's serial numbers."""
    last = unquote(urlsplit(link).path).rstrip("/").rpartition("/")[2]
    stem = _SERIAL.sub("", re.sub(r"\.s?html?$", "", last))
    words = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")
    if len(words) > _SLUG_MAX:
        words = words[:_SLUG_MAX].rpartition("-")[0] or words[:_SLUG_MAX]
    return words or "page"


def saved(file: str) -> bytes:
    """The bytes of a saved page; of standard input for "-"."""
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise NewsmillError(f"record: cannot read {file}: {error.strerror}; give an HTML file") from error


def came_from(link: str, opts: argparse.Namespace) -> str:
    """The provenance that a fixture carries."""
    where = f"a saved copy of {link}" if opts.file else link + (f" at {opts.origin}" if opts.origin else "")
    where += ", rendered by a browser," if opts.javascript and not opts.file else ""
    return f"recorded {datetime.now(UTC):%Y-%m-%d} from {where} with Newsmill {__version__}"


def read_case(body: bytes, link: str, name: str) -> dict[str, Any]:
    """What a page is read as: {url, expected} with every field of the article, else {url, reason, detail}."""
    try:
        return {"url": link, "expected": json.loads(as_json(extract(body, link, name)))}
    except NotAnArticle as refusal:
        return {"url": link, "reason": refusal.reason, "detail": refusal.detail}


def select_fields(case: dict[str, Any], fields: Collection[str] = FIELDS) -> dict[str, Any]:
    """A case that expects these fields only."""
    if "expected" not in case:
        return case
    return case | {"expected": {field: case["expected"][field] for field in fields if field in case["expected"]}}


def write(page: Path, body: bytes, case: dict[str, Any]) -> None:
    """Both files, each whole or not at all; the page last, because tests look for pages."""
    text = json.dumps(case, ensure_ascii=False, indent=2) + "\n"
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        _replace(page.with_suffix(".json"), text.encode())
        _replace(page, body)
    except OSError as error:
        raise NewsmillError(f"record: cannot write {page}: {error.strerror}; choose another --out") from error


def _replace(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(data)
    draft.replace(path)


# --- what a person sees ----------------------------------------------------------------------------------------------


def say(text: str) -> None:
    """Print in UTF-8 whatever the terminal's locale: newspapers need their letters."""
    sys.stdout.buffer.write(text.encode() + b"\n")
    sys.stdout.flush()


def card(name: str, case: dict[str, Any], body: bytes) -> Iterator[str]:
    """What was read from a page, a line a field."""
    yield f"{name}  {case['url']}  ({len(body):,} bytes)"
    if reason := case.get("reason"):
        yield f"  REFUSED as {reason}" + (f": {case['detail']}" if case["detail"] else "")
        yield "  If a reader sees an article there, correct the page class, then record it again with --force."
        return
    fields = dict(case["expected"])
    paragraphs = fields.pop("content").split("\n\n")
    fields.pop("link")
    for field, value in fields.items():
        text = ", ".join(value) if isinstance(value, list) else str(value or "")
        yield f"  {field:<14} {_short(text) or '(none)'}"
    characters = sum(map(len, paragraphs))
    yield f"  {'content':<14} {_counted(len(paragraphs), 'paragraph')}, {characters:,} characters"
    yield f"  {'  first':<14} {_short(paragraphs[0])}"
    yield f"  {'  last':<14} {_short(paragraphs[-1])}"
    if case["expected"]["link"] != case["url"]:
        yield f"  The page calls itself {case['expected']['link']}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 1].rstrip() + "…"


# --- checking --------------------------------------------------------------------------------------------------------


def check(folder: Path, name: str, accept: bool = False, as_rows: bool = False) -> int:
    """Read every fixture of a newspaper again; 1 where one is read otherwise than it expects.

    Args:
        accept: rewrite what is expected.
        as_rows: print JSON.

    Raises:
        NewsmillError: there are none.
    """
    pages = sorted(folder.glob("*.html"))
    if not pages:
        raise NewsmillError(f"record: no fixtures in {folder}: record one with scrapy record {name} URL")
    differing = {page.stem: rows for page in pages if (rows := differences(page, name))}
    accepted = [stem for stem in differing if accept and _accept(folder / f"{stem}.html", name)]
    if as_rows:
        say(json.dumps({"fixtures": len(pages), "differing": differing, "accepted": accepted}, ensure_ascii=False))
    else:
        for stem, rows in differing.items():
            say("\n".join(_lines(f"{name}/{stem}", rows)))
        verdict = f"{len(differing)} read otherwise" if differing else "all read as expected"
        more = f", {len(accepted)} of them accepted" if accepted else ""
        say(f"{name}: {_counted(len(pages), 'fixture')}, {verdict}{more}")
    return 1 if len(differing) > len(accepted) else 0


def differences(page: Path, name: str) -> dict[str, dict[str, Any]]:
    """Field -> {expected, found} of a fixture, for the fields it expects; {} where it is read as it should be."""
    case = _case(page)
    if case is None:
        return {"json": {"expected": "an object with url, and expected or reason", "found": None}}
    now = read_case(page.read_bytes(), case["url"], name)
    if "reason" in case or "reason" in now:
        reasons = {"expected": case.get("reason"), "found": now.get("reason")}
        return {"reason": reasons} if reasons["expected"] != reasons["found"] else {}
    rows = {
        field: {"expected": value, "found": now["expected"].get(field)} for field, value in case["expected"].items()
    }
    return {field: row for field, row in rows.items() if row["expected"] != row["found"]}


def _case(page: Path) -> dict[str, Any] | None:
    """What a fixture expects; None where that cannot be read."""
    try:
        case = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(case, dict) and isinstance(case.get("url"), str)
    return case if whole and ("reason" in case or isinstance(case.get("expected"), dict)) else None


def _accept(page: Path, name: str) -> bool:
    """Expect what is read now: of the same fields, the page and its origin as they were; False where that is unread."""
    case = _case(page)
    if case is None:
        return False
    now = select_fields(read_case(page.read_bytes(), case["url"], name), case.get("expected") or FIELDS)
    write(page, page.read_bytes(), {"origin": case.get("origin", ""), **now})
    return True


def _lines(label: str, differences: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Differences as lines; of a text, the paragraphs that differ."""
    for field, row in differences.items():
        yield f"{label}: {field}"
        before, after = (_paragraphs(row[side]) for side in ("expected", "found"))
        for line in difflib.ndiff(before, after):
            if line[0] in "-+":
                yield f"  {line}"


def _paragraphs(value: Any) -> list[str]:
    if isinstance(value, str) and value:
        return value.split("\n\n")
    if isinstance(value, list) and value:
        return [str(part) for part in value]
    return [json.dumps(value, ensure_ascii=False)] if value else ["(none)"]
