"""A language named by small words alone is the right one; what is short, mixed or foreign is left to the detector."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synth.language.small_words import language_by_small_words

ITALIAN = (
    "Il faro della città è stato acceso per la prima volta nel porto, e non si vede più dalla strada che porta al mare."
)
ENGLISH = "The lighthouse of the town was lit for the first time, and it is not to be seen from the road at night."
DANISH = "Jeg har for nylig set at du har været her, og at det var for sent for os at have en fest for dem i aften."


@pytest.mark.parametrize(("parts", "code"), [
    ((ITALIAN, "Che cosa è successo al faro?"), "it"), ((ENGLISH, ""), "en"), ((DANISH, ""), None),
    ((ITALIAN, "Translate this news item about a lighthouse to Italian"), None), ((ITALIAN, ENGLISH), None),
    (("42", "Sum?"), None), (("", ""), None), (("def f(x): return x + 1\n" * 9, "Write the code"), None),
])  # fmt: skip
def test_what_small_words_say(parts: tuple[str, str], code: str | None) -> None:
    assert language_by_small_words(parts) == code


@pytest.mark.parametrize(
    ("file", "fields", "code", "least"),
    [
        ("alpaca_vi_1000.jsonl", ("response", "prompt"), "vi", 0.6),
        ("pairs/marco_mif/fr.jsonl", ("prompt",), "fr", 0.5),
        ("pairs/marco_mif/es_local.jsonl", ("prompt",), "es", 0.5),
        ("pairs/wmt24pp/en-fr_FR.jsonl", ("target",), "fr", 0.3),
        ("pairs/wmt24pp/en-es_MX.jsonl", ("target",), "es", 0.3),
        ("pairs/wmt24pp/en-es_MX.jsonl", ("target", "source"), None, 0.97),
    ],
)  # fmt: skip
def test_it_is_hardly_ever_wrong_on_real_rows(
    shared: Path, file: str, fields: tuple[str, ...], code: str | None, least: float
) -> None:
    rows = [json.loads(line) for line in (shared / "data" / file).open(encoding="utf-8")]
    verdicts = [language_by_small_words([row[field][:300] for field in fields]) for row in rows]
    assert sum(verdict == code for verdict in verdicts) >= least * len(verdicts)
    # One row is in English, and one in French quotes an English song three times.
    assert sum(verdict not in (code, None) for verdict in verdicts) <= (1 if code else 0.03 * len(rows))
