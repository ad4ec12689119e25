"""`synth query` warns of what is probably not meant, and of nothing else."""

from __future__ import annotations

import pytest

from tests.synth.query.test_command import Asked
from tests.synth.query.test_command import ask as ask_fixture
from tests.synth.query.test_command import store as store_fixture

ask = ask_fixture
store = store_fixture


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ('{"min_similarity": {"$gt": "0.7"}}', "min_similarity holds numbers, never equal to the text '0.7'"),
        ('{"key": 5}', "key holds texts, never equal to the int 5"),
        ('{"superseded": "false"}', "superseded holds truth values"),
        ('{"status": "acepted"}', "status is never 'acepted': did you mean 'accepted'?"),
        ('{"sources.source_site": {"$in": ["ansa"]}}', "did you mean 'Ansa'?"),
        ('{"similarity": {"$elemMatch": {"$gt": 0.7}}}', "*any* source"),
        ('{"similarity": {"$gt": 0.7}}', "*any* source"),
    ],
)
def test_what_is_probably_not_meant_is_said(wanted: str, told: str, ask: Asked) -> None:
    err = ask(wanted, "--count")[1]
    assert "query: warning: " in err
    assert told in err


@pytest.mark.parametrize(
    "wanted",
    ['{"min_similarity": null}', '{"key": {"$type": "string"}}', '{"key": {"$exists": true}}',
     '{"status": {"$ne": "new"}}', '{"similarity": {"$not": {"$elemMatch": {"$lte": 0.1}}}}',
     '{"key": {"$in": ["k01", null]}}', ":ready",
     '{"answer": {"$regex": "x", "$options": "i"}}', '{"sources": {"$size": 1}}',
     '{"min_similarity": {"$mod": [1, 0]}}'],
)  # fmt: skip
def test_a_sound_filter_is_not_warned_of(wanted: str, ask: Asked) -> None:
    assert "warning" not in ask(wanted, "--count")[1]
