"""Rows about the language itself: how many of those that a person marked are told apart, and how many others are.

    python benchmarks/translation/bench_language_bound.py [--data ../shared/data] [--alpaca FILE] [--half apart|chosen]

Labels are row numbers (benchmarks/labels/language_bound.json), by one reader: bound where the right answer depends on
words, letters, sounds or grammar of the language; `either` where that can be disputed, counted nowhere. Rules were
chosen on rows of even number; the figures are of odd ones. --alpaca: the first 1,807 rows of Alpaca as in
wushihong615/LLM-backdoor-detection@f398343, alpaca_data.json. Beside ours: the limit, and a list of keywords alone.

Then demands on the form of an answer, found in the instructions of Marco-Bench-MIF (en, fr, es), by odd key.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from synth.translation.language_bound import classify
from synth.translation.language_bound.constraints import constraints
from synth.translation_report import wilson

LABELS = Path(__file__).resolve().parents[1] / "labels/language_bound.json"
#: What a simple filter looks for.
KEYWORDS = {
    "en": r"rhym|anagram|spell|gramma|synonym|antonym|translat|syllab|letter|alphabet|idiom|proverb|noun|verb",
    "vi": r"vần|chính tả|ngữ pháp|đồng nghĩa|trái nghĩa|dịch|âm tiết|chữ cái|thành ngữ|tục ngữ|danh từ|động từ",
}
#: instruction_id of Marco-Bench-MIF -> our kind.
KINDS = {
    "number_words": "words", "number_sentences": "sentences", "number_paragraphs": "paragraphs",
    "number_bullet_lists": "bullets", "number_placeholders": "placeholders", "forbidden_words": "forbidden",
    "frequency": "keyword", "existence": "keyword", "letter_frequency": "letter", "quotation": "quotation",
    "title": "title", "no_comma": "no_comma", "english_lowercase": "lowercase", "english_capital": "uppercase",
    "repeat_prompt": "repeat_prompt", "end_checker": "end", "postscript": "postscript", "json_format": "json",
    "two_responses": "two_responses",
}  # fmt: skip


def rows_of(name: str, options: argparse.Namespace) -> list[dict[str, str]]:
    """{instruction, input, output} of a labelled set; [] where it is not there."""
    path = options.alpaca if name == "alpaca_1807" else options.data / f"{name}.jsonl"
    if path is None or not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    rows = json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]
    names = {"prompt": "instruction", "response": "output"}
    return [{"input": "", **{names.get(key, key): value for key, value in row.items()}} for row in rows]


def labelled(name: str, options: argparse.Namespace) -> Iterator[tuple[dict[str, str], bool]]:
    """(row, whether it is bound) of one half, without what can be disputed and what nobody read."""
    labels = json.loads(LABELS.read_text(encoding="utf-8"))[name]
    unread = range(*labels.get("unread", [0, 0]))
    # Rows that two sets share are counted once.
    shared = {row["instruction"] for row in rows_of("alpaca_en_1000", options)} if name == "alpaca_1807" else set()
    for number, row in enumerate(rows_of(name, options)):
        if number % 2 != (options.half == "apart") or number in labels["either"] or number in unread:
            continue
        if row["instruction"] not in shared:
            yield row, number in labels["bound"]


def by_keywords(row: Mapping[str, Any], language: str) -> bool:
    return re.search(KEYWORDS[language], str(row["instruction"]), re.IGNORECASE) is not None


def share(count: int, total: int) -> str:
    interval = wilson(count, total)
    return f"{count / total:.3f} ({interval[0]:.3f}-{interval[1]:.3f})" if interval else "-"


def measure(name: str, options: argparse.Namespace) -> None:
    language = "vi" if "_vi_" in name else "en"
    rows = list(labelled(name, options))
    if not rows:
        return
    ways: dict[str, Callable[[Mapping[str, Any], str], object]] = {"newsmill": classify, "keywords alone": by_keywords}
    for way, tell in ways.items():
        # The detector's model is loaded once.
        tell({"instruction": "Translate the text.", "output": "Il treno arriva in ritardo."}, language)
        start = time.perf_counter()
        marks = [(bool(tell(row, language)), is_bound) for row, is_bound in rows]
        seconds = time.perf_counter() - start
        right, marked = sum(mark and is_bound for mark, is_bound in marks), sum(mark for mark, _ in marks)
        bound = sum(is_bound for _, is_bound in marks)
        print(
            f"| {name} | {way} | {bound} | {share(right, bound)} | {share(right, marked)} | "
            f"{share(marked - right, len(rows) - bound)} | {len(rows) / seconds:,.0f} |"
        )


def measure_demands(options: argparse.Namespace) -> None:
    for name, language in (("en", "en"), ("fr", "fr"), ("es_local", "es")):
        path = options.data / f"pairs/marco_mif/{name}.jsonl"
        if not path.exists():
            return
        wanted: Counter[str] = Counter()
        seen: Counter[str] = Counter()
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["key"] % 2 != (options.half == "apart"):
                continue
            # "4 sections divided by ***" is the same demand as so many paragraphs.
            names = {"sections": "paragraphs"}
            kinds = {names.get(demand.kind, demand.kind) for demand in constraints(row["prompt"], language)}
            for identifier in row["instruction_id_list"]:
                if kind := KINDS.get(identifier.partition(":")[2]):
                    wanted[kind] += 1
                    seen[kind] += kind in kinds
        worst = ", ".join(
            f"{kind} {seen[kind]}/{wanted[kind]}" for kind in sorted(wanted, key=lambda k: seen[k] / wanted[k])[:3]
        )
        print(f"| {name} | {wanted.total()} | {share(seen.total(), wanted.total())} | {worst} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--alpaca", type=Path)
    parser.add_argument("--half", choices=("apart", "chosen"), default="apart")
    options = parser.parse_args()
    print("| rows | way | bound | found | right of those marked | others marked | rows a second |")
    print("|---|---|---:|---|---|---|---:|")
    for name in ("alpaca_en_1000", "alpaca_1807", "alpaca_vi_1000"):
        measure(name, options)
    print("\n| instructions | demands | found | least found |\n|---|---:|---|---|")
    measure_demands(options)


if __name__ == "__main__":
    main()
