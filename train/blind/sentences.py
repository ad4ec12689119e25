"""The results of a blind evaluation in sentences: what people preferred, and whether it is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from train.blind.sheets import SCALES

Results = Mapping[str, Any]
#: Below this conclusions from marks do not hold (Krippendorff, "Content Analysis", 2004, chapter 11).
RELIABLE = 0.667


def sentence(results: Results) -> str:
    """What a reader must not miss, in a sentence for each thing that people were asked."""
    return " ".join(parts(results))


def parts(results: Results) -> list[str]:
    """The sentences of `sentence`, the weightiest first."""
    if results["kind"] == "pairs":
        return [preferred(headline(results["shares"], results["strengths"]))]
    return _of_texts(results) or ["No marks of style or content were given."]


def percent(value: float | None) -> str:
    """A share as a whole number of per cent."""
    return "–" if value is None else f"{100 * value:.0f}"


def signed(value: float, digits: int = 2) -> str:
    """A difference with its sign; the minus is the typographic one."""
    # Adding 0.0 makes -0.0 of a rounded -0.001 plain 0.0.
    rounded = round(value, digits) + 0.0
    return f"{rounded:+.{digits}f}".replace("-", "−") if rounded else f"{rounded:.{digits}f}"


def between(low: float | None, high: float | None, digits: int = 2) -> str:
    """An interval, or nothing where there is none."""
    return "" if low is None or high is None else f"{low:.{digits}f} to {high:.{digits}f}".replace("-", "−")


def headline(shares: Sequence[Results], strengths: Results) -> Results:
    """Of the rows of `shares`: the strongest author's against the first of the key, else against the next strongest."""
    if len(shares) == 1:
        return shares[0]
    points: dict[str, list[float]] = {}
    for row in shares:
        points.setdefault(row["first"], []).append(1 - row["share"])
        points.setdefault(row["second"], []).append(row["share"])
    level = {
        author: (strengths["authors"][author]["strength"] or 0.0, sum(own) / len(own)) for author, own in points.items()
    }
    order = sorted(level, key=lambda author: level[author], reverse=True)
    best, first = order[0], strengths["differences_from"]
    rivals = [first, *order[1:]] if best != first else order[1:]
    for rival in rivals:
        for row in shares:
            if {row["first"], row["second"]} == {best, rival}:
                return row
    return shares[0]


def preferred(row: Results) -> str:
    """Of one row of `shares`: who was preferred to whom, how often, and whether that is decided."""
    second = row["share"] >= 0.5
    winner, loser = (row["second"], row["first"]) if second else (row["first"], row["second"])
    won, lost = (
        (row["second_preferred"], row["first_preferred"])
        if second
        else (row["first_preferred"], row["second_preferred"])
    )
    count = row["comparisons"]
    low, high = (row["low"], row["high"]) if second else _mirrored(row["low"], row["high"])
    span = "" if low is None else f" (95 %: {percent(low)} to {percent(high)})"
    text = f"People preferred {winner} to {loser} in {percent(won / count)} % of {count} comparisons"
    if row["ties"]:
        share = row["share"] if second else 1 - row["share"]
        text += (
            f", {loser} to {winner} in {percent(lost / count)} %, neither in the rest; ties halved {percent(share)} %"
        )
    return f"{text}{span}: {decided(row, winner)}."


def _mirrored(low: float | None, high: float | None) -> tuple[float | None, float | None]:
    return (None, None) if low is None or high is None else (1 - high, 1 - low)


def decided(row: Results, winner: str) -> str:
    """The verdict in words, with the reason where there is no interval."""
    if row["verdict"] != "undecided":
        return f"{winner} is better"
    return f"undecided, {row['reason']}" if row["reason"] else "undecided"


def _of_texts(results: Results) -> list[str]:
    result = [_scale_sentence(results, scale) for scale in SCALES]
    if results.get("guesses"):
        result.append(guessed(results["guesses"]))
    return [part for part in result if part]


def compared_author(results: Results) -> str | None:
    """The author of whom the headline speaks: the last that is no person, else the last; None of one author."""
    compared = results["authors"][1:]
    models = [author for author in compared if author not in results["human"]]
    return (models or compared)[-1] if compared else None


def _scale_sentence(results: Results, scale: str) -> str:
    own, author = results[scale], compared_author(results)
    row = own["differences"].get(author) if author else None
    if row is None:
        author = author or results["authors"][0]
        mean = own["means"][author]
        return "" if mean["mean"] is None else f"People gave {author} {mean['mean']:.2f} of 5 for {scale}{_span(mean)}."
    size, way = f"{abs(row['difference']):.2f}", "higher than" if row["difference"] > 0 else "lower than"
    if size == "0.00":
        size, way = "the same", "as"
    span = "" if row["low"] is None else f" (95 %: {signed(row['low'])} to {signed(row['high'])})"
    text = f"People marked the {scale} of {author} {size} {way} that of {own['differences_from']}{span}"
    return f"{text}: {decided_difference(row)}."


def decided_difference(row: Results) -> str:
    """better, worse or undecided, with the reason where there is no interval."""
    return f"undecided, {row['reason']}" if row["reason"] else str(row["verdict"])


def _span(row: Results) -> str:
    return "" if row["low"] is None else f" (95 %: {between(row['low'], row['high'])})"


def guessed(guesses: Results) -> str:
    """Whether people tell machines' texts from people's, by d', where always one answer earns nothing."""
    row = guesses["all"]
    text = f"They told human from machine in {percent(row['accuracy'])} % of {row['guesses']} guesses"
    if row["d_prime"] is None:
        return f"{text}; {row['reason']}, so this says nothing of telling them apart."
    if row["low"] is None:
        return f"{text} (d′ {signed(row['d_prime'])}): undecided, {row['reason']}."
    return f"{text} (d′ {signed(row['d_prime'])}, 95 %: {signed(row['low'])} to {signed(row['high'])}): {telling(row)}."


def telling(row: Results) -> str:
    """Whether people can tell, by where the interval of d' lies."""
    if row["low"] is None or row["low"] <= 0 <= row["high"]:
        return "undecided"
    return "they can tell" if row["low"] > 0 else "they take one for the other"


def alpha_words(result: Results, what: str = "text") -> str:
    """Krippendorff's alpha with its interval, or why there is none."""
    if result["alpha"] is None:
        return (
            f"undefined: no {what} has marks of two raters"
            if not result["items"]
            else "undefined: all marks are the same"
        )
    span = "" if result["low"] is None else f" (95 %: {between(result['low'], result['high'])})"
    below = "; below .667 conclusions do not hold" if result["alpha"] < RELIABLE else ""
    return f"{result['alpha']:.2f}{span} on {result['items']} {what}s{below}".replace("-", "−")


def side_words(sides: Results) -> str:
    """How often the left text was preferred."""
    if sides["share"] is None:
        return str(sides["reason"])
    span = f" (95 %: {percent(sides['low'])} to {percent(sides['high'])})" if sides["low"] is not None else ""
    count = sides["text_a"] + sides["text_b"]
    share = f"{percent(sides['share'])} % of {count} choices that are no tie"
    return f"text_a was preferred in {share}{span}: {sides['verdict']}"


def length_words(results: Results) -> str:
    """How often the longer text was preferred, and what length does where the authors are equal."""
    longer = results["longer"]
    if longer is None:
        return "the key has no lengths, or no choice is between texts of different lengths"
    span = f" (95 %: {percent(longer['low'])} to {percent(longer['high'])})" if longer["low"] is not None else ""
    text = f"the longer text was preferred in {percent(longer['share'])} % of {longer['comparisons']} choices{span}"
    pull = results["controlled"]["coefficients"].get("length")
    if pull is None:
        return text
    around = (
        "" if pull["share_low"] is None else f" (95 %: {percent(pull['share_low'])} to {percent(pull['share_high'])})"
    )
    return f"{text}; of two equal authors' texts one twice as long would be in {percent(pull['share'])} %{around}"
