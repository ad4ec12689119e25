"""Texts of `LanguageModel.write`: whatever stands beside a row, with a cache, and where they end.

Covers train.models.litgpt_engine, train.models.huggingface_engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.train.models.conftest import encoded, whole_logits
from train.errors import TrainError

torch = pytest.importorskip("torch", reason="torch is not installed")


def test_writing_with_a_cache_reads_the_prompts_as_they_are(model: Any) -> None:
    """Prefill and steps of padded rows, some of which leave, against whole forward passes of single rows."""
    prompts, _ = encoded(model)
    steps = [torch.tensor([5, 6, 7, 8, 9, 10]), torch.tensor([15, 17, 18])]
    rows_left = torch.tensor([0, 3, 5])
    with torch.inference_mode():
        logits = [model.engine.begin(prompts, 3), model.engine.step(steps[0])]
        model.engine.keep(rows_left)
        logits.append(model.engine.step(steps[1]))
        model.engine.end()
    rows = [list(prompts), [[*prompt, int(token)] for prompt, token in zip(prompts, steps[0], strict=True)]]
    rows.append([[*rows[1][row], int(token)] for row, token in zip(rows_left.tolist(), steps[1], strict=True)])
    for ours, extended in zip(logits, rows, strict=True):
        theirs = torch.stack([whole_logits(model, row)[-1] for row in extended])
        assert (ours.float() - theirs).abs().max() < 1e-4


def test_a_text_does_not_depend_on_its_batch(model: Any) -> None:
    prompts, _ = encoded(model)
    seeds = [11, 12, 13, 14, 15, 16]
    together = model.write(prompts, max_new_tokens=12, seeds=seeds)
    alone = [
        model.write([prompt], max_new_tokens=12, seeds=[seed])[0] for prompt, seed in zip(prompts, seeds, strict=True)
    ]
    model.batch_tokens = 600
    turned = model.write(prompts[::-1], max_new_tokens=12, seeds=seeds[::-1])[::-1]
    assert together == alone == turned
    assert len(set(together)) == len(together)
    assert model.write(prompts, max_new_tokens=12, seeds=[1] * 6) != together


def test_the_likeliest_text_is_litgpts(models: dict[tuple[str, str], Any]) -> None:
    from litgpt.generate.base import generate

    model = models["SmolLM2-360M", "litgpt"]
    prompts, _ = encoded(model)
    expected = []
    for prompt in prompts:
        model.engine.model.set_kv_cache(batch_size=1)
        out = generate(
            model.engine.model, torch.tensor(prompt), len(prompt) + 15, temperature=0.0, top_p=0.0, eos_id=None,
            include_prompt=False,
        )  # fmt: skip
        expected.append([int(token) for token in out])
        model.engine.model.clear_kv_cache()
    assert model.write(prompts, max_new_tokens=15, temperature=0) == [text_of(model, ids) for ids in expected]


@pytest.mark.parametrize("name", ["Gemma-3-1b-it", "bloom-7b1"])
def test_the_likeliest_text_is_transformers(name: str, models: dict[tuple[str, str], Any]) -> None:
    model = models[name, "huggingface"]
    prompts, _ = encoded(model)
    expected = [
        model.engine.model.generate(torch.tensor([prompt]), do_sample=False, max_new_tokens=15)[
            0, len(prompt) :
        ].tolist()
        for prompt in prompts
    ]
    assert model.write(prompts, max_new_tokens=15, temperature=0) == [text_of(model, ids) for ids in expected]


def text_of(model: Any, ids: list[int]) -> str:
    ends = [place for place, token in enumerate(ids) if token in model.end_ids]
    return str(model.decode(ids[: min(ends, default=None)])).rstrip("\ufffd").strip()


class Parrot:
    """An engine that repeats its line, whatever the prompt, and counts the rows it works on."""

    model, block_size, vocabulary, device = None, 64, 400, "cpu"

    def __init__(self, lines: list[list[int]]) -> None:
        self.lines, self.rows, self.position, self.widths = lines, list(range(len(lines))), 0, [0]

    def logits_at(self, ids: Any, lengths: Any, where: tuple[Any, Any]) -> Any:
        raise AssertionError("a parrot scores nothing")

    def begin(self, prompts: Sequence[Sequence[int]], room: int) -> Any:
        assert room > 0
        self.rows, self.position = list(range(len(self.lines))), 0
        return self._logits()

    def step(self, tokens: Any) -> Any:
        assert tokens.tolist() == [self.lines[row][self.position] for row in self.rows]
        self.position += 1
        return self._logits()

    def keep(self, rows: Any) -> None:
        self.rows = [self.rows[row] for row in rows.tolist()]

    def end(self) -> None:
        pass

    def _logits(self) -> Any:
        self.widths.append(len(self.rows))
        return (
            torch.nn.functional.one_hot(torch.tensor([self.lines[row][self.position] for row in self.rows]), 400) * 50.0
        )


@pytest.fixture
def parrot(models: dict[tuple[str, str], Any]) -> Any:
    """A model with SmolLM2's tokenizer and chat, and lines that the test gives."""
    from train.models.language_model import LanguageModel

    real = models["SmolLM2-360M", "litgpt"]

    def make(*lines: str) -> Any:
        ids = [[*real.tokenizer.encode(line), *real.tokenizer.encode(" a") * 64][:80] for line in lines]
        return LanguageModel("parrot", Parrot(ids), real.tokenizer, real.style, real.end_ids)

    return make


def test_the_end_of_a_turn_ends_a_text_and_the_row_leaves(parrot: Any) -> None:
    model = parrot("Sì.<|im_end|>\nAltro", "Forse no", "No.<|endoftext|>Altro")
    texts = model.write([[1]] * 3, max_new_tokens=40)
    assert (texts[0], texts[2]) == ("Sì.", "No.")
    assert texts[1].startswith("Forse no a a")
    assert model.engine.widths[-1] == 1


def test_a_text_knows_whether_it_was_cut_off(parrot: Any) -> None:
    from train.models.sampling import Sampling

    model = parrot("Sì.<|im_end|>\nAltro", "Forse no", "Uno. FINE due")
    ((_, written),) = model.write_batches([[1]] * 3, 40, Sampling(0.0), stop=["FINE"])
    assert [(each.text[:4], each.cut) for each in written] == [("Sì.", False), ("Fors", True), ("Uno.", False)]


def test_a_stop_string_of_many_tokens_is_cut_off(parrot: Any) -> None:
    model = parrot("Uno due tre quattro. FINE cinque", "Uno")
    assert model.write([[1]] * 2, max_new_tokens=40, stop=["FINE"])[0] == "Uno due tre quattro."
    assert model.engine.widths[-1] == 1


def test_half_a_character_is_left_out(parrot: Any) -> None:
    model = parrot("Đà Nẵng ẵ")
    ids = model.tokenizer.encode("Đà Nẵng ẵ")
    cut = [text for length in range(1, len(ids) + 1) for text in model.write([[1]], max_new_tokens=length)]
    assert "Đà Nẵng ẵ" in cut
    assert not [text for text in cut if "\ufffd" in text or not "Đà Nẵng ẵ".startswith(text)]


def test_a_text_ends_where_the_context_does(parrot: Any) -> None:
    model = parrot("a")
    model.write([[1] * 60], max_new_tokens=40)
    assert model.engine.position + 1 == 4
    with pytest.raises(TrainError, match="64 tokens"):
        model.write([[1] * 64])
