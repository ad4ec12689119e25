"""Scores read from judges' replies: how many, how rightly, and how many are made up where there is none.

The replies are 299 real ones of Gemini, put together again from the score that the older system found in them and what
came after it. First they are read as they are; then the same explanations are dressed in other ways of writing the same
score, as models do; then in ways that say none, where every score that is read is made up. Beside parse_reply two
floors: the first number anywhere (the older system's expression), and the first number of the first line.
The table has the share of replies read rightly, or with a made-up score; the last line is the time of one reading.

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

from synth.judgements.reply_parser import parse_reply

ROOT = Path(__file__).resolve().parents[2]
Reader = Callable[[str], float | None]
#: (score, explanation) -> a reply.
Form = Callable[[float, str], str]


class Reply(NamedTuple):
    score: float
    explanation: str


#: Ways of writing a score.
SCORED: dict[str, Form] = {
    "4 (as it was)": lambda score, explanation: f"{score:g}\n{explanation}",
    "4/5": lambda score, explanation: f"{score:g}/5\n{explanation}",
    "**4**": lambda score, explanation: f"**{score:g}**\n\n{explanation}",
    "4.5": lambda score, explanation: f"{half_point_off(score):g}\n{explanation}",
    "4,5 (Italian, Vietnamese)": lambda score, explanation: (
        f"{half_point_off(score):g}".replace(".", ",") + f"\n{explanation}"
    ),
    "Score: 4": lambda score, explanation: f"Score: {score:g}\n{explanation}",
    "### Score\\n4/5": lambda score, explanation: f"### Score\n{score:g}/5\n\n### Explanation\n{explanation}",
    "Accuracy (0-5): 4": lambda score, explanation: f"Accuracy (0-5): {score:g}\n{explanation}",
    "1. Score: 4": lambda score, explanation: f"1. Score: {score:g}\n2. {explanation.strip()}",
    "Punteggio: 4,0": lambda score, explanation: f"Punteggio: {score:.1f}".replace(".", ",") + f"\n{explanation}",
    "Điểm: 4/5": lambda score, explanation: f"Điểm: {score:g}/5\n{explanation}",
    "4 - explanation": lambda score, explanation: f"{score:g} - {explanation.strip()}",
    "JSON": lambda score, explanation: json.dumps({"score": score, "explanation": explanation}),
    "JSON, fenced": lambda score, explanation: (
        f"```json\n{json.dumps({'score': score, 'explanation': explanation}, indent=2)}\n```"
    ),
    "JSON, cut off": lambda score, explanation: json.dumps({"score": score, "explanation": explanation})[:-20],
    "<think>3 … 2</think>4": lambda score, explanation: (
        f"<think>\nMaybe 3, no, 2.\n</think>\n\n{score:g}\n{explanation}"
    ),
    "explanation\\nScore: 4": lambda score, explanation: f"{explanation.strip()}\n\n**Score: {score:g}**",
}
#: Replies without a score, where every number that is read is made up.
NONE: dict[str, Form] = {
    "explanation alone": lambda _score, explanation: explanation,
    "in a sentence: I give it 4": lambda score, explanation: f"I would give it {score:g}.\n{explanation}",
    "a year: In 2024 …": lambda _score, explanation: f"In 2024 this was true.\n{explanation}",
    "a count: 4 errors …": lambda score, explanation: f"{score:g} errors are in it.\n{explanation}",
    "a range: 3-4": lambda score, explanation: f"{max(score - 1, 0):g}-{max(score, 1):g}\n{explanation}",
    "4 or 5": lambda score, explanation: f"Score: {max(score - 1, 0):g} or {max(score, 1):g}\n{explanation}",
    "out of range: 6": lambda score, explanation: f"{score + 6:g}\n{explanation}",
    "negative: -1": lambda score, explanation: f"-{score + 1:g}\n{explanation}",
    "another scale: 8/10": lambda score, explanation: f"{2 * score:g}/10\n{explanation}",
    "per cent: 80%": lambda score, explanation: f"{20 * score:g}%\n{explanation}",
    "a list: 1. … 2. …": lambda _score, explanation: f"1. It is clear.\n2. It is short.\n{explanation}",
    "two that differ": lambda score, explanation: (
        f"Score: {score:g}\n{explanation.strip()}\nFinal score: {abs(score - 1):g}"
    ),
    "thinking, cut off": lambda score, explanation: f"<think>\nThe score is {score:g}\n{explanation}",
    "JSON without a score": lambda _score, explanation: json.dumps(
        {"score": None, "explanation": explanation, "errors": 3}
    ),
    "empty": lambda _score, _told: "",
}


def half_point_off(score: float) -> float:
    return score - 0.5 if score else 0.5


def first_number(text: str) -> float | None:
    """What the older system did."""
    match = re.search(r"\d+(?:\.\d+)?", text)
    return float(match[0]) if match else None


def first_line(text: str) -> float | None:
    match = re.search(r"\d+(?:\.\d+)?", text.strip().partition("\n")[0])
    return float(match[0]) if match else None


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
    return half_point_off(score) if form.startswith(("4.5", "4,5")) else score


def share_right(reader: Reader, replies: list[Reply], form: str) -> float:
    """Share of replies of which the score that is written is read."""
    write = SCORED[form]
    return sum(reader(write(*reply)) == expected(form, reply.score) for reply in replies) / len(replies)


def share_made_up(reader: Reader, replies: list[Reply], form: str) -> float:
    """Share of replies without a score of which one is read that would be stored (0 to 5)."""
    scores = [reader(NONE[form](*reply)) for reply in replies]
    return sum(score is not None and 0 <= score <= 5 for score in scores) / len(replies)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/data/judge_replies.jsonl", metavar="FILE")
    options = parser.parse_args()
    replies = real_replies(options.data)
    table = Table(title=f"Scores read from {len(replies)} real replies, written in several ways")
    for name in ("form", "right is", *READERS):
        table.add_column(name, justify="left" if name in ("form", "right is") else "right")
    for form in SCORED:
        cells = [f"{share_right(reader, replies, form):.1%} right" for reader in READERS.values()]
        table.add_row(form.replace("[", "\\["), "the score", *cells)
    for form in NONE:
        cells = [f"{share_made_up(reader, replies, form):.1%} made up" for reader in READERS.values()]
        table.add_row(form.replace("[", "\\["), "none", *cells)
    began = time.perf_counter()
    for reply in replies:
        parse_reply(SCORED["4 (as it was)"](*reply), "accuracy")
    console = Console(width=120)
    console.print(table)
    console.print(f"{1e6 * (time.perf_counter() - began) / len(replies):.0f} µs a reply")


if __name__ == "__main__":
    main()
