"""Work behind the pages waits for the requests, and the requests never for the work.

Covers the part of synth.review.server that counts requests; where it listens: tests/synth/review/test_command.py.
"""

from __future__ import annotations

import threading
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from synth.review.browse import word_index
from synth.review.pages import samples as page
from synth.review.pages.samples import SampleList, prepare
from synth.review.requests import app_object
from synth.review.server import Traffic
from tests.waiting import wait_until


def test_nobody_waits_where_nobody_asks() -> None:
    assert Traffic().wait_for_quiet(longest=0)


def test_a_request_is_waited_for_but_not_for_ever() -> None:
    traffic, waited = Traffic(), []
    with traffic.request(), traffic.request():
        assert not traffic.wait_for_quiet(longest=0)
        assert not traffic.wait_for_quiet(longest=0.01)
        waiting = threading.Thread(target=lambda: waited.append(traffic.wait_for_quiet(longest=60)))
        waiting.start()
        assert not waited
    waiting.join(60)
    assert waited == [True]


def test_a_moment_after_a_request_the_next_one_may_come() -> None:
    traffic = Traffic()
    with pytest.raises(ValueError, match="an error"), traffic.request():
        raise ValueError("an error")
    assert not traffic.wait_for_quiet(longest=0)
    assert traffic.wait_for_quiet(longest=60)


def test_every_request_counts_while_it_is_answered(
    app: Starlette, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = []

    def observe(*_: Any) -> list[Any]:
        quiet.append(app.state.traffic.wait_for_quiet(longest=0))
        return []

    monkeypatch.setattr(page, "cookbook", observe)
    assert client.get("/samples").status_code == 200
    assert quiet == [False]
    assert app.state.traffic.wait_for_quiet(longest=60)


@pytest.mark.usefixtures("samples")
def test_words_of_many_samples_are_read_between_requests(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_index, "_AT_ONCE", 0)
    monkeypatch.setattr(word_index, "_BATCH", 1)
    calls = []
    monkeypatch.setattr(app.state.traffic, "wait_for_quiet", lambda: calls.append(1))
    prepare(app)
    words = app_object(app, SampleList).words
    wait_until(lambda: words.complete)
    assert len(calls) == 3


@pytest.mark.usefixtures("samples")
def test_a_reader_who_waits_for_the_words_of_few_samples_is_not_waited_for(app: Starlette) -> None:
    with app.state.traffic.request():
        prepare(app)
        assert app_object(app, SampleList).words.complete
