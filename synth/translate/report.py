"""`synth translate --report`: what became of the rows, as text for people or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synth.translation.language_codes import language_codes
from synth.translation_report import collect_translations

if TYPE_CHECKING:
    from pymongo.database import Database

NOTHING = "translate: no row was imported or translated yet; next: synth import FILE"
#: Characters of a text that a line of an example shows.
_LINE = 160


def print_report(database: Database[dict[str, Any]], as_json: bool) -> None:
    """Print the numbers of all current translations."""
    numbers = collect_translations(database)
    if as_json:
        print(json.dumps(numbers, ensure_ascii=False))
    else:
        print("\n".join(report_lines(numbers)))


def report_lines(numbers: Mapping[str, Any] | None) -> list[str]:
    """The report as lines: headline, engines, losses, languages, examples."""
    if numbers is None:
        return [NOTHING]
    return [
        _headline(numbers),
        *_section("By engine", _engines(numbers)),
        *_section("Doubts", _reasons(numbers["doubts"])),
        *_section("Left as they were", _reasons(numbers["left_rows"])),
        *_section("Languages", _languages(numbers)),
        *(line for row in (*numbers["doubts"], *numbers["left_rows"]) for line in _examples(row)),
    ]


def _headline(numbers: Mapping[str, Any]) -> str:
    rewritten, untranslated = numbers["rewritten"], numbers["left"]
    line = f"translate: {numbers['translated']:,} translated, {numbers['preserved']:,} preserved"
    line += f" ({_rate(numbers)}), {rewritten:,} made anew, {untranslated:,} left"
    if numbers["cost_a_kept_row"] is not None:
        line += f", {_dollars(numbers['cost_a_kept_row'])} a kept row"
    return line


def _rate(row: Mapping[str, Any]) -> str:
    if row["rate"] is None:
        return "–"
    low, high = row["interval"]
    return f"{row['rate']:.1%}, {low:.1%} to {high:.1%}".replace("%", " %")


def _dollars(value: float | None) -> str:
    return "–" if value is None else f"{value:.6f}".rstrip("0").rstrip(".") + " US$"


def _section(title: str, table: Sequence[Sequence[str]]) -> list[str]:
    """A table with its title; nothing where it has only a head."""
    if len(table) < 2:
        return []
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ["  ".join(_cell(cell, width, number) for number, (cell, width) in enumerate(zip(row, widths, strict=True)))
             for row in table]  # fmt: skip
    return ["", title, *(line.rstrip() for line in lines)]


def _cell(text: str, width: int, number: int) -> str:
    """Names on the left, numbers on the right; what is long stands last and as it is."""
    return text.rjust(width) if number and text[:1].isdigit() else text.ljust(width)


def _engines(numbers: Mapping[str, Any]) -> list[list[str]]:
    head = ["engine", "translated", "preserved", "anew", "left", "calls", "a kept row"]
    return [head] + [
        [row["engine"] or "no name", f"{row['translated']:,}", _rate(row), f"{row['rewritten']:,}", f"{row['left']:,}",
         f"{row['calls']:,}", _dollars(row["cost_a_kept_row"])]
        for row in numbers["engines"]
    ]  # fmt: skip


def _reasons(rows: Iterable[Mapping[str, Any]]) -> list[list[str]]:
    table = [["reason", "rows", "by engine", "what it says"]]
    for row in rows:
        engines = ", ".join(f"{name or 'no name'} {count:,}" for name, count in row["engines"].items())
        form = "" if row.get("loses_meaning", True) else "form only: "
        table.append([row["reason"], f"{row['rows']:,}", engines, form + row["meaning"]])
    return table


def _languages(numbers: Mapping[str, Any]) -> list[list[str]]:
    rows = [
        [_name(row["language"]), f"{row['rows']:,}", f"{row['share']:.1%}".replace("%", " %"), f"{row['imported']:,}",
         f"{row['translated']:,}", f"{row['judged']:,}", _mean(row)]
        for row in numbers["languages"]
    ]  # fmt: skip
    if overall := numbers["accuracy"]:
        count = sum(row["rows"] for row in numbers["languages"])
        rows.append(["all", f"{count:,}", "100 %", "", "", f"{overall['judged']:,}", _mean(overall)])
    return [["language", "rows", "share", "imported", "translated", "judged", "accuracy of 5"], *rows]


def _name(code: str) -> str:
    codes = language_codes().get(code)
    return codes.name if codes else code or "unknown"


def _mean(row: Mapping[str, Any]) -> str:
    if row["mean"] is None:
        return "–"
    interval = f", {row['interval'][0]:.2f} to {row['interval'][1]:.2f}" if row["interval"] else ""
    note = f"; {row['note']}" if row["note"] else ""
    return f"{row['mean']:.2f}{interval}{note}"


def _examples(row: Mapping[str, Any]) -> list[str]:
    """Rows of one reason, source before translation."""
    lines = ["", f"Examples: {row['reason']}"]
    for example in row["examples"]:
        detail = f" ({example['detail']})" if example.get("detail") else ""
        lines.append(f"{example['key'][:12]}, {example.get('wanted') or example['language']}{detail}")
        lines += [f"  {side}: {text}" for side in ("source", "translation") if (text := _texts(example.get(side)))]
    return lines


def _texts(texts: Mapping[str, str] | None) -> str:
    """Question and answer in one line."""
    if not texts:
        return ""
    return " → ".join(_cut(" ".join(texts[name].split())) for name in ("question", "answer"))


def _cut(text: str) -> str:
    return text if len(text) <= _LINE else f"{text[:_LINE]}…"
