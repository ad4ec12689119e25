"""Real models of both kinds, trained on a few pairs: tags, language tokens, masks, lines, batches, licences.

Covers synth.translation.engines.madlad, synth.translation.engines.nllb.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from crawler.items import NewsmillError
from synth.translation.engines import EngineSettings, engine_names
from synth.translation.engines.madlad import LICENCE as MADLAD_LICENCE
from synth.translation.seq2seq import Seq2SeqTranslator
from synth.translation.translator import Translator, load_translator
from tests.conftest import MadeOnce
from tests.synth.translation.tiny_models import PAIRS, make_madlad, make_nllb

LONG = "Who knows the way to the old harbour of the town?"


@pytest.fixture(scope="session")
def madlad(made_once: MadeOnce) -> Path:
    return made_once("tiny_madlad", make_madlad)


@pytest.fixture(scope="session")
def nllb(made_once: MadeOnce) -> Path:
    return made_once("tiny_nllb", make_nllb)


def translated(translator: Translator, *texts: str, language: str = "it") -> list[str]:
    return [part.text for part in asyncio.run(translator.translate(texts, "en", language))]


def test_madlad_translates_each_sentence_of_each_line(madlad: Path) -> None:
    translator = load_translator(f"madlad:{madlad}", EngineSettings(batch_size=2))
    assert (translator.name, translator.prompt_id("it")) == (f"madlad:{madlad}", "sentences/1")
    assert translator.engine.licence == MADLAD_LICENCE
    text = " The dog barks. It rains in Rome.\n\n- See `x` now.\n1. The dog barks.\n"
    assert translated(translator, text, LONG) == [
        " Il cane abbaia. Piove a Roma.\n\n- Vedi `x` ora.\n1. Il cane abbaia.\n", PAIRS["it"][LONG],
    ]  # fmt: skip
    assert translated(translator, "The dog barks.", "`x`", language="vi") == ["Con chó sủa.", "`x`"]


def test_nllb_translates_by_the_tokens_of_both_languages(nllb: Path) -> None:
    translator = load_translator(f"nllb:{nllb}", EngineSettings(workers=2))
    assert "not for commercial use" in translator.engine.licence
    assert translated(translator, "The dog barks.\nIt rains in Rome.") == ["Il cane abbaia.\nPiove a Roma."]
    assert translated(translator, "The dog barks.", language="vi") == ["Con chó sủa."]


def test_masks_have_a_form_that_the_vocabulary_knows(madlad: Path) -> None:
    engine = load_translator(f"madlad:{madlad}").engine
    assert engine.reads("⟦{}⟧")
    assert not engine.reads("§{}§")


def test_what_a_model_does_not_end_is_tried_by_sentence_and_then_named(
    madlad: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    translator = load_translator(f"madlad:{madlad}")
    monkeypatch.setattr("synth.translation.seq2seq._GROWTH", 0.0)
    monkeypatch.setattr("synth.translation.seq2seq._MORE", 2)
    (translation,) = asyncio.run(translator.translate([LONG], "en", "it"))
    assert (translation.text, translation.refusal) == (LONG, "truncated")


def test_languages_that_a_model_does_not_know_are_refused(madlad: Path, nllb: Path) -> None:
    for spec, source, language, message in (
        (f"madlad:{madlad}", "en", "fr", "<2fr>"),
        (f"nllb:{nllb}", "en", "fr", "fra_Latn"),
        (f"nllb:{nllb}", "", "it", "--from"),
        (f"nllb:{nllb}", "en", "xx", "'xx'"),
    ):
        with pytest.raises(NewsmillError, match=message):
            asyncio.run(load_translator(spec).translate(["Hello."], source, language))


def test_a_folder_that_holds_no_model_is_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    for name in ("madlad", "nllb"):
        with pytest.raises(NewsmillError, match="no translation model") as error:
            load_translator(f"{name}:{tmp_path}")
        assert "\n" not in str(error.value)
        with pytest.raises(NewsmillError, match="absent: no such folder"):
            load_translator(f"{name}:{tmp_path / 'absent'}")
    assert engine_names() == ["llm", "madlad", "nllb"]
    assert Seq2SeqTranslator.by_sentence
