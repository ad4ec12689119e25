"""The baselines of the benchmark of summaries, and how peers are given their room."""

from __future__ import annotations

from collections import namedtuple
from datetime import UTC, datetime, timedelta

import numpy as np

from benchmarks.helpers.summary_peers import room
from benchmarks.llm.bench_summaries import Event, beginning, fill, interval, lead_2, leads, newest, rouge_scores
from synth.llm.extractive.summarizer import Document

DAY = datetime(2026, 5, 4, tzinfo=UTC)
EVENT = Event(
    [
        Document("Một", "Alpha một hai ba. Alpha bốn năm sáu. Alpha bảy tám chín.", DAY),
        Document("Hai", "Beta một hai ba. Beta bốn năm sáu. Beta bảy tám chín mười.", DAY + timedelta(days=1)),
    ],
    ("Alpha một hai ba.", "Beta một hai ba."),
)


def test_the_room_is_the_median_source() -> None:
    assert EVENT.room == 12


def test_baselines() -> None:
    assert beginning(EVENT) == "Alpha một hai ba. Alpha bốn năm sáu. Alpha bảy tám chín."
    assert newest(EVENT) == "Beta một hai ba. Beta bốn năm sáu."
    assert lead_2(EVENT) == "Alpha một hai ba. Alpha bốn năm sáu. Beta một hai ba."
    assert leads(EVENT) == "Alpha một hai ba. Beta một hai ba. Alpha bốn năm sáu."


def test_what_does_not_fit_is_passed_over() -> None:
    assert fill(["một hai", "ba bốn năm", "sáu"], 3) == "một hai sáu"


def test_peers_choose_by_rank_within_the_room() -> None:
    ranked = namedtuple("ranked", "sentence")
    rows = [ranked("một hai ba"), ranked("bốn năm"), ranked("sáu")]
    assert room(4)(rows) == [rows[0], rows[2]]


def test_scores_are_means_over_both_people() -> None:
    assert rouge_scores(["Alpha một hai ba."], [EVENT])[0, 0] == (1.0 + 0.75) / 2


def test_the_interval_of_a_constant_is_a_point() -> None:
    low, high = interval(np.full((5, 3), 0.25), rounds=20)
    assert low.tolist() == high.tolist() == [0.25] * 3
