"""What broken pages do to the reader: nothing but a named refusal may come out, and each within a second.

Pages of the loopback site and the golden pages, mutated by seeded chance; the same seed makes the same pages.
Run: python benchmarks/crawl/bench_mutations.py [--pages 10000] [--seed 1]
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

# The loopback site belongs to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.helpers.truth import golden_pages, loopback_cases
from crawler.page import NotAnArticle, extract

#: newspaper, address, bytes
Page = tuple[str, str, bytes]
Mutation = Callable[[random.Random, bytes], bytes]

MEGABYTES = 20_000_000
DEPTH = 10_000
TAGS = "div b p span ul li blockquote table td a section article svg i font center".split()
CHARSETS = "utf-16 utf-16-le utf-16-be cp1252 iso-8859-1 cp1258 cp437 utf-7 big5 shift_jis koi8-r utf-32".split()
PIECES = (
    b"<", b">", b"</div>", b"<div>", b"<!--", b"-->", b"<script>", b"</script>", b"<style>", b"<title>", b"<table>",
    b"<![CDATA[", b"&#x110000;", b"&#0;", b"&amp", b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"<svg>", b"<template>",
    b'"', b"'", b"<p>", b"</p>", b"</body>", b"</html>", b"<h1>", b"<base href=x>", b"<meta charset=utf-16>", b"{",
    b"]", b"<br>",
)  # fmt: skip


def truncated(chance: random.Random, page: bytes) -> bytes:
    return page[: chance.randrange(len(page))]


def flipped(chance: random.Random, page: bytes) -> bytes:
    """One byte in 10 to 10,000 another one."""
    changed = bytearray(page)
    for _ in range(max(1, len(page) // chance.choice((10, 100, 1000, 10_000)))):
        changed[chance.randrange(len(page))] = chance.randrange(256)
    return bytes(changed)


def nested(chance: random.Random, page: bytes) -> bytes:
    """Tags opened 10,000 deep somewhere, of one kind or of several, closed again or not."""
    kinds = chance.sample(TAGS, chance.choice((1, 2, 5)))
    opened = [chance.choice(kinds) for _ in range(DEPTH)]
    closed = [f"</{tag}>" for tag in reversed(opened)] if chance.random() < 0.5 else []
    position = chance.randrange(len(page))
    middle = "".join([f"<{tag}>" for tag in opened] + ["testo"] + closed)
    return page[:position] + middle.encode() + page[position:]


def swollen(chance: random.Random, page: bytes) -> bytes:
    """An attribute, a text, a comment or a script of 20 MB somewhere behind a tag."""
    filler = chance.choice((b"x", b"parola ", "lỗi ".encode(), b"&amp;", b"()", b"\n", b"=' "))
    filling = filler * (MEGABYTES // len(filler))
    before, after = chance.choice(
        ((b'<p title="', b'">'), (b"<div data-x='", b"'>"), (b"<p>", b"</p>"), (b"<!--", b"-->"), (b"<script>", b""))
    )
    position = page.find(b">", chance.randrange(len(page))) + 1
    return page[:position] + before + filling + after + page[position:]


def miscoded(chance: random.Random, page: bytes) -> bytes:
    """Another charset than declared, or none declared, or one that does not exist."""
    text = page.decode("utf-8", "replace")
    declared = chance.choice(("utf-8", "iso-8859-1", "utf-16", "x-none", ""))
    text = text.replace("utf-8", declared).replace("UTF-8", declared)
    return text.encode(chance.choice(CHARSETS), "replace")


def spliced(chance: random.Random, page: bytes) -> bytes:
    """Pieces of the page moved, doubled and lost; markup in odd places."""
    for _ in range(chance.randrange(1, 30)):
        first, second = sorted(chance.randrange(len(page) + 1) for _ in range(2))
        piece = chance.choice((page[first : min(second, first + 2000)], chance.choice(PIECES)))
        position = chance.randrange(len(page) + 1)
        page = page[:position] + piece + page[position + chance.choice((0, len(piece))) :]
    return page


#: kind -> (share of the pages, mutation); 20 MB take long to make
KINDS: dict[str, tuple[float, Mutation]] = {
    "truncated": (0.22, truncated),
    "bytes flipped": (0.24, flipped),
    "nested 10,000 deep": (0.10, nested),
    "20 MB in one place": (0.02, swollen),
    "wrong charset": (0.18, miscoded),
    "spliced": (0.24, spliced),
}


def originals() -> list[Page]:
    loopback_pages = [(case.newspaper, case.url, case.html) for case in loopback_cases()]
    return [*loopback_pages, *golden_pages()]


def mutated(pages: list[Page], number: int, seed: int) -> Iterator[tuple[str, Page]]:
    """(kind, page) for each mutation."""
    chance = random.Random(seed)
    for kind, (share, mutation) in KINDS.items():
        for _ in range(round(number * share)):
            newspaper, url, html = chance.choice(pages)
            yield kind, (newspaper, url, mutation(chance, html))


def outcome(page: Page) -> tuple[str, float]:
    """("article" | reason | "escaped: …", processor seconds: others may share the machine)."""
    newspaper, url, html = page
    began = time.process_time()
    try:
        extract(html, url, newspaper)
        result = "article"
    except NotAnArticle as refused:
        result = refused.reason if refused.reason != "unreadable" else f"escaped: {refused}"
    except BaseException as error:  # noqa: BLE001  whatever escapes is what is counted
        result = f"escaped: {type(error).__name__}: {error}"
    return result, time.process_time() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    times: dict[str, list[float]] = defaultdict(list)
    escaped: list[str] = []
    for kind, page in mutated(originals(), options.pages, options.seed):
        result, seconds = outcome(page)
        if result.startswith("escaped"):
            escaped.append(f"{kind}: {page[1]}: {result}")
        outcomes[kind][result.partition(":")[0]] += 1
        times[kind].append(seconds)
    print("| kind | pages | articles | refusals | by reason | max s | escaped |\n|---|---:|---:|---:|---|---:|---:|")
    for kind, counts in outcomes.items():
        articles, escapes = counts["article"], counts["escaped"]
        reasons = ", ".join(f"{name} {n}" for name, n in counts.most_common() if name not in ("article", "escaped"))
        total = counts.total()
        row = [kind, total, articles, total - articles - escapes, reasons, f"{max(times[kind]):.2f}", escapes]
        print(f"| {' | '.join(map(str, row))} |")
    print("\n".join(escaped[:20]))
    return int(bool(escaped) or max(map(max, times.values())) > 1)


if __name__ == "__main__":
    sys.exit(main())
