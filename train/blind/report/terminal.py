"""The results of a blind evaluation as tables in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from train.blind.sentences import (
    alpha_words,
    between,
    decided_difference,
    length_words,
    percent,
    side_words,
    signed,
)
from train.blind.sheets import SCALES

Results = Mapping[str, Any]


def table(results: Results) -> str:
    """For people: the sentence first, then a row an author, the raters, and what to be careful about."""
    filled = results["filled"]
    body = _pairs(results) if results["kind"] == "pairs" else _texts(results)
    kind = results["kind"]
    head = f"{results['sheets']} sheets, {results[kind]} {kind}, {filled['marked']} of {filled['listed']} marked"
    return "\n".join([results["sentence"], "", head, *body, *_raters(results), *_notes(results)])


def columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows set in columns, the first to the left and the others to the right; the last one as it comes."""
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    lines = []
    for row in (head, *rows):
        cells = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1], strict=True)),
        ]
        lines.append("  ".join([*cells, row[-1]]).rstrip())
    return ["", lines[0], *[f"{line}" for line in lines[1:]]]


def _texts(results: Results) -> Iterator[str]:
    for scale in SCALES:
        own = results[scale]
        rows = [_mean_row(author, mean, own) for author, mean in own["means"].items()]
        yield from columns([scale, "mean", "95 %", "marks", f"difference from {own['differences_from']}"], rows)
        yield f"agreement of the raters (Krippendorff's alpha, ordinal): {alpha_words(own['agreement'])}"
    if results["guesses"]:
        yield from _guesses(results["guesses"])


def _mean_row(author: str, mean: Results, own: Results) -> list[str]:
    value = "–" if mean["mean"] is None else f"{mean['mean']:.2f}"
    return [
        author,
        value,
        between(mean["low"], mean["high"]),
        str(mean["marks"]),
        _difference(own["differences"].get(author)),
    ]


def _difference(row: Results | None) -> str:
    if row is None:
        return ""
    if row["low"] is None:
        return f"{signed(row['difference'])} ({decided_difference(row)})"
    return f"{signed(row['difference'])} [{signed(row['low'])}, {signed(row['high'])}] {row['verdict']}"


def _guesses(guesses: Results) -> Iterator[str]:
    rows = [_guess_row(rater, row) for rater, row in guesses["raters"].items()]
    if guesses["majority"]:
        rows.append(_guess_row("majority", guesses["majority"]))
    rows.append(_guess_row("all", guesses["all"]))
    yield from columns(["human or machine", "guesses", "right %", "95 %", "d′", "95 %"], rows)
    if guesses["majority"] and guesses["majority"]["undecided"]:
        even = guesses["majority"]["undecided"]
        yield f"majority: {even} texts that as many took for one as for the other are left out"
    authors = [
        [author, str(row["guesses"]), percent(row["taken_for_human"]), _per_cent(row["low"], row["high"]),
         _sensitivity(row.get("d_prime"))]
        for author, row in guesses["authors"].items()
    ]  # fmt: skip
    yield from columns(["taken for human", "guesses", "%", "95 %", "d′ against people's texts"], authors)
    yield from _confidence(guesses["confidence"])
    yield f"agreement of the raters (Krippendorff's alpha, nominal): {alpha_words(guesses['agreement'])}"


def _guess_row(name: str, row: Results) -> list[str]:
    right = _per_cent(row["accuracy_low"], row["accuracy_high"])
    if row["d_prime"] is None:
        return [name, str(row["guesses"]), percent(row["accuracy"]), right, "–", row["reason"]]
    span = row["reason"] or f"{signed(row['low'])} to {signed(row['high'])}"
    return [name, str(row["guesses"]), percent(row["accuracy"]), right, signed(row["d_prime"]), span]


def _sensitivity(row: Results | None) -> str:
    if row is None or row["d_prime"] is None:
        return ""
    return f"{signed(row['d_prime'])} {row['reason'] or between(row['low'], row['high'])}"


def _per_cent(low: float | None, high: float | None) -> str:
    return "" if low is None else f"{percent(low)} to {percent(high)}"


def _confidence(confidence: Results | None) -> Iterator[str]:
    if confidence is None:
        return
    rows = [
        [level, str(row["guesses"]), percent(row["accuracy"]), _per_cent(row["low"], row["high"])]
        for level, row in confidence["levels"].items()
    ]
    yield from columns(["confidence", "guesses", "right %", "95 %"], rows)
    if confidence["area"] is not None:
        times = f"{percent(confidence['area'])} times in 100 (50: confidence says nothing)"
        yield f"a right guess is given with more confidence than a wrong one {times}"


def _pairs(results: Results) -> Iterator[str]:
    rows = [
        [f"{row['second']} to {row['first']}", str(row["comparisons"]), str(row["second_preferred"]), str(row["ties"]),
         str(row["first_preferred"]), percent(row["share"]), _share_verdict(row)]
        for row in results["shares"]
    ]  # fmt: skip
    yield from columns(["preferred", "choices", "won", "ties", "lost", "%", "95 %, ties halved"], rows)
    yield from _strengths(results)
    yield f"sides: {side_words(results['sides'])}"
    yield f"length: {length_words(results)}"
    for name, result in results["agreement"].items():
        yield f"agreement of the raters (Krippendorff's alpha, {name}): {alpha_words(result, 'pair')}"


def _share_verdict(row: Results) -> str:
    if row["low"] is None:
        return decided_difference(row)
    return f"{_per_cent(row['low'], row['high'])}  {row['verdict']}"


def _strengths(results: Results) -> Iterator[str]:
    plain, controlled = results["strengths"], results["controlled"]
    rows = [
        [author, *_strength(row), *_strength(controlled["authors"].get(author, {"strength": None})),
         _difference(plain["differences"].get(author))]
        for author, row in plain["authors"].items()
    ]  # fmt: skip
    head = ["strength (log odds)", "", "95 %", "controlled", "95 %", f"difference from {plain['differences_from']}"]
    yield from columns(head, rows)
    yield "Bradley-Terry with Davidson's ties; controlled: for side and length"
    yield from dict.fromkeys([*plain["notes"], *controlled["notes"]])


def _strength(row: Results) -> list[str]:
    if row["strength"] is None:
        return ["–", ""]
    return [signed(row["strength"]), between(row["low"], row["high"])]


def _raters(results: Results) -> list[str]:
    rows = [
        [rater["rater"], f"{rater['marked']} of {rater['listed']}", str(rater["partial"]),
         "" if rater["seconds"] is None else f"{rater['seconds']:.0f}"]
        for rater in results["raters"]
    ]  # fmt: skip
    return columns(["rater", "marked", "in part", "seconds an item (median)"], rows)


def _notes(results: Results) -> list[str]:
    return [f"note: {note}" for note in results["notes"]]
