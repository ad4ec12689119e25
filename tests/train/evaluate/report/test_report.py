"""The page and its charts, from numbers made by hand.

Covers train.evaluate.compare, train.evaluate.measure, train.evaluate.report.charts.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from train.evaluate.answers import lines_of_texts
from train.evaluate.compare import cautions, differences, level, levels
from train.evaluate.holdout import Row
from train.evaluate.measure import Measured, measure_all, reference_of
from train.evaluate.report import by_quantity, difference, figure, unmeasured
from train.evaluate.report.charts import curves, interval, labels, steps, thinned
from train.evaluate.report.terminal import verdicts as verdict_lines
from train.evaluate.scorer_plugins import Plugins
from train.metrics import MEASURES
from train.metrics.copying import Corpus

SAID = "Il porto di Ancona riapre domani mattina dopo i lavori"


def row(name: str, reference: str = SAID, **more: Any) -> Row:
    return Row(name, [{"role": "user", "content": "Riassumi."}], reference, **more)


def measured(rows: list[Row], texts: dict[str, str], plugins: Plugins | None = None) -> tuple[Measured, Measured]:
    """(a model that wrote these texts, the reference)."""
    model, reference = Measured("m", "texts", lines_of_texts("m", texts, rows)), reference_of(rows)
    measure_all([model, reference], rows, Corpus(["di Ancona riapre domani", "altro"]), plugins or Plugins())
    return model, reference


def test_measures_of_a_row_worked_by_hand() -> None:
    rows = [row("a", sources=["Ieri il porto di Ancona era chiuso."]), row("b")]
    model, reference = measured(rows, {"a": "Il porto di Ancona ancona ancona riapre", "b": ""})
    told = {name: values["a"][0] for name, values in model.values.items() if "a" in values}
    # 7 words against 10; shared: il porto di ancona riapre, in this order, and four of the pairs of neighbours.
    assert told["rouge1"] == pytest.approx(2 * 5 / 17)
    assert told["rouge2"] == pytest.approx(2 * 4 / 15)
    assert told["rougeL"] == pytest.approx(2 * 5 / 17)
    assert (told["words"], told["length_ratio"], told["loop"]) == (7, 0.7, 3)
    assert (told["copied_sources"], told["covered_sources"], told["copied_training"]) == (4, 0, 2)
    assert model.values["empty"] == {"a": (0.0, 1.0), "b": (1.0, 1.0)}
    assert "b" not in model.values["repeated"]
    assert model.values["rouge1"]["b"] == (0.0, 1.0)
    assert reference.values["copied_training"]["a"] == (4.0, 1.0)
    assert "rouge1" not in reference.values


def languages(answers: list[str], sources: list[list[str]], language: str) -> list[str | None]:
    return [{"Il": "it", "The": "en"}.get(answer.split()[0]) if answer.strip() else None for answer in answers]


@pytest.mark.parametrize(
    ("asked", "text", "value"),
    [
        ("it", "Il porto riapre", 1.0),
        ("it", "The port opens again", 0.0),
        # Where rows do not tell, the reference does.
        ("", "Il porto riapre", 1.0),
        ("", "The port opens again", 0.0),
        # Neither a word nor a name says which language it is in; a long text in none of them is wrong.
        ("it", "Roma 2026", None),
        ("it", "xqzt xqzt xqzt xqzt", 0.0),
        ("it", "", 0.0),
        ("it", "12345", None),
    ],
)
def test_the_right_language(asked: str, text: str, value: float | None) -> None:
    plugins = Plugins({"language": languages}, {"language": "1"})
    model, _ = measured([row("a", language=asked)], {"a": text}, plugins)
    assert model.values["right_language"].get("a") == (None if value is None else (value, 1.0))


def test_plugins_are_asked_once_for_the_same_text() -> None:
    asked: list[list[str]] = []

    def facts(answers: list[str], sources: list[list[str]], language: str) -> list[float | None]:
        asked.append(answers)
        return [float(len(answer)) for answer in answers]

    rows = [row("a", language="it"), row("b", language="it"), row("c", language="vi")]
    model = Measured("m", "texts", lines_of_texts("m", {"a": "uno", "c": "ba"}, rows))
    for identity in ("1", "1", "2"):
        plugins = Plugins({"unsupported": facts}, {"unsupported": identity})
        measure_all([model, reference_of(rows)], rows, Corpus([]), plugins)
    # Rows without a text of this model keep their place, so that every model is asked with the same sources.
    assert [answers for answers in asked if SAID not in answers] == [["uno", ""], ["ba"]] * 2
    assert {key: value for key, (value, _) in model.values["unsupported"].items()} == {"a": 3.0, "c": 2.0}


def test_a_plugin_that_fails_is_asked_again_and_told() -> None:
    def broken(answers: list[str], sources: list[list[str]], language: str) -> list[float | None]:
        raise OSError("no weights")

    rows = [row("a", language="it")]
    model = Measured("m", "texts", lines_of_texts("m", {"a": "uno"}, rows))
    for _ in range(2):
        measure_all([model, reference_of(rows)], rows, Corpus([]), Plugins({"toxicity": broken}, {"toxicity": "1"}))
        assert model.reasons["toxicity"] == "it: no weights"
    assert "scores" not in model.lines["a"]


def test_levels_and_differences_of_ratios() -> None:
    rows = [row("a", group="x"), row("b", group="y"), row("c", group="y")]
    first, second = Measured("first", "weights", {}), Measured("second", "weights", {})
    first.values["loss"] = {"a": (8.0, 4.0), "b": (1.0, 1.0), "c": (3.0, 1.0)}
    second.values["loss"] = {"a": (4.0, 4.0), "b": (1.0, 1.0)}
    first.values["perplexity"], second.values["perplexity"] = first.values["loss"], second.values["loss"]
    assert levels(first, rows)["loss"] == {"value": 2.0, "rows": 3}
    told = differences([first, second], rows, seed=0)[0]["measures"]
    # On a and b alone: 5 nats over 5 tokens, 9 over 5.
    assert told["loss"]["difference"] == pytest.approx(-0.8)
    assert (told["loss"]["rows"], told["loss"]["events"]) == (2, 2)
    assert told["perplexity"]["difference"] == pytest.approx(2.718281828 - 6.049647464)
    assert level("perplexity", [(5000.0, 1.0)]) is None
    assert level("loss", []) is None


def losses(name: str, gains: list[float], tokens: float = 10.0) -> Measured:
    """A model whose loss on row number n is 2 less a gain, in all units of it."""
    model = Measured(name, "weights", {})
    for number, gain in enumerate(gains):
        nll = (2.0 - gain) * 10
        model.values["loss"][str(number)] = model.values["perplexity"][str(number)] = (nll, tokens)
        model.values["nats_per_character"][str(number)] = (nll, 40.0)
        model.values["bits_per_byte"][str(number)] = (nll / 0.693, 44.0)
    return model


def pairs_of(gains: list[float], **more: Any) -> list[dict[str, Any]]:
    rows = [row(str(number), group=f"event {number}") for number in range(len(gains))]
    return differences([losses("first", [0.0] * len(gains)), losses("second", gains, **more)], rows, seed=0)


def verdict_of(gains: list[float]) -> str:
    return verdict_lines({"differences": pairs_of(gains)})[0]


def test_four_units_of_one_loss_are_one_verdict() -> None:
    measures = pairs_of([0.5 + n / 100 for n in range(12)])[0]["measures"]
    assert {name: each["verdict"] for name, each in measures.items()} == {
        "loss": "better", "perplexity": "", "nats_per_character": "", "bits_per_byte": "",
    }  # fmt: skip
    assert measures["perplexity"]["excludes_zero"]
    assert measures["perplexity"]["same_as"] == "loss"


@pytest.mark.parametrize(("gains", "line"), [
    ([0.5 + n / 100 for n in range(12)], "better in 1 (loss per token), worse in 0, undecided in 0 quantities"),
    ([-0.5 - n / 100 for n in range(12)], "better in 0, worse in 1 (loss per token), undecided in 0 quantities"),
    ([(-1) ** n / 10 for n in range(12)], "better in 0, worse in 0, undecided in 1 quantities"),
    ([0.5 + n / 100 for n in range(9)], "no verdict (too few events: 9, 10 needed)"),
    ([0.5], "no verdict (too few events: 1, 10 needed)"),
    ([0.5] * 3 + [0.0] * 20, "no verdict (too few events differ: 3, 6 needed)"),
    ([0.0] * 12, "no verdict (the same in every event)"),
])  # fmt: skip
def test_the_last_line_has_a_verdict_or_says_why_there_is_none(gains: list[float], line: str) -> None:
    assert f"second beside first: {line}" in verdict_of(gains)


def test_every_quantity_has_one_measure_with_a_verdict() -> None:
    for name, measure in MEASURES.items():
        if measure.same_as:
            head = MEASURES[measure.same_as]
            assert head.same_as == "", name
            assert head.better == measure.better or not measure.better, name


def test_measures_of_a_quantity_stand_below_the_one_with_the_verdict() -> None:
    measures = pairs_of([0.5] * 3)[0]["measures"]
    assert [name for name, _ in by_quantity(measures)] == ["loss", "perplexity", "nats_per_character", "bits_per_byte"]


def test_where_tokenizers_differ_bits_per_byte_get_the_verdict() -> None:
    measures = pairs_of([0.5 + n / 100 for n in range(12)], tokens=9.0)[0]["measures"]
    assert {name: row["verdict"] for name, row in measures.items() if not row["same_as"]} == {"bits_per_byte": "better"}
    assert {row["same_as"] for row in measures.values()} == {"bits_per_byte", ""}


def test_a_measure_has_cautions_of_its_own() -> None:
    gains = [0.5 + n / 100 for n in range(12)]
    assert {name: each["cautions"] for name, each in pairs_of(gains)[0]["measures"].items() if each["cautions"]} == {}
    measures = pairs_of(gains, tokens=9.0)[0]["measures"]
    assert "tokenizers differ" in measures["loss"]["cautions"][0]
    assert "tokenizers differ" in measures["perplexity"]["cautions"][0]
    assert measures["bits_per_byte"]["cautions"] == []
    rows = [row(str(number), group=f"event {number}") for number in range(14)]
    part = differences([losses("first", [0.0] * 14), losses("second", gains)], rows, seed=0)[0]["measures"]
    assert part["loss"]["cautions"] == ["of 12 of 14 rows: the others lack it in one model or both"]


def test_cautions_of_all_intervals() -> None:
    def of(events: int, measures: int = 1, low: float | None = 0.0) -> list[dict[str, Any]]:
        few = [] if events >= 10 else [f"too few events: {events}, 10 needed"]
        one = {"events": events, "low": low, "same_as": "", "cautions": few}
        return [{"measures": {str(number): one for number in range(measures)}}]

    assert cautions(of(30), True) == []
    assert cautions(of(9, 3), True) == ["no verdict: too few events: 9, 10 needed"]
    assert "not known" in cautions(of(30), False)[0]
    assert "of 11 intervals at 95 %, one in twenty" in cautions(of(30, 11), True)[0]
    assert cautions(of(30, 11, None), True) == []
    assert cautions([], False) == []


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        (0.5, "rouge1", "+0.5000"), (-0.5, "rouge1", "−0.5000"), (-0.00001, "rouge1", "0.0000"), (0.0, "words", "0.0"),
        (None, "words", "–"), (12345.678, "perplexity", "+12,345.68"), (3.2e9, "perplexity", "+3.2e+09"),
    ],
)  # fmt: skip
def test_differences_are_told_with_their_sign(value: float | None, name: str, expected: str) -> None:
    assert difference(value, name) == expected


def test_figures_have_their_digits() -> None:
    assert figure(0.73914, "rouge1") == "0.7391"
    assert figure(-0.0001, "words") == "0.0"
    assert figure(None, "words") == "–"
    assert figure(83.0, "words", 0) == "83"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 300, [0, 100, 200, 300]), (2.2, 4.5, [2, 2.5, 3, 3.5, 4, 4.5]), (1.0, 1.0, [0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.6])],
)
def test_steps_are_round_and_reach_around(low: float, high: float, expected: list[float]) -> None:
    found = steps(low, high)
    assert found[0] <= low
    assert found[-1] >= high
    assert found == pytest.approx(expected) or (low == high and len(found) <= 8)


def test_curves_of_all_runs_are_drawn_within_the_box() -> None:
    curve = [{"step": float(step), "loss": 5 - step / 100} for step in range(1, 401)] + [
        {"step": 400.0, "val_loss": 1.5}
    ]
    runs = [{"run": "out/a<b", "curve": curve, "missing": ""}, {"run": "out/c", "curve": curve[:200], "missing": ""},
            {"run": "none", "curve": [], "missing": "no log"}]  # fmt: skip
    validation, training = curves(runs)
    assert "a&lt;b" in training
    assert "<b" not in training.replace("<b>Training loss</b>", "")
    assert "1.000 at step 400" in training
    points = [
        tuple(map(float, pair.split(",")))
        for line in re.findall(r'points="([^"]+)"', training)
        for pair in line.split()
    ]
    assert all(0 <= x <= 520 and 0 <= y <= 300 for x, y in points)
    assert validation.count("<circle") == 1
    assert "means of neighbouring steps" in training
    assert "means of" not in validation
    assert curves([runs[2]]) == []


def test_many_points_become_means_of_neighbours() -> None:
    points = [(1.0, 4.0), (2.0, 2.0), (3.0, 3.0), (4.0, 1.0), (5.0, 7.0)]
    assert thinned(points, 3) == [(1.5, 3.0), (3.5, 2.0), (5.0, 7.0)]
    assert thinned(points, 5) == points
    assert thinned([], 5) == []


def test_names_are_told_apart_from_where_they_differ() -> None:
    assert labels(["out/a", "out/b/"]) == ["a", "b"]
    assert labels(["out/tiny"]) == ["tiny"]
    assert labels(["x/run", "y/run"]) == ["x/run", "y/run"]


def test_a_strip_shows_where_zero_lies() -> None:
    strip = interval({"low": -2.0, "high": 1.0, "difference": -1.0, "verdict": ""})
    places = [float(place) for place in re.findall(r'(?:x1|x2|cx)="([\d.]+)"', strip)]
    zero, _, low, high, middle = places
    assert low < middle < zero < high
    assert zero - low == pytest.approx(2 * (high - zero), abs=0.2)
    assert interval({"low": None, "high": None, "difference": 1.0, "verdict": ""}) == ""
    assert "nan" not in interval({"low": 0.0, "high": 0.0, "difference": 0.0, "verdict": ""})


def test_what_is_missing_for_one_reason_is_told_once() -> None:
    both = {"toxicity": "no model"}
    models = [
        {"name": "a", "kind": "texts", "missing": {"loss": "no weights", "perplexity": "no weights", **both}},
        {"name": "b", "kind": "weights", "missing": both},
        {"name": "reference", "kind": "reference", "missing": {"loss": "x"}},
    ]
    assert unmeasured(models) == [
        {"titles": ["loss per token", "perplexity per token"], "why": "no weights", "models": ["a"]},
        {"titles": ["toxicity"], "why": "no model", "models": ["a", "b"]},
    ]


def test_a_hostile_text_stays_a_text(tmp_path: Path) -> None:
    """What a model or a newspaper wrote must not become a part of the page."""
    from tests.train.evaluate import evaluate_fixtures as export
    from train.__main__ import main

    held = export.rows(100, 2)
    held[0]["output"] += " <script>alert(1)</script>"
    export.write_export(tmp_path / "export", export.rows(0, 4), held)
    texts = '{"id": "vi0100", "text": "<img src=x onerror=alert(1)> [bold]no markup[/bold]"}\n'
    (tmp_path / "texts.jsonl").write_text(texts)
    name = "<i>a</i>[red]"
    told = ["evaluate", "--data", str(tmp_path / "export"), "--texts", f"{name}={tmp_path / 'texts.jsonl'}"]
    assert main([*told, "--out", str(tmp_path / "out")]) == 0
    page = (tmp_path / "out/report.html").read_text()
    assert not {"<script", "<img", "<i>"} & set(re.findall(r"<[a-z]+>?", page))
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
