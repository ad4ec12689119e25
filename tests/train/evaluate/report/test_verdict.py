"""The page's first sentence, its four cards and its head: what the intervals say, and never more.

Covers train.evaluate.report.examples.
"""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from train.evaluate.report import render
from train.evaluate.report.examples import comparisons, state
from train.evaluate.report.verdict import cards, loss_of, verdicts
from train.metrics import MEASURES


def row(verdict: str = "", difference: float = 0.5, reason: str = "", same_as: str = "") -> dict[str, Any]:
    low, high = (None, None) if reason else (difference - 0.1, difference + 0.1) if verdict else (-1.0, 1.0)
    return {
        "difference": difference, "low": low, "high": high, "rows": 20, "events": 12, "excludes_zero": bool(verdict),
        "verdict": verdict, "same_as": same_as, "cautions": [reason] if reason else [],
    }  # fmt: skip


def model(name: str, kind: str = "weights", **values: float) -> dict[str, Any]:
    measures = {key: {"value": value, "rows": 20} for key, value in values.items()}
    more = {"folder": f"out/{name}", "form": "litgpt", "base": "", "digest": "d", "trained": None, "unscored": {},
            "empty": 0, "cut": 0, "prompts_shortened": 0, "without_text": 0, "file": "x"}  # fmt: skip
    return {"name": name, "kind": kind, "measures": measures, "languages": {}, "missing": {}, **more}


def results(models: list[dict[str, Any]], *pairs: tuple[str, str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "date": "2026-11-30", "data": "export", "split": "val", "dates": {"summary": "yes"}, "lm_eval": None,
        "rows": {"held_out": 25, "seen_in_training": {"same answer": 5}, "limited": 0, "measured": 20, "languages": {},
                 "training": 90, "training_words": 900, "unreadable": {}},
        "events": {"known": True, "count": 12}, "examples": [], "runs": [], "models": models,
        "settings": {"max_new_tokens": 80, "temperature": 0.0, "seed": 7, "quantize": ""},
        "bootstrap": {"draws": 5000, "seed": 11, "level": 0.95, "cautions": []},
        "differences": [{"first": a, "second": b, "measures": measures} for a, b, measures in pairs], **more,
    }  # fmt: skip


TWO = [
    model("before", loss=6.0, rougeL=0.1, words=40, empty=0),
    model("after", loss=5.0, rougeL=0.2, words=41, empty=0),
]
WORDS = {"words": row()}


def sentence_of(measures: dict[str, Any]) -> str:
    page = render(results(TWO, ("before", "after", measures | WORDS)))
    found = re.search(r'<p class="verdict">(.*?)</p>', page, re.DOTALL)
    assert found
    return html.unescape(" ".join(re.sub(r"<[^>]+>", "", found[1]).split()))


@pytest.mark.parametrize(
    ("measures", "sentence"),
    [
        ({"loss": row("better", -1), "rougeL": row()},
         "after is better than before in loss per token. Undecided: ROUGE-L."),
        ({"loss": row("worse"), "rougeL": row("worse")}, "after is worse than before in loss per token and ROUGE-L."),
        ({"loss": row("better", -1), "rougeL": row("worse"), "empty": row()},
         "after is better than before in loss per token, and worse in ROUGE-L. Undecided: empty answers."),
        # A large difference of means is no verdict.
        ({"loss": row("", -900.0)}, "Undecided between before and after. No measure is better or worse beyond doubt."),
        ({"loss": row(reason="too few events: 6, 10 needed")},
         "Undecided between before and after. Too few events: 6, 10 needed."),
        # A measure without a better way decides nothing.
        ({"loss": row(), "copied_sources": row(""), "similarity": row("")},
         "Undecided between before and after. No measure is better or worse beyond doubt."),
    ],
)  # fmt: skip
def test_the_sentence_says_what_the_intervals_say(measures: dict[str, Any], sentence: str) -> None:
    assert sentence_of(measures) == sentence


def test_models_without_a_row_in_common_are_undecided() -> None:
    assert verdicts(results(TWO, ("before", "after", {})))[0]["reason"] == "no row in common"


def test_of_three_models_the_first_and_the_last_come_first() -> None:
    models = [model(name, loss=1.0) for name in "abc"]
    pairs = [("a", "b", {"loss": row()}), ("a", "c", {"loss": row("better")}), ("b", "c", {"loss": row("worse")})]
    told = verdicts(results(models, *pairs))
    assert [(each["first"], each["second"], each["word"]) for each in told] == [
        ("a", "c", "better"), ("a", "b", "undecided"), ("b", "c", "worse"),
    ]  # fmt: skip


def test_four_cards_stand_first_the_loss_before_all() -> None:
    told = cards(results(TWO, ("before", "after", {"loss": row("better")})))
    assert [card["name"] for card in told] == ["loss", "rougeL", "empty", "words"]
    assert told[0]["levels"] == [("before", 6.0), ("after", 5.0)]
    assert (told[0]["row"]["verdict"], told[1]["row"]) == ("better", None)
    alone = results([model("only", "texts", rougeL=0.1, words=3, empty=0, repeated=0, unsupported=0)])
    assert [card["name"] for card in cards(alone)] == ["rougeL", "unsupported", "repeated", "empty"]
    assert 'class="card"' in render(alone)


def test_one_loss_is_shown_and_its_other_units_are_folded() -> None:
    units = {name: row(same_as="loss") for name in ("perplexity", "nats_per_character", "bits_per_byte")}
    page = render(results(TWO, ("before", "after", {"loss": row("better"), **units, **WORDS})))
    shown = re.sub(r"<details.*?</details>", "", page, flags=re.DOTALL).partition('id="limits"')[0]
    assert MEASURES["loss"].title in shown
    assert not [name for name in units if MEASURES[name].title in shown]
    assert "The same in other units: perplexity per token, loss per character, bits per byte" in page


def test_where_tokenizers_differ_the_loss_is_bits_per_byte() -> None:
    measures = {"loss": row(same_as="bits_per_byte"), "bits_per_byte": row("better")}
    assert loss_of(results(TWO, ("before", "after", measures))) == "bits_per_byte"
    assert loss_of(results(TWO, ("before", "after", {"loss": row()}))) == "loss"


def test_the_head_names_rows_events_recipe_model_date_and_seeds() -> None:
    models = [*TWO]
    trained = {"recipe": "tiny/news", "changed": {"lora_r": 8}, "facts": ["seed 1337"]}
    models[1] = models[1] | {"trained": trained}
    page = render(results(models, ("before", "after", WORDS)))
    head = " ".join(re.sub(r"<[^>]+>", " ", page[page.index("<header") : page.index("</header>")]).split())
    for wanted in ("20 of 25 held out ( validation", "5 left out, seen in training", "12 events", "out/after",
                   "recipe tiny/news ; but lora_r: 8 (seed 1337)", "7 of answers, 11 of the intervals", "2026-11-30",
                   "no recipe: its folder"):  # fmt: skip
        assert wanted.replace("( ", "(") in head.replace("( ", "("), wanted


# ---- examples


def text(name: str, words: str, kind: str = "weights", **more: Any) -> dict[str, Any]:
    return {"model": name, "kind": kind, "text": words, "language": "it", "cut": False, "prompt_shortened": False,
            "measures": {}, **more}  # fmt: skip


def test_texts_stand_beside_the_model_before_and_beside_the_reference() -> None:
    texts = [text("a", "uno"), text("b", "due"), text("c", "tre"), text("reference", "uno due", "reference")]
    pairs = comparisons({"texts": texts})
    told = [(pair["first"]["model"], pair["second"]["model"], pair["opened"]) for pair in pairs]
    assert told == [
        ("a", "b", False), ("b", "c", True), ("a", "reference", False), ("b", "reference", False),
        ("c", "reference", True),
    ]  # fmt: skip
    alone = comparisons({"texts": [texts[0], texts[3]]})
    assert [(pair["second"]["model"], pair["opened"]) for pair in alone] == [("reference", True)]
    assert comparisons({"texts": [texts[3]]}) == []


def test_empty_cut_and_shortened_texts_are_said_in_words() -> None:
    assert state(text("a", " \n"), 80) == "The model wrote nothing."
    assert state(text("a", "", "texts"), 80) == "There is no text."
    assert state(text("a", "uno", cut=True), 80).startswith("Cut off: the model was still writing after 80 tokens")
    assert "shortened" in state(text("a", "uno", prompt_shortened=True), 80)
    assert state(text("a", "uno"), 80) == ""


def test_marked_texts_are_escaped_and_carry_their_own_language() -> None:
    hostile = "Il ponte <script>x</script> apre"
    texts = [text("before", "Il ponte \"chiude\n\n\n\n\n ora"), text("after", hostile, language="vi"),
             text("reference", "Il ponte apre", "reference")]  # fmt: skip
    example = {"id": "e1", "why": "drawn", "language": "it", "date": "", "request": "Riassumi <i>", "sources": 0,
               "gist": "<i>", "texts": texts}  # fmt: skip
    page = render(results(TWO, ("before", "after", WORDS), examples=[example]))
    assert "<script" not in page
    assert "<i>" not in page
    assert '<div class="prose" lang="vi" dir="auto">Il ponte <ins>&lt;script&gt;x&lt;/script&gt;' in page
    assert '<div class="prose" lang="it" dir="auto">' in page
    assert "\n\n\n" not in page[page.index('class="prose"') : page.index('id="limits"')]
