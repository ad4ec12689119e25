"""The checks together. Covers synth.translation.checks.copies and synth.translation.pair."""

import string

from hypothesis import given
from hypothesis import strategies as st

from synth.translate import doubts
from synth.translation.checks import doubts_without_source, meanings
from synth.translation.pair import row_pair, texts_of

_IMAGE = {"type": "image_url", "image_url": {}}


def test_every_name_has_a_meaning_in_one_line() -> None:
    assert len(meanings()) > 15
    assert all(meaning and "\n" not in meaning and not meaning.endswith(".") for meaning in meanings().values())


def test_messages_are_compared_turn_by_turn() -> None:
    source = {"messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Name 3 rivers."}, _IMAGE]},
        {"role": "assistant", "content": "The Po, the Arno and the Tiber."},
        {"role": "tool", "content": None},
    ]}  # fmt: skip
    target = {"messages": [
        {"role": "system", "content": "Sii breve."},
        {"role": "user", "content": [{"type": "text", "text": "Nomina 4 fiumi."}, _IMAGE]},
        {"role": "assistant", "content": "Il Po, l'Arno e il Tevere."},
        {"role": "tool", "content": None},
    ]}  # fmt: skip
    assert doubts(source, target, "en", "it") == ["number_changed"]
    assert [field for field, _ in texts_of(source)] == ["system", "instruction", "output", "instruction"]


def test_a_message_that_is_missing_is_empty() -> None:
    source = {
        "messages": [{"role": "user", "content": "Hello there"}, {"role": "assistant", "content": "Hello to you"}]
    }
    target = {"messages": [{"role": "user", "content": "Xin chào"}]}
    assert doubts(source, target, "en", "vi") == ["empty"]


def test_fields_by_other_names_are_read() -> None:
    row = row_pair({"prompt": "Say hi", "response": "Hi"}, {"prompt": "Saluta", "response": "Ciao"}, "en", "it")
    assert [pair.field for pair in row.pairs] == ["instruction", "output"]


def test_texts_that_became_the_same_are_doubted() -> None:
    source = {"instruction": "Correct it.", "input": "She don't know.", "output": "She doesn't know."}
    target = {"instruction": "Correggi.", "input": "Lei non lo sa.", "output": "Lei non lo sa."}
    assert doubts(source, target, "en", "it") == ["language_bound", "same_after_translation"]
    assert doubts({**source, "output": source["input"]}, target, "en", "it") == []


def test_some_doubts_need_no_source() -> None:
    rows = {
        "code_changed": {"instruction": "Scrivi il codice.", "output": "if (già == 1) {\n    però = 2;\n}"},
        "untranslated": {"instruction": "Saluta.", "output": "Ciao a tutti. The boat was at the pier and it was late."},
        "remark_added": {"instruction": "Ecco la traduzione: Nomina un fiume.", "output": "Il Po."},
        "same_after_translation": {"instruction": "Migliora: il mare è blu.", "output": "Migliora: il mare è blu."},
        "language_bound": {"instruction": "Trova una rima per la parola 'mare'.", "output": "Sole."},
    }
    for name, row in rows.items():
        assert name in doubts_without_source(row, "en", "it"), name
    good = {"instruction": "Nomina due fiumi italiani.", "output": "Il Po e il Tevere.\n```\nx = 'perché'  # sì\n```"}
    assert doubts_without_source(good, "en", "it") == []


@given(text=st.text(alphabet=string.digits + string.punctuation + " \n", max_size=60))
def test_what_has_no_prose_is_never_doubted_where_it_stays(text: str) -> None:
    assert doubts({"instruction": text}, {"instruction": text}, "en", "vi") == []


@given(text=st.text(max_size=80), language=st.sampled_from(["it", "vi", "fr", "es", "de", "pt", "ro", "xx"]))
def test_what_stays_as_it_was_is_at_most_untranslated(text: str, language: str) -> None:
    assert set(doubts({"output": text}, {"output": text}, "en", language)) <= {"untranslated"}


@given(source=st.text(max_size=80), target=st.text(max_size=80))
def test_whatever_the_texts_are_names_come_out(source: str, target: str) -> None:
    assert set(doubts({"output": source}, {"output": target}, "en", "it")) <= set(meanings())
