"""Fragments that articles offer, beside paragraphs taken at random: how many, which kinds, refused for what.

    python benchmarks/reverse/bench_fragments.py [--data ../shared/data] [--half 0|1] [--show N]

Rules were chosen on articles whose link's sha256 begins with an even byte (`--half 0`); the others are for reading:
`--show 40` prints a draw of them. Whether a text stands alone is for people to say: what was read, and how many of
it stood alone, is in RESULTS.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from synth.language import detect
from synth.llm.extractive.prose import small_pairs
from synth.reverse.fragments.candidates import Candidate, candidates
from synth.reverse.fragments.spans import paragraphs, sentence_spans
from synth.reverse.fragments.standing import (
    weakness_of_fragment,
    weakness_of_opening,
    weakness_of_sentence,
)

FILES = {"it": ("it_news_2024/articles.jsonl", "content", "link"), "vi": ("vi_vnmds/docs.jsonl", "text", "url")}
#: Words of a random paragraph at least.
LONG_ENOUGH = 25


def articles(data: Path, language: str, half: int | None) -> Iterator[dict[str, Any]]:
    """The articles of one half, as they are stored as far as fragments need it."""
    name, text, link = FILES[language]
    seen: set[str] = set()
    for line in (data / name).read_text(encoding="utf-8").split("\n"):
        row = json.loads(line or "{}")
        content = "\n\n".join(" ".join(part.split()) for part in (row.get(text) or "").split("\n\n") if part.strip())
        if not content or row[link] in seen or (half is not None and parity(row[link]) != half):
            continue
        seen.add(row[link])
        yield {"title": row["title"], "link": row[link], "content": content, "language": language}


def parity(link: str) -> int:
    return hashlib.sha256(link.encode()).digest()[0] % 2


def weakness_of_paragraph(article: dict[str, Any], chance: random.Random) -> str | None:
    """Why a paragraph taken at random does not stand alone; "" for nothing, None where the article has none."""
    content, language = article["content"], article["language"]
    blocks = [sentence_spans(content, span, language) for span in paragraphs(content)]
    blocks = [block[:5] for block in blocks if sum(sentence.words for sentence in block) >= LONG_ENOUGH]
    if not blocks:
        return None
    block, pairs = chance.choice(blocks), small_pairs(content)
    reasons = [weakness_of_sentence(sentence, language, pairs) for sentence in block]
    reasons.append(weakness_of_opening(block[0], language))
    reasons.append(weakness_of_fragment(content, article["title"], block, language))
    return next((reason for reason in reasons if reason), "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--show", type=int, default=0, metavar="N")
    options = parser.parse_args()
    print(
        "| language | articles | with a fragment | articles, leads, paragraphs | mean words | articles a CPU second |"
    )
    print("|---|---:|---:|---|---:|---:|")
    reasons: dict[str, Counter[str]] = {}
    detect("Nobody knows which language these few words are in, but the detector's tables are read.")
    for language in FILES:
        rows = list(articles(options.data, language, options.half))
        start = time.process_time()
        offers = [(row, candidates(row)) for row in rows]
        seconds = time.process_time() - start
        print_row(language, offers, len(rows) / seconds)
        chance = random.Random(0)
        found = [weakness_of_paragraph(row, chance) for row in rows]
        reasons[language] = Counter(reason or "none" for reason in found if reason is not None)
        if options.show:
            show([(row, offer) for row, parts in offers for offer in parts[:1]], options.show)
    print("\nA paragraph of each article at random, five sentences at most; % by the first reason against it:\n")
    for language, counts in reasons.items():
        total = counts.total()
        shares = (f"{name.replace('_', ' ')} {100 * count / total:.0f}" for name, count in counts.most_common())
        print(f"- {language} ({total}): " + ", ".join(shares))


def print_row(language: str, offers: list[tuple[dict[str, Any], list[Candidate]]], rate: float) -> None:
    parts = [offer for _, own in offers for offer in own]
    kinds = Counter(offer.kind for offer in parts)
    words = sum(offer.words for offer in parts) / max(1, len(parts))
    share = sum(bool(own) for _, own in offers)
    by_kind = ", ".join(str(kinds[kind]) for kind in ("article", "lead", "paragraph"))
    found = f"{share} ({100 * share / len(offers):.0f} %)"
    print(f"| {language} | {len(offers)} | {found} | {by_kind} | {words:.0f} | {rate:.0f} |")


def show(offers: list[tuple[dict[str, Any], Candidate]], number: int) -> None:
    for row, offer in random.Random(1).sample(offers, min(number, len(offers))):
        print(f"\n{offer.kind}: {row['title']}\n{row['content'][offer.start : offer.end]}")


if __name__ == "__main__":
    main()
