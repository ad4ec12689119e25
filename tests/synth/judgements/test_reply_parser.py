"""Scores of replies: the many ways in which models write one, and what only looks like one."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.judgements.reply_parser import name_of_score, parse_reply

FIRST_LINE = [
    "4", " 4 ", "4.", "4.0", "**4**", "__4__", "`4`", '"4"', "# 4", "[4]", "[[4]]", "(4)", "４", "\ufeff4",
    "\\boxed{4}", "4!", "4/5", "4 / 5", "**4**/5", "４／５", "4 out of 5", "4 out of 5.", "4 of 5", "4.0/5.0", "4 su 5",
    "4 trên 5", "4 von 5", "4 sur 5", "4 stars", "4/5 stars", "4 stars out of 5", "4⭐", "4 ⭐⭐⭐⭐",
    "4 points", "4 punti", "4 điểm",
    "4 on a scale of 0 to 5", "4 su una scala da 0 a 5", "Here is my rating:\n4", "4...", "'4'", "$4$", "4️⃣",
    "$\\boxed{4}$", "I would rate the accuracy of the response as follows:\n\n4", "4 👍", "4\r",
]  # fmt: skip
NAMED = [
    "Score: 4", "score: 4", "SCORE = 4", "Score:4", "Score 4", "Score of 4", "Rating - 4", "Rating — 4", "Rating: 4/5",
    "**Score:** 4", "**Score: 4**", "Score: **4**/5", "### Score: 4", "- Score: 4", "* **Accuracy:** 4", "1. Score: 4",
    "> Score: 4", "Rating: [[4]]", "Score: <4>", "Score: (4)", "Score: \\boxed{4}", "Score: 4!", "Score: 4 ★★★★☆",
    "Accuracy: 4", "Accuracy score: 4/5", "Accuracy (0-5): 4", "Score (from 0 to 5): 4", "Score out of 5: 4",
    "Score on a scale of 0-5: 4", "Rating: 4 out of 5 stars", "Overall score: 4", "Final rating: 4", "Overall: 4/5",
    "The score is 4.", "My rating of this response: 4", "Here's the score: 4", "Score:\n4", "**Score:**\n\n4/5",
    "### Score\n4", "| Accuracy | 4 |", "<score>4</score>", "Punteggio: 4", "Punteggio: 4 su 5", "Il punteggio è 4",
    "Voto: 4", "Valutazione: 4/5", "Accuratezza: 4", "Punteggio di accuratezza: 4", "Điểm: 4", "Điểm số: 4/5",
    "Điểm: 4 trên 5", "Điểm của câu trả lời là 4", "Đánh giá: 4", "Độ chính xác: 4", "Điểm độ chính xác: 4",
    "Bewertung: 4", "Puntuación: 4", "(Score: 4)", "[Score: 4]", "Score (4)", "Score- 4",
    "Score: '4'", "Score: 4 🙂", "✅ **Score**: 4/5",
    "Score：4", "Score\n-----\n4", "Xếp hạng: 4/5", "Score -> 4", "The accuracy of the response is 4 out of 5.",
]  # fmt: skip
OBJECTS = [
    '{"score": 4}', '{"score": 4.0, "explanation": "Good."}', '{"Score": "4"}', '{"rating": "4/5"}', '{"accuracy": 4}',
    '{"accuracy_score": 4}', '{"accuracy": {"score": 4, "explanation": "Good."}}', '{"evaluation": {"score": 4}}',
    '{"result": {"rating": 4}}', '[{"score": 4}]', '{"score": 4, "max_score": 5}', '{"điểm": 4, "giải thích": "Tốt"}',
    '{"punteggio": "4,0"}', '{"score": {"value": 4}}', '{"score": 4, "explanation": "one\nline"}',
    '{"score": 4}\n{"score": 4}', "{'score': 4, 'explanation': 'it is good'}",
    '{"score": 4, "explanation": "It is cut o',
]  # fmt: skip
NONE = [
    "", "   ", "\n", "n/a", "None", "Score:", "Score: N/A", "Score: -", "Score: four", "Four out of five", "Good",
    "6", "-1", "- 1", "+4", "~4", "≈ 4", ">4", "<4", "4+", "4?", "12", "45", "04", "5.01", "5,5", "2024", "2024-05-01",
    "10/10", "8/10", "4/10", "4/4", "4/5/5", "80%", "4%", "$4", "4€", "1,000", "4.000", "4.5.1", "4e1", "0x4", "4x",
    "3-4", "3 - 4", "3–4", "4 to 5", "4 or 5", "4, 5", "4 5", "4 (or 5)", "4, or 5", "4, maybe 5", "3 to 4 points",
    "3-4 out of 5", "Between 3 and 4", "about 4", "4 errors were found", "There are 4 errors",
    "4 of the 5 facts are right",
    "5 of the 6 facts", "4th of May", "4:30", "4 km away", "4 - 5 errors", "I would rate this 4.", "I give it 4/5.",
    "1. The answer is right", "1) The answer", "1. The answer\n2. The rest", "1 - The answer\n2 - The rest",
    "1: One\n2: Two", "Step 1: read", "Question 4: what", "Note: 4 errors", "The response has 3 errors.\n2",
    "In 2024 the response would have been better. I give it 4.", "v4", "1\n2\n3",
    "Score: 6", "Score: -1", "Score: 10", "Score: 8/10", "Score: 4/10", "Score: 80%", "Score: 3-4", "Score: 0-5",
    "Score: 4 or 5", "Score: 4, maybe 5", "Score: 4 (or 3)", "Score: ~~3~~ 4", "Score: 4 errors", "Final score: 2-1",
    "Score: between 3 and 4", "Score: 3/5 or 4/5", "Accuracy: 3 of the 4 facts are right", "Football score: 4",
    "The score should be from 0 to 5", "Rate from 0 to 5", "Response: 4", "Answer: 4",
    "Score: 4\nScore: 3", "4\nScore: 3", "Score: 3\n…\nFinal score: 4", "4\n3", "Score: 4, score: 3",
    "4\n\nAccuracy: 3",
    "Accuracy: 4\nHelpfulness: 2", "Accuracy: 4/5, Helpfulness: 2/5", "Score: 6\nScore: 6",
    "<think>4", "<think>\n4\n", "<think>\n4\n</think>\n", "<score>6</score>", "<mark>four</mark>",
    '{"score": 6}', '{"score": -1}', '{"score": null}', '{"score": true}', '{"score": "high"}', '{"score": [4]}',
    '{"score": 4, "score": 3}', '{"score": 8, "max_score": 10}', '{"score": 4, "out_of": 10}', '{"errors": 4}', "{}",
    '{"score": 4}\n{"score": 3}', "⭐⭐⭐⭐", "4\n> Score: 5", "5 (out of 10)", "Score (0-10): 4",
    "Score (out of 10): 4", "Score: 4 (8/10)", "Score (da 1 a 10): 4", "4 on a scale of 0 to 10", "Rating [1-4]: 4",
    "Score on a scale of 1-10: 4", "I would rate this 4", "Max score: 5",
    '{"accuracy": 4, "helpfulness": 2}', '{"score": NaN}', '{"score": 1e999}', "[4, 5]", '{"score": 4',
    '{"score": "3-4"}',
]  # fmt: skip


@pytest.mark.parametrize("reply", [*FIRST_LINE, *NAMED])
def test_a_score_that_stands_as_the_score(reply: str) -> None:
    assert parse_reply(reply)[0] == 4
    score, explanation = parse_reply(f"{reply}\n\nThe response of 2024 names 3 of 5 facts.\n2 are wrong.")
    assert (score, explanation) == (4, "The response of 2024 names 3 of 5 facts.\n2 are wrong.")
    assert parse_reply(f"<think>\nPerhaps 2.\nScore: 3\n</think>\n\n{reply}\nWell.") == (4, "Well.")


@pytest.mark.parametrize("reply", NAMED)
def test_a_named_score_may_stand_below_its_explanation(reply: str) -> None:
    assert parse_reply(f"The response has 3 errors.\nIt is short.\n\n{reply}") == (
        4,
        "The response has 3 errors.\nIt is short.",
    )


@pytest.mark.parametrize("reply", OBJECTS)
@pytest.mark.parametrize(
    "form", ["{}", "```json\n{}\n```", "```\n{}\n```", "Here it is:\n{}", "Sure.\n\n```json\n{}\n```\nBye."]
)
def test_a_score_in_an_object(reply: str, form: str) -> None:
    assert parse_reply(form.format(reply) if form != "{}" else reply)[0] == 4


@pytest.mark.parametrize("reply", NONE)
def test_none_rather_than_a_guess(reply: str) -> None:
    assert parse_reply(reply) == (None, reply.strip())


@pytest.mark.parametrize(
    ("reply", "score"),
    [("0", 0), ("5", 5), ("4.5", 4.5), ("4,5", 4.5), ("2.25/5", 2.25), ("Score: 0", 0), ("Punteggio: 4,5", 4.5),
     ("Điểm: 3,5/5", 3.5), ("**3.5** / 5", 3.5), ('{"score": 0}', 0), ('{"score": "4,5"}', 4.5), ("0\nBad.", 0)],
)  # fmt: skip
def test_the_number(reply: str, score: float) -> None:
    assert parse_reply(reply)[0] == score


@pytest.mark.parametrize(
    ("reply", "explanation"),
    [
        ("4 - The response", "The response"), ("4: The response", "The response"), ("4, because", "because"),
        ("4 – The response\nis good", "The response\nis good"), ("**4** | The response", "The response"),
        ("4 (good)", "(good)"), ("4/5. The response", "The response"), ("4\tThe response", "The response"),
        ("4 Explanation: fine", "Explanation: fine"), ("4\n\nExplanation: fine", "Explanation: fine"),
        ("Score: 4 Explanation: fine", "Explanation: fine"), ("Score: 4. The response", "The response"),
        ("Before.\nScore: 4\nAfter.", "Before.\nAfter."), ("1. Score: 4\n2. Explanation: fine", "2. Explanation: fine"),
        ('{"score": 4, "explanation": " fine "}', "fine"), ('{"score": 4, "reason": "fine"}', "fine"),
        ('{"accuracy": {"score": 4, "motivazione": "va bene"}}', "va bene"), ('{"score": 4}', '{"score": 4}'),
        ("4\n1. First\n2. Second", "1. First\n2. Second"), ("4\\nExplanation: fine", "Explanation: fine"),
        ('4\n{"score": 2} is what it says', '{"score": 2} is what it says'),
    ],
)  # fmt: skip
def test_the_explanation_is_the_rest(reply: str, explanation: str) -> None:
    assert parse_reply(reply) == (4, explanation)


@pytest.mark.parametrize(
    ("reply", "accuracy", "helpfulness", "untold"),
    [
        ("Accuracy: 4\nHelpfulness: 2", 4, 2, None), ("Accuracy: 4/5, helpfulness: 2/5", 4, 2, None),
        ('{"accuracy": 4, "helpfulness": 2}', 4, 2, None), ("Helpfulness: 2", None, 2, 2),
        ('{"accuracy": {"score": 4}, "helpfulness": {"score": 2}}', 4, 2, None),
        ("3\nAccuracy: 4\nHelpfulness: 2", 4, 2, 3), ("4\nAccuracy: 4", 4, 4, 4), ("4\nAccuracy: 3", None, 4, None),
        ("Độ chính xác: 4\nĐộ hữu ích: 2", 4, 2, None), ("Accuratezza: 4\nUtilità: 2", 4, 2, None),
    ],
)  # fmt: skip
def test_several_scores(reply: str, accuracy: Any, helpfulness: Any, untold: Any) -> None:
    assert parse_reply(reply, "accuracy")[0] == accuracy
    assert parse_reply(reply, "helpfulness")[0] == helpfulness
    assert parse_reply(reply)[0] == untold


def test_decomposed_letters_are_the_same() -> None:
    import unicodedata

    assert parse_reply(unicodedata.normalize("NFD", "Điểm: 4"))[0] == 4


def test_names() -> None:
    assert name_of_score("The overall accuracy score") == "accuracy"
    assert name_of_score("final_rating") == "score"
    assert name_of_score("the football score") is None
    assert name_of_score("") is None
    assert name_of_score("accuracy and helpfulness") is None


def test_real_replies(shared: Path) -> None:
    """299 replies of Gemini, put together again from what the older parser found; one was no reply."""
    for line in (shared / "data/judge_replies.jsonl").read_text(encoding="utf-8").rstrip("\n").split("\n"):
        row = json.loads(line)
        if row["accuracy"] is None or row["accuracy"] < 0:
            assert parse_reply(row["acc_explanation"])[0] is None
            continue
        told = row["acc_explanation"]
        assert parse_reply(f"{row['accuracy']}\n{told}", "accuracy") == (row["accuracy"], told.strip())
        # Without its first line no number in the explanation is taken for it.
        assert parse_reply(told)[0] is None


WORDS = st.sampled_from(
    ["4", "3", "6", "-", "/5", "/", ".", ",", ":", "Score", "Điểm", "score: ", "\n", " ", "**", "{", "}", '"', "[", "]",
     "`", "the", "answer", "out of", "5", "```", "<score>", "</score>", "<think>", "</think>", "(", ")", "%", "or",
     "\\n", "1. "]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=120), st.lists(WORDS, max_size=25).map("".join)), st.sampled_from([None, "accuracy"]))
def test_noise(reply: str, dimension: str | None) -> None:
    score, explanation = parse_reply(reply, dimension)
    assert score is None or 0 <= score <= 5
    assert isinstance(explanation, str)
    if score is None:
        assert explanation == reply.strip()
    else:
        # Nothing is made up: its digits are there.
        assert any(digit in reply for digit in "012345０１２３４５")


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 50),
    st.sampled_from(["{}", "{}/5", "Score: {}", "**{}**", "Rating - {}", '{{"score": {}}}']),
    st.text(st.characters(blacklist_categories=["Nd", "Cs"], blacklist_characters="<{"), max_size=60),
)
def test_any_score_before_any_words(tenths: int, form: str, words: str) -> None:
    reply = form.format(tenths / 10)
    assert parse_reply(reply)[0] == tenths / 10
    if not form.startswith("{{"):
        assert parse_reply(f"{reply}\n\nThe response: {words}")[0] == tenths / 10


@pytest.mark.parametrize(
    "piece",
    ["4", "4 ", "4\n", "\n", " ", "Score: ", "Score: 4\n", "Score: 4, ", "{", '{"a":', '{"score":4,', "[", "[{", "(",
     "```", "```json\n{", "<score>", "<score>4</score>", "the score ", "*", "- ", "1 - a\n", "\\boxed{", "{\n",
     "'a':4,", "9", "4.", "~", "|", "<think>", "</think>", "a", "(a", "Score ("],
)  # fmt: skip
def test_time_is_linear(piece: str) -> None:
    text = piece * (300_000 // len(piece))
    began = time.process_time()
    score, _ = parse_reply(text)
    # A quadratic parser takes minutes.
    assert time.process_time() - began < 10
    assert score is None or 0 <= score <= 5
