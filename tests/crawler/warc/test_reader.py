"""The raw archive: written by a crawl, read again without the network; and files that others wrote, or that broke.

Covers warc/reader.py, warc/writer.py and warc/replay.py; warc/captures.py is covered by test_records.py.

Covers crawler.warc.captures, crawler.warc.replay, crawler.warc.writer.
"""

from __future__ import annotations

import gzip
import os
import random
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler.items import newspaper_of
from crawler.warc.reader import Reader, exchange_of
from demo.loopback_site.faults import Faults
from demo.loopback_site.server import LoopbackSite
from tests.crawler.warc.warcs import Crawl, Foreign, chunked, crawling, pages_of, snapshot, written
from tests.fork_server import start_scrapy
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def crawl(database_uri: str, tmp_path: Path) -> Crawl:
    return crawling(database_uri, tmp_path)


@pytest.fixture(scope="module")
def stand(root: Path) -> Iterator[LoopbackSite]:
    with LoopbackSite(root / "demo/articles.jsonl") as site:
        yield site


def archived(crawl: Crawl, stand: LoopbackSite, name: str, folder: Path, **more: Any) -> Path:
    since, until = stand.spans[name]
    crawl(name, origin=stand.origins[name], since=since, until=until, settings=f"WARC={folder}", **more)
    (file,) = folder.glob(f"{name}-*.warc.gz")
    return file


@pytest.mark.parametrize("name", ["vnexpress", "ansa", "ilpost", "open"])
def test_extracted_again_without_the_network_it_is_the_same(
    crawl: Crawl, stand: LoopbackSite, database: Any, tmp_path: Path, name: str
) -> None:
    file = archived(crawl, stand, name, tmp_path / "raw")
    before = snapshot(database)
    assert before
    again = crawl(name, offline=True, warc=file)
    assert again["counts"] == {"fetched": len(before), "unchanged": len(before)}
    database.articles.delete_many({})
    database.refusals.delete_many({})
    anew = crawl(name, offline=True, warc=tmp_path / "raw" / "*.gz")
    assert anew["counts"] == {"fetched": len(before), "stored": len(before)}
    assert snapshot(database) == before
    assert database.refusals.count_documents({}) == 0


def test_what_is_on_record(crawl: Crawl, stand: LoopbackSite, database: Any, tmp_path: Path) -> None:
    file = archived(crawl, stand, "open", tmp_path / "raw")
    run = database.runs.find_one({"stage": "crawl:open"})
    assert file.name.endswith(f"-{run['_id']}.warc.gz")
    pages: dict[str, Any] = {}
    with file.open("rb") as raw:
        for record in ArchiveIterator(raw, check_digests=True):
            url, body = record.rec_headers.get_header("WARC-Target-URI"), record.content_stream().read()
            assert record.digest_checker.passed, url
            if record.rec_type == "warcinfo":
                about = body.decode()
            elif record.rec_type == "response":
                pages[url] = (record.http_headers, body, record.rec_headers)
            else:
                assert record.rec_type == "request"
                assert record.http_headers.get_header("User-Agent").startswith("Newsmill/")
                assert record.http_headers.get_header("Host") == "www.open.online"
    assert "robots: obey" in about
    assert "software: Newsmill/" in about
    assert f"origin: {stand.origins['open']}" in about
    assert "https://www.open.online/robots.txt" in pages
    for row in database.articles.find():
        http, body, record = pages[row["link"]]
        assert http.get_statuscode() == "200"
        assert http.get_header("Content-Length") == str(len(body))
        assert stand.newspapers["open"].respond(row["link"].removeprefix("https://www.open.online")).body == body
        date = datetime.fromisoformat(record.get_header("WARC-Date"))
        assert abs(row["crawled_at"] - date) < timedelta(milliseconds=1)


def test_a_better_extraction_replaces_the_text_and_keeps_the_old(
    crawl: Crawl, stand: LoopbackSite, database: Any, tmp_path: Path
) -> None:
    file = archived(crawl, stand, "ilpost", tmp_path / "raw")
    before = snapshot(database)
    link = min(before)
    database.articles.update_one({"link": link}, {"$set": {"content": "half a text", "content_hash": "0"}})
    closing = crawl("ilpost", offline=True, warc=file)
    assert closing["counts"] == {"fetched": len(before), "updated": 1, "unchanged": len(before) - 1}
    assert database.articles.find_one({"link": link})["content"] == before[link]["content"]
    assert database.revisions.find_one({"link": link})["content"] == "half a text"
    # A text that was crawled later than the record is not put back, unless asked for.
    later = datetime.now(UTC) + timedelta(minutes=1)
    database.articles.update_one({"link": link}, {"$set": {"content_hash": "1", "crawled_at": later}})
    assert crawl("ilpost", offline=True, warc=file)["skipped"] == {"older_than_stored": 1}
    assert crawl("ilpost", offline=True, warc=file, refresh=1)["counts"]["updated"] == 1


def test_dates_and_limit_hold_for_files_too(crawl: Crawl, stand: LoopbackSite, database: Any, tmp_path: Path) -> None:
    file = archived(crawl, stand, "vnexpress", tmp_path / "raw")
    before = snapshot(database)
    database.articles.delete_many({})
    crawl("vnexpress", offline=True, warc=file, since="2026-05-07", until="2026-05-07")
    day = {
        link for link, row in before.items() if (row["date"] + timedelta(hours=7)).date().isoformat() == "2026-05-07"
    }
    assert set(snapshot(database)) == day != set()
    database.articles.delete_many({})
    assert crawl("vnexpress", offline=True, warc=file, limit=3)["reason"] == "limit"
    assert database.articles.count_documents({}) == 3


def test_broken_captures_of_a_crawl_do_no_harm(crawl: Crawl, root: Path, database: Any, tmp_path: Path) -> None:
    faults = Faults(too_many=0.05, unavailable=0.05, reset=0.02, garbage=0.1, seed=7, retry_after=1)
    with LoopbackSite(root / "demo/articles.jsonl", faults) as broken:
        file = archived(crawl, broken, "open", tmp_path / "raw")
    before = snapshot(database)
    database.articles.delete_many({})
    closing = crawl("open", offline=True, warc=file)
    assert snapshot(database) == before
    assert closing["counts"]["stored"] == len(before)
    assert [name for name in closing["skipped"] if name.startswith("status_")], "no fault was on record"


def test_killed_the_file_is_readable_to_its_last_whole_record(
    crawl: Crawl, root: Path, database: Any, database_uri: str, tmp_path: Path
) -> None:
    env = os.environ | {"MONGODB_URI": database_uri, "SCRAPY_SETTINGS_MODULE": "crawler.settings"}
    with LoopbackSite(root / "demo/articles.jsonl", Faults(slow=1.0, slow_seconds=0.2)) as slow:
        words = ["-asince=2026-05-04", "-auntil=2026-05-12", f"-aorigin={slow.origins['vnexpress']}"]
        words += ["-s", f"WARC={tmp_path / 'raw'}"]
        process = start_scrapy(["crawl", "vnexpress", *words], Path.cwd(), env)
        wait_until(lambda: database.articles.count_documents({}) >= 5 or process.poll() is not None, 150)
        process.send_signal(signal.SIGKILL)
        process.wait()
    stored = snapshot(database)
    (file,) = (tmp_path / "raw").iterdir()
    database.articles.delete_many({})
    crawl("vnexpress", offline=True, warc=file)
    after = snapshot(database)
    assert len(stored) >= 5
    assert {link: after[link] for link in stored} == stored, "a stored article is not on record"


def test_a_full_disk_ends_the_crawl_and_loses_nothing(
    crawl: Crawl, stand: LoopbackSite, database: Any, tmp_path: Path
) -> None:
    since, until = stand.spans["vnexpress"]
    where = {"origin": stand.origins["vnexpress"], "since": since, "until": until}
    closing = crawl("vnexpress", expect=1, size=150_000, settings=f"WARC={tmp_path / 'raw'}", **where)
    assert closing["stderr"].count("warc: cannot write to") == 1
    assert closing["reason"] == "archive_lost"
    stored = snapshot(database)
    (file,) = (tmp_path / "raw").iterdir()
    reader = Reader([file])
    kept = {record.url for record in reader.records()}
    assert not reader.damage
    assert set(stored) <= kept
    crawl("vnexpress", settings=f"WARC={tmp_path / 'raw'}", **where)
    assert len(snapshot(database)) > len(stored)


def test_a_folder_that_cannot_be_written_is_one_line(crawl: Crawl, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    closing = crawl("open", expect=2, settings=f"WARC={tmp_path / 'file'}")
    assert closing["stderr"].startswith("warc: cannot write to")
    assert len(closing["stderr"].strip().splitlines()) == 1


@pytest.mark.parametrize(("arguments", "said"), [
    ({"warc": "none.warc.gz"}, "no such file"),
    ({"warc": __file__, "section": "politica"}, "leave section out"),
])  # fmt: skip
def test_what_cannot_start_says_so(crawl: Crawl, arguments: dict[str, str], said: str) -> None:
    closing = crawl("open", expect=2, **arguments)
    assert said in closing["stderr"]
    assert len(closing["stderr"].strip().splitlines()) == 1


# --- files that others wrote -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pages(stand: LoopbackSite) -> dict[str, bytes]:
    return pages_of(stand)


@pytest.mark.parametrize("packed", [True, False])
def test_what_other_tools_write_is_understood(
    crawl: Crawl, database: Any, pages: dict[str, bytes], tmp_path: Path, packed: bool
) -> None:
    links = sorted(pages)[:9]
    bare = [link.replace("https://www.", "http://") for link in links]
    foreign = Foreign(packed, "1.0" if packed else "1.1")
    foreign.add("http://open.online/robots.txt", b"User-agent: GPTBot\nDisallow: /\n", Content_Type="text/plain")
    foreign.add(bare[0], pages[links[0]])
    foreign.add(f"<{links[1]}?utm_source=rss#top>", chunked(pages[links[1]]), Transfer_Encoding="chunked")
    foreign.add(links[2], gzip.compress(pages[links[2]]), Content_Encoding="gzip")
    foreign.add(links[3], chunked(gzip.compress(pages[links[3]])), Transfer_Encoding="chunked", Content_Encoding="gzip")
    foreign.add(links[4], pages[links[4]], Content_Encoding="br", Transfer_Encoding="chunked", TDM_Reservation="1")
    foreign.add(links[5], pages[links[5]], Content_Type="")
    foreign.add(links[6], b"", kind="revisit")
    foreign.add(links[7], b"%PDF-1.7", Content_Type="application/pdf")
    foreign.add(links[8], b"<html>gone</html>", status="404 Not Found")
    foreign.add("https://www.ansa.it/index.shtml", b"<html></html>")
    foreign.add("dns:www.open.online", b"20260520100000", Content_Type="text/dns")
    file = tmp_path / ("other.warc.gz" if packed else "other.warc")
    file.write_bytes(foreign.buffer.getvalue())
    closing = crawl("open", offline=True, warc=file)
    assert closing["counts"] == {"fetched": 6, "stored": 6}, closing
    assert closing["skipped"] == {"revisit_without_original": 1, "not_html": 1, "status_404": 1}
    stored = snapshot(database)
    assert set(stored) == set(links[:6])
    assert {row["crawled_at"] for row in stored.values()} == {datetime(2026, 5, 20, 10, tzinfo=UTC)}
    permission = stored[links[4]]["permission"]
    assert permission["evidence"] == ["header tdm-reservation: 1", "robots.txt: GPTBot disallowed"]
    assert permission["robots"] is True
    assert not closing["stderr"]


@pytest.mark.skipif(not shutil.which("wget"), reason="no wget")
def test_what_wget_writes_is_understood(crawl: Crawl, stand: LoopbackSite, database: Any, tmp_path: Path) -> None:
    newspaper = stand.newspapers["open"]
    links = [story.article.link.replace("https:", "http:") for story in newspaper.stories[:5]]
    # The stand as a proxy: it answers for the newspaper's own address.
    words = ["-q", "--header=Accept-Encoding: gzip", f"--warc-file={tmp_path / 'site'}", "-O", str(tmp_path / "all")]
    words.append("--warc-cdx")
    env = os.environ | {"http_proxy": stand.origins["open"], "no_proxy": ""}
    subprocess.run(["wget", *words, "http://www.open.online/robots.txt", *links], env=env, check=True)
    closing = crawl("open", offline=True, warc=tmp_path / "site.warc.gz")
    assert closing["counts"] == {"fetched": 5, "stored": 5}
    assert closing["requests"] == 0
    for row in database.articles.find():
        story = next(story for story in newspaper.stories if story.article.link == row["link"])
        assert row["content"] == story.article.content
        assert row["permission"]["robots"] is True
    # What it finds again as it was, it writes down as revisits.
    subprocess.run(
        ["wget", words[0], words[1], f"--warc-file={tmp_path / 'again'}", f"--warc-dedup={tmp_path / 'site.cdx'}",
         "--warc-cdx", "-O", str(tmp_path / "all"), *links], env=env, check=True
    )  # fmt: skip
    assert crawl("open", offline=True, warc=tmp_path / "again.warc.gz")["skipped"] == {"revisit_without_original": 5}
    assert crawl("open", offline=True, warc=tmp_path / "*.warc.gz", refresh=1)["skipped"] == {"same_capture": 5}


def test_without_robots_on_record_nobody_knows(
    crawl: Crawl, database: Any, pages: dict[str, bytes], tmp_path: Path
) -> None:
    foreign = Foreign()
    link = min(pages)
    foreign.add(link, pages[link])
    (tmp_path / "a.warc.gz").write_bytes(foreign.buffer.getvalue())
    crawl("open", offline=True, warc=tmp_path)
    permission = database.articles.find_one({"link": link})["permission"]
    assert (permission["robots"], permission["opt_out"]) == (None, False)


def test_captures_of_a_year_become_revisions_in_their_order(
    crawl: Crawl, stand: LoopbackSite, database: Any, pages: dict[str, bytes], tmp_path: Path
) -> None:
    link = min(pages)
    text = next(story for story in stand.newspapers["open"].stories if story.article.link == link).paragraphs[0]
    text = max(re.findall(r"[a-z ]+", text), key=len).encode()
    foreign = Foreign()
    for month in (3, 1, 2):
        changed = pages[link].replace(text, b"%s (versione %d)" % (text, month))
        foreign.add(link, changed, date=f"2026-0{month}-01T00:00:00Z")
    foreign.add(link, pages[link][:2000], date="2026-04-01T00:00:00Z")
    (tmp_path / "a.warc.gz").write_bytes(foreign.buffer.getvalue())
    closing = crawl("open", offline=True, warc=tmp_path / "a.warc.gz")
    assert closing["counts"] == {"fetched": 3, "stored": 1, "updated": 2}
    assert "(versione 3)" in database.articles.find_one({"link": link})["content"]
    old = [row["content"] for row in database.revisions.find({"link": link}).sort("revision")]
    assert ["(versione 1)" in old[0], "(versione 2)" in old[1]] == [True, True]


# --- files that broke ------------------------------------------------------------------------------------------------


def read(tmp_path: Path, data: bytes) -> tuple[set[str], str]:
    file = tmp_path / "broken"
    file.write_bytes(data)
    reader = Reader([file])
    urls = set()
    for record in reader.records():
        again = reader.record_at(record.location)
        assert again is not None
        assert again.block == record.block
        assert exchange_of(again.block) is not None
        urls.add(record.url)
    reader.close()
    return urls, reader.damage.get(file, "")


@pytest.mark.parametrize("packed", [True, False])
def test_every_whole_record_of_a_broken_file_is_read(pages: dict[str, bytes], tmp_path: Path, packed: bool) -> None:
    data, begins = written(pages, 6, packed)
    links = sorted(pages)[:6]
    assert read(tmp_path, data) == (set(links), "")
    assert read(tmp_path, data + b"\0" * 512) == (set(links), "")
    for cut in (begins[3] + 5, begins[3] + 400, len(data) - 40):
        urls, why = read(tmp_path, data[:cut])
        assert urls == set(links[: 3 if cut < begins[4] else 5])
        assert "damaged at byte" in why
    hole = bytearray(data)
    hole[begins[2] + 300 : begins[2] + 900] = random.Random(1).randbytes(600)
    urls, why = read(tmp_path, bytes(hole))
    assert urls == set(links) - {links[2]}
    assert f"damaged at byte {begins[2]:,}" in why
    urls, why = read(tmp_path, b"<html>an error page</html>" + data)
    assert (urls, "damaged at byte 0" in why) == (set(links), True)
    assert read(tmp_path, random.Random(2).randbytes(100_000))[1].endswith("no WARC record in it")
    assert read(tmp_path, b"")[1].endswith("no WARC record in it")


def test_a_file_packed_in_one_piece_is_read(pages: dict[str, bytes], tmp_path: Path) -> None:
    data, _ = written(pages, 6, packed=False)
    whole = gzip.compress(data)
    assert read(tmp_path, whole) == (set(sorted(pages)[:6]), "")
    urls, why = read(tmp_path, whole[: len(whole) // 2])
    assert 0 < len(urls) < 6
    assert "torn" in why


def test_a_torn_file_gives_what_it_has_and_exit_status_1(
    crawl: Crawl, database: Any, pages: dict[str, bytes], tmp_path: Path
) -> None:
    data, begins = written(pages, 6)
    (tmp_path / "torn.warc.gz").write_bytes(data[: begins[5] + 100])
    shutil.copy(__file__, tmp_path / "garbage.warc.gz")
    closing = crawl("open", expect=1, offline=True, warc=f"{tmp_path}/torn.warc.gz,{tmp_path}/garbage.warc.gz")
    assert database.articles.count_documents({}) == 5
    lines = closing["stderr"].strip().splitlines()
    assert len(lines) == 2
    assert f"torn.warc.gz: damaged at byte {begins[5]:,} (torn): 5 whole records used" in lines[0]
    assert "garbage.warc.gz: no WARC record in it" in lines[1]


def test_every_newspaper_is_told_apart(stand: LoopbackSite, tmp_path: Path) -> None:
    urls = {newspaper_of(f"http://{host}/x") for host in ("ansa.it", "www.vnexpress.net", "ilpost.it", "open.online")}
    assert urls == {"ansa", "vnexpress", "ilpost", "open"}
