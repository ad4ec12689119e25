"""One face for tokenizers: no special token added, the same ids as the library's own, begin and end found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.train.data.chat_fixtures import ITALIAN, VIETNAMESE, processor, tokens
from train.errors import TrainError
from train.tokenizer import Tokens, adapt, tokenizer_of


def folder_with(folder: Path, tokenizer: Any, **config: Any) -> Path:
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<|begin|>",
        "eos_token": "<|end|>",
        **config,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def copy() -> Any:
    from tokenizers import Tokenizer

    return Tokenizer.from_str(processor().to_str())


def beginning() -> Any:
    """A tokenizer that puts a begin token before every text, and cuts to eight tokens, as some files in the wild."""
    from tokenizers import processors

    own = copy()
    begin = own.token_to_id("<|begin|>")
    own.post_processor = processors.TemplateProcessing(single="<|begin|> $A", special_tokens=[("<|begin|>", begin)])
    own.enable_truncation(8)
    return own


def test_folders_of_both_kinds_give_the_same_ids(tmp_path: Path) -> None:
    from litgpt import Tokenizer
    from transformers import AutoTokenizer

    folder = folder_with(tmp_path / "model", copy())
    ways = [tokenizer_of(folder), adapt(Tokenizer(folder)), adapt(AutoTokenizer.from_pretrained(str(folder)))]
    for text in (ITALIAN, VIETNAMESE, "<|im_start|>user\nA<|im_end|>\n", ""):
        assert len({tuple(way.encode(text)) for way in ways}) == 1
    assert {(way.bos_id, way.eos_id, way.adds_bos) for way in ways} == {(1, 2, False)}


def test_begin_token_of_the_tokenizer_is_found_and_not_added_twice(tmp_path: Path) -> None:
    found = tokenizer_of(folder_with(tmp_path / "model", beginning()))
    assert found.adds_bos
    assert found.encode(ITALIAN) == tokens().encode(ITALIAN), "neither begun nor cut to eight"
    assert tokenizer_of(folder_with(tmp_path / "other", copy(), add_bos_token=True)).adds_bos
    assert not tokenizer_of(folder_with(tmp_path / "third", copy(), bos_token=None, add_bos_token=True)).adds_bos


@pytest.mark.parametrize("name", ["Llama-3-8B", "Meta-Llama-3-8B"])
def test_llama_3_begins_whatever_its_settings_say(tmp_path: Path, name: str) -> None:
    assert tokenizer_of(folder_with(tmp_path / name, copy())).adds_bos


def test_special_tokens_written_as_objects_or_in_the_generation_settings(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "model", copy(), bos_token={"content": "<|begin|>"}, eos_token=None)
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [2, 7]}))
    assert (tokenizer_of(folder).bos_id, tokenizer_of(folder).eos_id) == (1, 2)


class Prefixing(Tokens):
    """As SentencePiece of Llama 2: a space before every text. Ids are characters."""

    bos_id, eos_id, adds_bos = None, None, False

    def _encode(self, texts: list[str]) -> list[list[int]]:
        return [[ord(character) for character in " " + text] for text in texts]


def test_no_space_inside_a_text() -> None:
    found = Prefixing()
    assert found.encode_batch(["ab", "ab"], [False, True]) == [[32, 97, 98], [97, 98]]
    assert tokens().encode_batch(["ab", "ab"], [False, True]) == [tokens().encode("ab")] * 2


def test_batches_equal_single_texts() -> None:
    texts = [ITALIAN, "", VIETNAMESE, "a"]
    assert tokens().encode_batch(texts) == [tokens().encode(text) for text in texts]


def test_digest_tells_tokenizers_apart(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "model", copy())
    assert tokenizer_of(folder).digest == tokenizer_of(folder).digest != tokens(True).digest


@pytest.mark.parametrize("content", [None, "{", '{"model": 1}'])
def test_folder_without_a_tokenizer(tmp_path: Path, content: str | None) -> None:
    if content:
        (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(TrainError, match="tokenizer"):
        tokenizer_of(tmp_path)


def test_something_else_is_no_tokenizer() -> None:
    with pytest.raises(TypeError, match="str is no tokenizer"):
        adapt("x")
