"""Feeds and sitemaps are read whole, however they are packed, and never take more memory than their limit allows."""

from __future__ import annotations

import gzip
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.feeds import TooLargeError, is_empty_document, pieces_of, root_of, text_in

SITEMAP = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    + b"<url><loc>https://www.open.online/2026/05/01/perch\xc3\xa9/</loc></url>" * 3000
    + b"</urlset>\n"
)


@pytest.mark.parametrize(
    "body",
    [
        SITEMAP,
        b"\n \n" + SITEMAP,
        gzip.compress(SITEMAP),
        # Two members, as servers write that append.
        gzip.compress(SITEMAP[:1000]) + gzip.compress(SITEMAP[1000:]),
        SITEMAP.decode().replace("UTF-8", "ISO-8859-1").encode("latin-1"),
        SITEMAP + b"<!-- cached --> stray & words",
    ],
    ids=["plain", "blanks", "packed", "members", "latin", "stray"],
)
def test_every_entry_is_read(body: bytes) -> None:
    links = [text_in(node, "loc") for node in root_of(body).iter("{*}url")]
    assert links == ["https://www.open.online/2026/05/01/perché/"] * 3000


@pytest.mark.parametrize(
    "body",
    [b"", b" \n ", gzip.compress(b""), gzip.compress(SITEMAP)[:-300], b"\x1f\x8bnothing"],
    ids=["nothing", "blanks", "packed", "torn", "no_gzip"],
)
def test_a_document_without_anything_to_read_is_empty(body: bytes) -> None:
    assert is_empty_document(root_of(body))


@given(st.binary(max_size=300_000), st.integers(1, 3))
def test_unpacking_gives_back_what_was_packed(data: bytes, members: int) -> None:
    part = -(-len(data) // members) or 1
    packed = b"".join(gzip.compress(data[begin : begin + part]) for begin in range(0, len(data), part))
    assert b"".join(pieces_of(packed)) == data


@given(st.integers(0, 400_000), st.integers(0, 400_000))
def test_the_limit_is_exact(size: int, limit: int) -> None:
    packed = gzip.compress(bytes(size))
    if size <= limit:
        assert sum(map(len, pieces_of(packed, limit))) == size
    else:
        with pytest.raises(TooLargeError):
            list(pieces_of(packed, limit))


#: what unpacks to gigabytes: blanks, elements, attributes, one text
BOMBS = {
    "blanks": ("b' ' * (1 << 20)", 900),
    "elements": ("b'<url/>' * (1 << 17)", 60),
    "attributes": ("b'<a ' + b'b=\"\" ' * (1 << 17) + b'/>'", 60),
    "text": ("b'x' * (1 << 20)", 60),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_in_little_memory(kind: str) -> None:
    piece, times = BOMBS[kind]
    program = f"""
import resource, zlib
from crawler.feeds import TooLargeError, is_empty_document, root_of
packer = zlib.compressobj(9, zlib.DEFLATED, 31)
piece = {piece}
body = packer.compress(b"<urlset>") + b"".join(packer.compress(piece) for _ in range({times})) + packer.flush()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    print(is_empty_document(root_of(body)))
except TooLargeError:
    print("too large")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    outcome, megabytes = done.stdout.split("\n")[:2]
    # libxml2 itself gives up a text of 10 MB.
    assert outcome == ("too large" if kind != "text" else outcome)
    assert int(megabytes) < 150
