"""Records of WARC files that name others instead of repeating them; and those that are too long for a page."""

from __future__ import annotations

import functools
import gzip
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler.warc.reader import Reader
from demo.loopback_site.server import LoopbackSite
from tests.crawler.warc.warcs import Crawl, Foreign, crawling, digest_of, pages_of, written

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def crawl(database_uri: str, tmp_path: Path) -> Crawl:
    return crawling(database_uri, tmp_path)


@pytest.fixture(scope="module")
def stand(root: Path) -> Iterator[LoopbackSite]:
    with LoopbackSite(root / "demo/articles.jsonl") as site:
        yield site


@pytest.fixture(scope="module")
def pages(stand: LoopbackSite) -> dict[str, bytes]:
    return pages_of(stand)


# --- revisits --------------------------------------------------------------------------------------------------------

FIRST, CHANGED, BACK = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"


def two_versions(page: bytes, link: str, pack: Callable[[bytes], bytes] = bytes, **headers: str) -> bytes:
    """A file of a page as it was first, and as it was changed."""
    foreign = Foreign()
    foreign.add(link, pack(page), date=FIRST, **headers)
    foreign.add(link, pack(page.replace(b"</p>", b" Aggiornato.</p>", 1)), date=CHANGED, **headers)
    return foreign.buffer.getvalue()


def bare(url: str, body: bytes) -> bytes:
    """A record without digests: not all tools write them."""
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
    return gzip.compress(head_of(url, len(http)) + http + b"\r\n\r\n")


def head_of(url: str, length: int) -> bytes:
    head = (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: {FIRST}\r\n"
        f"WARC-Record-ID: <urn:uuid:b>\r\nContent-Type: application/http\r\nContent-Length: {length}\r\n\r\n"
    )
    return head.encode()


def back(link: str, told: dict[str, str], status: str = "200 OK", **headers: str) -> bytes:
    """A newer file, that says: the page is as it was first."""
    foreign = Foreign()
    foreign.again(link, BACK, told, status, **headers)
    return foreign.buffer.getvalue()


@pytest.mark.parametrize("by", ["digest", "target", "id"])
def test_a_revisit_takes_the_payload_it_names(
    crawl: Crawl, database: Any, pages: dict[str, bytes], tmp_path: Path, by: str
) -> None:
    link = min(pages)
    before = two_versions(pages[link], link)
    first = next(iter(ArchiveIterator(BytesIO(before)))).rec_headers.get_header("WARC-Record-ID")
    told = {
        "digest": {"Payload-Digest": digest_of(pages[link])},
        "target": {"Refers-To-Target-URI": link.replace("https", "http"), "Refers-To-Date": FIRST},
        "id": {"Refers-To": first},
    }
    # The file of the revisit comes first: wherever the answer lies, it is found.
    (tmp_path / "a.warc.gz").write_bytes(back(link, told[by]))
    (tmp_path / "b.warc.gz").write_bytes(before)
    closing = crawl("open", offline=True, warc=tmp_path)
    assert closing["counts"] == {"fetched": 3, "stored": 1, "updated": 2}, closing
    assert closing["skipped"] == {}
    row = database.articles.find_one({"link": link})
    assert "Aggiornato." not in row["content"]
    assert row["crawled_at"] == datetime.fromisoformat(BACK)
    old = database.revisions.find({"link": link}).sort("revision")
    assert ["Aggiornato." in each["content"] for each in old] == [False, True]


def test_a_revisit_of_the_newest_text_is_the_same_capture(
    crawl: Crawl, database: Any, pages: dict[str, bytes], tmp_path: Path
) -> None:
    link, other = sorted(pages)[:2]
    foreign = Foreign()
    foreign.again(link, CHANGED, {"Refers-To-Target-URI": link, "Refers-To-Date": FIRST}, "304 Not Modified")
    # A payload of one address under another one: a text with two links, as when both had been written down.
    foreign.again(other, CHANGED, {"Refers-To": "<urn:uuid:b>"})
    (tmp_path / "a.warc.gz").write_bytes(bare(link, pages[link]) + foreign.buffer.getvalue())
    closing = crawl("open", offline=True, warc=tmp_path)
    assert closing["skipped"] == {"same_capture": 1}
    assert closing["counts"]["fetched"] == 2
    assert database.articles.count_documents({}) == 1


@pytest.mark.parametrize(
    ("told", "status", "name"),
    [
        ({"Payload-Digest": digest_of(b"never seen")}, "200 OK", "revisit_without_original"),
        ({"Refers-To-Date": "2026-01-02T00:00:00Z"}, "200 OK", "revisit_without_original"),
        # What lies at that address and date has another payload than the revisit had.
        ({"Payload-Digest": digest_of(b"x"), "Refers-To-Date": FIRST}, "200 OK", "revisit_without_original"),
        ({"Refers-To-Date": FIRST}, "404 Not Found", "status_404"),
        ({}, "200 OK", "revisit_without_original"),
    ],
)
def test_a_revisit_that_leads_nowhere_has_a_name(
    crawl: Crawl, database: Any, pages: dict[str, bytes], tmp_path: Path, told: dict[str, str], status: str, name: str
) -> None:
    link = min(pages)
    (tmp_path / "a.warc.gz").write_bytes(two_versions(pages[link], link) + back(link, told, status))
    closing = crawl("open", offline=True, warc=tmp_path)
    assert closing["skipped"] == {name: 1}
    assert closing["counts"] == {"fetched": 2, "stored": 1, "updated": 1}
    assert not closing["stderr"]


def test_what_a_revisit_says_itself_holds(crawl: Crawl, database: Any, pages: dict[str, bytes], tmp_path: Path) -> None:
    """Rights may be reserved since; and robots.txt is what is found unchanged most often."""
    link = min(pages)
    pack = functools.partial(gzip.compress, mtime=0)
    told = {"Payload-Digest": digest_of(pack(pages[link]))}
    before = two_versions(pages[link], link, pack, Content_Encoding="gzip")
    # What it says of a body that it has not got does not count.
    later = back(link, told, TDM_Reservation="1", Content_Encoding="identity")
    robots, rules = "https://www.open.online/robots.txt", Foreign()
    rules.add(robots, b"User-agent: GPTBot\nDisallow: /\n", Content_Type="text/plain", date=FIRST)
    rules.add(robots, b"User-agent: *\nAllow: /\n", Content_Type="text/plain", date=CHANGED)
    rules.again(robots, "2026-02-28T00:00:00Z", {"Refers-To-Target-URI": robots, "Refers-To-Date": FIRST})
    (tmp_path / "a.warc.gz").write_bytes(before + later + rules.buffer.getvalue())
    closing = crawl("open", offline=True, warc=tmp_path)
    assert closing["counts"] == {"fetched": 3, "stored": 1, "updated": 2}
    evidence = ["header tdm-reservation: 1", "robots.txt: GPTBot disallowed"]
    assert database.articles.find_one({"link": link})["permission"]["evidence"] == evidence
    middle = database.revisions.find_one({"link": link, "revision": 1})
    assert middle["permission"]["evidence"] == []


# --- packed to do harm -----------------------------------------------------------------------------------------------

PEAK = """
import resource, sys
from pathlib import Path
from crawler.warc.reader import Reader
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000_000, 50_000_000))
reader = Reader([Path(sys.argv[1])], 1_000_000)
for record in reader.records():
    print(record.kind, record.too_large, len(record.block), record.url)
print(reader.damage)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def bomb(url: str, size: int, declared: int | None = None) -> bytes:
    """A packed record whose body is `size` zeros."""
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>"
    length = len(http) + size if declared is None else declared
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS + 16)
    parts = [packer.compress(head_of(url, length) + http)]
    zeros = bytes(1 << 20)
    parts += [packer.compress(zeros[: min(len(zeros), size - begin)]) for begin in range(0, size, len(zeros))]
    return b"".join([*parts, packer.compress(b"\r\n\r\n"), packer.flush()])


def peak(file: Path) -> tuple[list[str], str, int]:
    """Records, damage and megabytes of a process that reads a file, and may not fill a disk meanwhile."""
    done = subprocess.run([sys.executable, "-c", PEAK, str(file)], capture_output=True, text=True, check=True)
    *records, damage, megabytes = done.stdout.splitlines()
    return records, damage, int(megabytes)


def test_a_bomb_is_named_and_takes_no_memory(pages: dict[str, bytes], tmp_path: Path) -> None:
    data, _ = written(pages, 2)
    file = tmp_path / "a.warc.gz"
    file.write_bytes(data)
    usual = peak(file)[2]
    link, size = min(pages), 400_000_000
    for packed in (bomb(link, size), bomb(link, size, declared=100)):
        file.write_bytes(data + packed + data)
        records, damage, megabytes = peak(file)
        assert [line.split()[1] for line in records].count("False") >= 4
        assert megabytes < usual + 30, f"{megabytes} MB for a bomb, {usual} MB without"
        assert damage == "{}"
    assert [line for line in peak(file)[0] if line.startswith("response False 100 ")]
    file.write_bytes(bomb(link, size))
    assert peak(file)[0] == [f"response True 0 {link}"]


def test_a_bomb_among_records_packed_in_one_leaves_the_others(pages: dict[str, bytes], tmp_path: Path) -> None:
    data, _ = written(pages, 3, packed=False)
    large = gzip.decompress(bomb(min(pages), 3_000_000))
    for name, content in (("one.gz", gzip.compress(data + large + data)), ("plain", data + large + data)):
        (tmp_path / name).write_bytes(content)
        reader = Reader([tmp_path / name], 1_000_000)
        records = list(reader.records())
        assert [record.too_large for record in records].count(True) == 1
        assert [record.url for record in records if not record.too_large] == sorted(pages)[:3] * 2
        again = [reader.record_at(record.location) for record in records if not record.too_large]
        assert [each.block for each in again if each] == [each.block for each in records if not each.too_large]
        assert not reader.damage
        reader.close()


def test_a_bomb_that_lies_about_its_length_is_damage(pages: dict[str, bytes], tmp_path: Path) -> None:
    file = tmp_path / "a.warc.gz"
    for packed in (bomb(min(pages), 5_000, declared=10**12), gzip.compress(bytes(5_000_000))):
        file.write_bytes(packed)
        reader = Reader([file], 1_000_000)
        assert list(reader.records()) == []
        assert "no WARC record in it" in reader.damage[file]
    data, _ = written(pages, 2, packed=False)
    file.write_bytes(gzip.compress(data + gzip.decompress(bomb(min(pages), 5_000, declared=10**12))))
    reader = Reader([file], 1_000_000)
    assert [record.url for record in reader.records()] == sorted(pages)[:2]
    assert "no whole record" in reader.damage[file]


def test_what_is_larger_than_any_page_is_counted_and_left(
    crawl: Crawl, database: Any, pages: dict[str, bytes], tmp_path: Path
) -> None:
    """Whether the record is too long, or what its server packed: each has a name, and neither is missing."""
    links = sorted(pages)[:3]
    foreign = Foreign()
    foreign.add(links[0], pages[links[0]])
    foreign.add(links[1], gzip.compress(b"<html>" + bytes(3_000_000)), Content_Encoding="gzip")
    (tmp_path / "a.warc.gz").write_bytes(foreign.buffer.getvalue() + bomb(links[2], 3_000_000))
    closing = crawl("open", offline=True, warc=tmp_path, settings="DOWNLOAD_MAXSIZE=1000000")
    assert closing["counts"] == {"fetched": 1, "stored": 1}
    assert closing["skipped"] == {"too_large": 2}
    assert closing["incomplete"] == 0


def test_files_packed_with_zstandard_are_refused_in_one_line(crawl: Crawl, database: Any, tmp_path: Path,
                                                             pages: dict[str, bytes]) -> None:  # fmt: skip
    data, _ = written(pages, 2, packed=False)
    # The frame of a dictionary, as ArchiveTeam's files begin with.
    for begin in (b"\x28\xb5\x2f\xfd", b"\x5d\x2a\x4d\x18"):
        (tmp_path / "site.warc.zst").write_bytes(begin + bytes(100))
        for named in (tmp_path, tmp_path / "site.warc.zst", tmp_path / "*"):
            closing = crawl("open", expect=2, warc=named)
            assert "site.warc.zst is packed with Zstandard" in closing["stderr"]
            assert f"zstd -d {tmp_path / 'site.warc.zst'}" in closing["stderr"]
            assert len(closing["stderr"].strip().splitlines()) == 1
    # zstd leaves the packed file beside what it unpacks.
    (tmp_path / "site.warc").write_bytes(data)
    for named in (tmp_path, tmp_path / "site.warc.zst"):
        database.articles.delete_many({})
        assert crawl("open", offline=True, warc=named)["counts"] == {"fetched": 2, "stored": 2}
