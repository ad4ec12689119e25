"""Doubts of translated rows about their language. Covers synth.translation.language_bound.rows,
synth.translation.checks.language_bound.
"""

from __future__ import annotations

from synth.translate import doubts
from synth.translation.language_bound import bound_doubts, constraint_doubts
from synth.translation.language_bound.rows import turns_of, with_texts


def row(instruction: str, answer: str, material: str = "") -> dict[str, str]:
    return {"instruction": instruction, "input": material, "output": answer}


def test_a_list_of_words_passes_only_if_code_finds_it_right() -> None:
    source = row("Name two words ending in 'ness'.", "Kindness, darkness")
    right = row("Elenca 2 parole che finiscono in «ezza».", "Bellezza, dolcezza")
    wrong = row("Elenca 2 parole che finiscono in «naso».", "Gentilezza, buio")
    assert bound_doubts(source, right, "en", "it") == []
    assert bound_doubts(source, wrong, "en", "it") == ["language_bound"]


def test_what_code_cannot_check_is_always_doubted() -> None:
    source = row("What is a synonym of 'rapid'?", "Fast")
    assert bound_doubts(source, row("Qual è un sinonimo di «rapido»?", "Veloce"), "en", "it") == ["language_bound"]


def test_all_doubts_of_a_row_are_given_together() -> None:
    source = row("Fix the mistakes in the text.", "They were late.", "They was late.")
    translation = row("Correggi gli errori nel testo.", "Erano in ritardo.", "Erano in ritardo.")
    assert {"language_bound", "same_after_translation"} <= set(doubts(source, translation, "en", "it"))


def test_an_answer_that_must_stay_in_its_language() -> None:
    source = row("Translate into Spanish: The bread is warm.", "El pan está caliente.")
    kept = row("Traduci in spagnolo: The bread is warm.", "El pan está caliente.")
    lost = row("Traduci in spagnolo: Il pane è caldo.", "Il pane è caldo.")
    assert bound_doubts(source, kept, "en", "it") == []
    assert bound_doubts(source, lost, "en", "it") == ["answer_language"]


def test_a_keyword_must_be_the_same_in_instruction_and_answer() -> None:
    source = row("Use the word 'bridge' twice.", "A bridge is a bridge.")
    right = row("Usa la parola «ponte» due volte.", "Un ponte è un ponte.")
    wrong = row("Usa la parola «ponte» due volte.", "Un ponte è un viadotto.")
    assert constraint_doubts(source, right, "en", "it") == []
    assert constraint_doubts(source, wrong, "en", "it") == ["constraint_broken"]


def test_a_number_that_changed_in_the_instruction() -> None:
    source = row("Answer in exactly two sentences.", "It rains. We stay.")
    wrong = row("Rispondi in esattamente tre frasi.", "Piove. Restiamo.")
    assert constraint_doubts(source, wrong, "en", "it") == ["constraint_broken"]


def test_a_demand_that_the_source_did_not_meet_is_no_fault_of_the_translation() -> None:
    source = row("Answer in exactly two sentences.", "It rains.")
    assert constraint_doubts(source, row("Rispondi in due frasi.", "Piove."), "en", "it") == []


def test_every_turn_of_a_conversation_counts() -> None:
    def talk(*texts: str) -> dict[str, list[dict[str, str]]]:
        roles = ["user", "assistant"] * 2
        return {"messages": [{"role": role, "content": text} for role, text in zip(roles, texts, strict=True)]}

    source = talk("Hello.", "Good day.", "Answer without commas: what is salt?", "A mineral.")
    translation = talk("Ciao.", "Buongiorno.", "Rispondi senza virgole: che cos'è il sale?", "Un minerale, direi.")
    assert constraint_doubts(source, translation, "en", "it") == ["constraint_broken"]


def test_a_row_keeps_all_else_when_its_texts_are_others() -> None:
    alpaca = {"instruction": "a", "input": "b", "output": "c", "id": 7}
    assert with_texts(alpaca, "x", "y") == {"instruction": "x", "input": "", "output": "y", "id": 7}
    turns = {
        "messages": [{"role": "system", "content": "s"}, {"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]
    }
    assert turns_of(with_texts(turns, "x", "y")) == [("x", "", "y")]
    assert with_texts(turns, "x", "y")["messages"][0] == {"role": "system", "content": "s"}


def test_what_a_translation_task_keeps_is_not_untranslated() -> None:
    text = "The harvest was late this year because it rained through the whole of the summer."
    answer = "Die Ernte war dieses Jahr spät, weil es den ganzen Sommer über geregnet hat."
    source = row(f"Translate into German: {text}", answer)
    assert doubts(source, row(f"Traduci in tedesco: {text}", answer), "en", "it") == []
    assert "untranslated" in doubts(source, source, "en", "it")
    apart = row("Translate the text into German.", answer, text)
    assert doubts(apart, row("Dịch văn bản sang tiếng Đức.", answer, text), "en", "vi") == []
