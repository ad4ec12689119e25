"""Scores read from judges' replies: how many, how rightly, and how many are made up where there is none.

The replies are 299 real ones of Gemini, put together again from the score that the older system found in them and what
came after it. First they are read as they are; then the same explanations are dressed in other ways of writing the same
score, as models do; then in ways that say none, where every score that is read is made up. Beside parse_reply two
floors: the first number anywhere (the older system's expression), and the first number of the first line.

Run: python benchmarks/llm/bench_judge.py [--data ../shared/data/judge_replies.jsonl]
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from synth.judge.reply_parser import parse_reply

ROOT = Path(__file__).resolve().parents[2]
Reader = Callable[[str], float | None]
#: (score, explanation) -> a reply.
Form = Callable[[float, str], str]


class Reply(NamedTuple):
    score: float
    explanation: str


#: Ways of writing a score.
SCORED: dict[str, Form] = {
    "4 (as it was)": lambda score, told: f"{score:g}\n{told}",
    "4/5": lambda score, told: f"{score:g}/5\n{told}",
    "**4**": lambda score, told: f"**{score:g}**\n\n{told}",
    "4.5": lambda score, told: f"{halved(score):g}\n{told}",
    "4,5 (Italian, Vietnamese)": lambda score, told: f"{halved(score):g}".replace(".", ",") + f"\n{told}",
    "Score: 4": lambda score, told: f"Score: {score:g}\n{told}",
    "### Score\\n4/5": lambda score, told: f"### Score\n{score:g}/5\n\n### Explanation\n{told}",
    "Accuracy (0-5): 4": lambda score, told: f"Accuracy (0-5): {score:g}\n{told}",
    "1. Score: 4": lambda score, told: f"1. Score: {score:g}\n2. {told.strip()}",
    "Punteggio: 4,0": lambda score, told: f"Punteggio: {score:.1f}".replace(".", ",") + f"\n{told}",
    "Điểm: 4/5": lambda score, told: f"Điểm: {score:g}/5\n{told}",
    "4 - explanation": lambda score, told: f"{score:g} - {told.strip()}",
    "JSON": lambda score, told: json.dumps({"score": score, "explanation": told}),
    "JSON, fenced": lambda score, told: f"```json\n{json.dumps({'score': score, 'explanation': told}, indent=2)}\n```",
    "JSON, cut off": lambda score, told: json.dumps({"score": score, "explanation": told})[:-20],
    "<think>3 … 2</think>4": lambda score, told: f"<think>\nMaybe 3, no, 2.\n</think>\n\n{score:g}\n{told}",
    "explanation\\nScore: 4": lambda score, told: f"{told.strip()}\n\n**Score: {score:g}**",
}
#: Replies without a score, where every number that is read is made up.
NONE: dict[str, Form] = {
    "explanation alone": lambda _score, told: told,
    "in a sentence: I give it 4": lambda score, told: f"I would give it {score:g}.\n{told}",
    "a year: In 2024 …": lambda _score, told: f"In 2024 this was true.\n{told}",
    "a count: 4 errors …": lambda score, told: f"{score:g} errors are in it.\n{told}",
    "a range: 3-4": lambda score, told: f"{max(score - 1, 0):g}-{max(score, 1):g}\n{told}",
    "4 or 5": lambda score, told: f"Score: {max(score - 1, 0):g} or {max(score, 1):g}\n{told}",
    "out of range: 6": lambda score, told: f"{score + 6:g}\n{told}",
    "negative: -1": lambda score, told: f"-{score + 1:g}\n{told}",
    "another scale: 8/10": lambda score, told: f"{2 * score:g}/10\n{told}",
    "per cent: 80%": lambda score, told: f"{20 * score:g}%\n{told}",
    "a list: 1. … 2. …": lambda _score, told: f"1. It is clear.\n2. It is short.\n{told}",
    "two that differ": lambda score, told: f"Score: {score:g}\n{told.strip()}\nFinal score: {abs(score - 1):g}",
    "thinking, cut off": lambda score, told: f"<think>\nThe score is {score:g}\n{told}",
    "JSON without a score": lambda _score, told: json.dumps({"score": None, "explanation": told, "errors": 3}),
    "empty": lambda _score, _told: "",
}


def halved(score: float) -> float:
    return score - 0.5 if score else 0.5


def first_number(text: str) -> float | None:
    """What the older system did."""
    found = re.search(r"\d+(?:\.\d+)?", text)
    return float(found[0]) if found else None


def first_line(text: str) -> float | None:
    found = re.search(r"\d+(?:\.\d+)?", text.strip().partition("\n")[0])
    return float(found[0]) if found else None


READERS: dict[str, Reader] = {
    "newsmill": lambda text: parse_reply(text, "accuracy")[0], "first number": first_number, "first line": first_line,
}  # fmt: skip


def real_replies(path: Path) -> list[Reply]:
    rows = (json.loads(line) for line in path.open(encoding="utf-8"))
    return [
        Reply(float(row["accuracy"]), row["acc_explanation"]) for row in rows
        if row["accuracy"] is not None and row["accuracy"] >= 0
    ]  # fmt: skip


def expected(form: str, score: float) -> float:
    return halved(score) if form.startswith(("4.5", "4,5")) else score


def right(reader: Reader, replies: list[Reply], form: str) -> float:
    """Share of replies of which the score that is written is read."""
    write = SCORED[form]
    return sum(reader(write(*one)) == expected(form, one.score) for one in replies) / len(replies)


def made_up(reader: Reader, replies: list[Reply], form: str) -> float:
    """Share of replies without a score of which one is read that would be stored (0 to 5)."""
    read = [reader(NONE[form](*one)) for one in replies]
    return sum(score is not None and 0 <= score <= 5 for score in read) / len(replies)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/data/judge_replies.jsonl", metavar="FILE")
    options = parser.parse_args()
    replies = real_replies(options.data)
    table = Table(title=f"Scores read from {len(replies)} real replies, written in several ways")
    for name in ("form", "right is", *READERS):
        table.add_column(name, justify="left" if name in ("form", "right is") else "right")
    for form in SCORED:
        cells = [f"{right(reader, replies, form):.1%} right" for reader in READERS.values()]
        table.add_row(form.replace("[", "\\["), "the score", *cells)
    for form in NONE:
        cells = [f"{made_up(reader, replies, form):.1%} made up" for reader in READERS.values()]
        table.add_row(form.replace("[", "\\["), "none", *cells)
    began = time.perf_counter()
    for one in replies:
        parse_reply(SCORED["4 (as it was)"](*one), "accuracy")
    console = Console(width=120)
    console.print(table)
    console.print(f"{1e6 * (time.perf_counter() - began) / len(replies):.0f} µs a reply")


if __name__ == "__main__":
    main()
