"""The prompt style `own`: rows and prompts token for token as `apply_chat_template` writes them, kept by LitGPT."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import litgpt.prompts
import pytest

import train.styles
from tests.train.data.chat_fixtures import ITALIAN, several_turns
from tests.train.styles import own_templates
from tests.train.styles.own_templates import TRAINED, tokenizer, write_folder
from train.data.encode import Conversation, encode, encode_prompt
from train.errors import TrainError
from train.styles import Style, style_named, style_names, style_of
from train.styles.own import packed, unpacked
from train.tokenizer import adapt

SYSTEM = {"role": "system", "content": "Sii breve."}
CHATS = {
    "one": several_turns()[:2], "several": several_turns(), "system": [SYSTEM, *several_turns()[:2]],
    "both": [SYSTEM, *several_turns()],
}  # fmt: skip


def own(folder: Path, template: Any, **more: Any) -> Style:
    return style_named("own").of_model(write_folder(folder / "model", template, **more))


def plain(chat: list[dict[str, str]], *, parts: bool = False) -> list[dict[str, Any]]:
    return [
        {"role": turn["role"], "content": [{"type": "text", "text": turn["content"]}] if parts else turn["content"]}
        for turn in chat
    ]


@pytest.mark.parametrize("chat", CHATS)
@pytest.mark.parametrize("bos", [False, True])
@pytest.mark.parametrize("name", sorted(set(TRAINED) - {"refusing"}))
def test_rows_and_prompts_are_those_of_transformers(name: str, bos: bool, chat: str, tmp_path: Path) -> None:
    source, lead, end = TRAINED[name]
    style, theirs = own(tmp_path, source, bos=bos), tokenizer(source, bos=bos)
    switches = {"enable_thinking": False} if name == "switched" else {}
    turns = plain(CHATS[chat], parts=name == "parts")
    (row,) = encode(Conversation(CHATS[chat]), style, adapt(theirs))
    assert row.ids == theirs.apply_chat_template(turns, return_dict=True)["input_ids"]
    prompt = theirs.apply_chat_template(turns[:-1], return_dict=True, add_generation_prompt=True, **switches)
    asked = encode_prompt(CHATS[chat][:-1], style, adapt(theirs))
    assert row.ids[: row.learnt[-1][0]] == prompt["input_ids"] == asked
    answers = [f"{lead}{turn['content']}{end}" for turn in CHATS[chat] if turn["role"] == "assistant"]
    assert [theirs.decode(row.ids[slice(*part)]) for part in row.learnt] in (answers, answers[-1:])


@pytest.mark.parametrize("name", TRAINED)
def test_litgpt_saves_and_loads_it(name: str, tmp_path: Path) -> None:
    style = own(tmp_path, TRAINED[name][0])
    litgpt.prompts.save_prompt_style(style, tmp_path)
    loaded = litgpt.prompts.load_prompt_style(tmp_path)
    again = style_of(tmp_path)
    assert again is not None
    assert loaded.apply("Ciao") == style.prompt([{"role": "user", "content": "Ciao"}]) == again.apply("Ciao")
    assert again.chat_template == style.chat_template == TRAINED[name][0]
    assert again.stop_strings == style.stop_strings
    assert unpacked(packed(style.chat)) == style.chat  # type: ignore[attr-defined]


def test_it_keeps_the_system_prompt_of_its_tuning(tmp_path: Path) -> None:
    style = own(tmp_path, own_templates.MARKED).with_system("Sii breve.")
    litgpt.prompts.save_prompt_style(style, tmp_path)
    again = style_of(tmp_path)
    assert again is not None
    question = several_turns()[:1]
    assert again.prompt(question) == own(tmp_path, own_templates.MARKED).prompt([SYSTEM, *question])
    assert tokenizer(again.chat_template).apply_chat_template(
        plain(question), tokenize=False, add_generation_prompt=True
    ) == again.prompt(question)


def test_its_answer_is_what_training_learns(tmp_path: Path) -> None:
    style = own(tmp_path, own_templates.THINKING)
    assert style.content("Sì.") == "<think>\n\n</think>\n\nSì."
    assert style.end_of_turn == "<|im_end|>"
    assert style.lead == "<think>\n\n</think>\n\n"
    assert style.localised("vi") is style


@pytest.mark.parametrize(
    ("template", "stops"),
    [
        (own_templates.MARKED, ("<|im_end|>", "<|im_start|>")),
        (own_templates.FOLDED, ("<end_of_turn>", "<start_of_turn>")),
        (own_templates.WORDS, ("\n### Question:",)), (own_templates.INSTRUCTIONS, ("<|end|>", "[INST]")),
    ],
)  # fmt: skip
def test_stop_strings_are_what_follows_an_answer(template: str, stops: tuple[str, ...], tmp_path: Path) -> None:
    assert own(tmp_path, template).stop_strings == stops


def test_an_answer_without_an_end_ends_with_the_end_token(tmp_path: Path) -> None:
    style, tokens = own(tmp_path, own_templates.WORDS), adapt(tokenizer(own_templates.WORDS))
    (row,) = encode(Conversation(CHATS["several"]), style, tokens)
    assert tokens.decode(row.ids[slice(*row.learnt[-1])]) == "Sei, però senza effetto.<|end|>"
    assert any("writes nothing after an answer" in doubt for doubt in style.doubts(tokens, 0))


def test_a_token_across_the_border_drops_the_row(tmp_path: Path) -> None:
    style, counts = own(tmp_path, own_templates.SPACE_IN_PROMPT), Counter[str]()
    chat = [CHATS["one"][0], {"role": "assistant", "content": "piano approvato"}]
    assert not encode(Conversation(chat), style, adapt(tokenizer(None)), counts=counts)
    assert counts["dropped: a token goes across the border of prompt and answer"] == 1


def test_rows_that_the_template_refuses_are_dropped_by_name(tmp_path: Path) -> None:
    style, counts = own(tmp_path, own_templates.REFUSING), Counter[str]()
    assert not encode(Conversation(CHATS["system"]), style, adapt(tokenizer(None)), counts=counts)
    assert counts["dropped: the chat template refuses it (System role not supported)"] == 1
    assert list(style.doubts(adapt(tokenizer(None)), 1)) == [
        "1 rows have a system prompt, which the chat template refuses or leaves out"
    ]


def test_earlier_answers_that_are_not_learnt_are_counted(tmp_path: Path) -> None:
    style, counts = own(tmp_path, own_templates.THINKING), Counter[str]()
    encode(Conversation(CHATS["several"]), style, adapt(tokenizer(None)), counts=counts)
    assert counts["earlier answers not learnt: a longer chat has them otherwise"] == 1


def test_an_answer_of_no_weight_stays_unlearnt_where_the_last_alone_is(tmp_path: Path) -> None:
    chat = [*several_turns()[:3], {**several_turns()[3], "weight": "0"}]
    (row,) = encode(Conversation(chat), own(tmp_path, own_templates.THINKING), adapt(tokenizer(None)))
    assert not row.learnt


@pytest.mark.parametrize("over_length", ["cut", "split", "drop"])
def test_rows_that_are_too_long(over_length: str, tmp_path: Path) -> None:
    long = [{"role": "user", "content": f"Riassumi.\n\n{ITALIAN * 3}", "input": ITALIAN * 3}, several_turns()[1]]
    style, tokens = own(tmp_path, own_templates.MARKED), adapt(tokenizer(None))
    length = len(encode(Conversation(long), style, tokens)[0].ids)
    rows = encode(Conversation(long), style, tokens, max_seq_length=length - 20, over_length=over_length)
    assert len(rows) == (over_length == "cut")
    assert all(tokens.decode(row.ids).endswith("Approvato il piano.<|im_end|>\n") for row in rows)


def test_marks_in_a_text_would_forge_a_turn(tmp_path: Path) -> None:
    chat = [{"role": "user", "content": "Dice <|im_end|> e basta."}, several_turns()[1]]
    counts = Counter[str]()
    assert not encode(Conversation(chat), own(tmp_path, own_templates.MARKED), adapt(tokenizer(None)), counts=counts)
    assert counts["dropped: holds the style's own marks"] == 1


@pytest.mark.parametrize(
    ("template", "system", "reason"),
    [
        (own_templates.THINKS_ALWAYS, None, "asks for an answer otherwise"),
        (own_templates.REFUSING, "Sii breve.", "takes no system prompt"),
        (own_templates.WORDS, "Sii breve.", "takes no system prompt"),
    ],
)
def test_what_cannot_be_trained_is_one_line(template: str, system: str | None, reason: str, tmp_path: Path) -> None:
    style = own(tmp_path, template).with_system(system)
    with pytest.raises(TrainError, match=reason) as caught:
        style.check()
    assert "\n" not in str(caught.value)


def test_before_its_model_is_known_it_says_so() -> None:
    with pytest.raises(TrainError, match="name the model's folder"):
        style_named("own").prompt(several_turns()[:1])
    assert "own" in style_names()


def test_damaged_names_are_told(tmp_path: Path) -> None:
    for name in ("Own?template=x", "Own?template=eJwDAAAAAAE"):
        with pytest.raises(AttributeError):
            getattr(train.styles, name)
    (tmp_path / "prompt_style.yaml").write_text("class_path: train.styles.Own?template=x\n")
    with pytest.raises(TrainError, match="damaged"):
        style_of(tmp_path)


def test_sentencepiece_alone_is_refused(tmp_path: Path) -> None:
    from train.tokenizer import PieceTokens

    tokens = PieceTokens.__new__(PieceTokens)
    with pytest.raises(TrainError, match=r"needs tokenizer\.json"):
        encode(Conversation(CHATS["one"]), own(tmp_path, own_templates.MARKED), tokens)
