"""The gate lets a right conversion through, and tells of each thing that can be wrong with one.

Covers train.models.formats.streamed.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.train.convert_fixtures import TEXTS, make_model
from train.errors import TrainError
from train.models.formats.equivalence import (
    EquivalenceCheck,
    _batches,
    _each,
    _spread_out,
    begins,
    check_files,
    compare,
    token_list,
    token_rows,
)
from train.models.formats.streamed import Streamed
from train.styles import style_named

Pair = tuple[Path, Path]
STYLES = {"Gemma-3-1b-it": "gemma", "Llama-3.2-1B-Instruct": "llama3", "Qwen3-0.6B": "chatml"}


# --- the arithmetic of the gate, on models that are tables ------------------------------------------------------------


class Table(Streamed):
    """Logits 0, 1, 2, … at every place; `change(number of the place, logits)` makes another model of it."""

    def __init__(
        self, vocabulary: int = 4, change: Callable[[int, Any], object] = lambda *_: None, *,
        longest: int = 2000, window: int | None = None,
    ) -> None:  # fmt: skip
        self.vocabulary, self.longest, self.window = vocabulary, longest, window
        self.change, self.places = change, 0

    def logits(self, ids: Any, places: Any) -> Any:
        import torch

        rows = torch.arange(float(self.vocabulary)).repeat(len(places[0]), 1)
        for row in rows:
            self.change(self.places, row)
            self.places += 1
        return rows


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A tokenizer whose tokens are letters: a is 0."""
    tokens = SimpleNamespace(encode=lambda text: [ord(c) - 97 for c in text], adds_bos=False, bos_id=None, eos_id=3)
    monkeypatch.setattr("train.data.encode.tokenizer_of", lambda _: tokens)
    return tokens


HERE = Path()
#: Standard deviation of 0, 1, 2, 3.
SPREAD = math.sqrt(5 / 3)


def test_figures_are_of_all_places(letters: Any) -> None:
    gate = compare(Table(), Table(change=lambda _, row: row[0].add_(0.5)), ["ab", "abc"], tokenizer=HERE)
    assert (gate.max_difference, gate.same_top1, gate.texts, gate.longest) == (0.5, 1.0, 3, 600)
    assert gate.places == 2 + 3 + 600
    assert gate.spread == pytest.approx(SPREAD)
    assert gate.tolerance == pytest.approx(3e-4 * SPREAD)
    assert gate.problems == (f"logits: they differ by up to 0.5, more than {gate.tolerance:.3g} ({gate.reason})",)
    assert gate.reason == "0.0003 of the logits' spread: what sums of float32 in another order come to"
    rounded = compare(Table(), Table(), ["ab"], tokenizer=HERE, rounded="float16")
    assert rounded.tolerance == pytest.approx(0.04 * SPREAD)
    assert rounded.reason == "0.04 of the logits' spread: what rounding each weight to float16 comes to"


@pytest.mark.parametrize(("tolerance", "passed"), [(0.5, True), (0.49, False), (0.0, False)])
def test_a_tolerance_is_the_largest_that_passes(letters: Any, tolerance: float, passed: bool) -> None:
    other = Table(change=lambda _, row: row[0].sub_(0.5))
    gate = compare(Table(), other, ["ab"], tokenizer=HERE, tolerance=tolerance)
    assert (gate.passed, gate.reason, gate.tolerance) == (passed, "as asked for", tolerance)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_never_passes(letters: Any, value: float) -> None:
    other = Table(change=lambda place, row: row.fill_(value) if place == 5 else None)
    assert not compare(Table(), other, ["ab"], tokenizer=HERE, tolerance=math.inf).passed


@pytest.mark.parametrize(("different", "passed"), [(3, True), (4, False)])
def test_the_likeliest_token_is_the_same_at_eighty_five_of_a_hundred(
    letters: Any, different: int, passed: bool
) -> None:
    other = Table(change=lambda place, row: row[0].add_(9.0) if place < different else None, longest=10)
    gate = compare(Table(longest=10), other, ["a" * 10], tokenizer=HERE, rounded="bfloat16", tolerance=9.0)
    assert (gate.places, gate.same_top1, gate.passed) == (20, 1 - different / 20, passed)


def test_models_of_two_sizes_are_compared_where_both_have_logits(letters: Any) -> None:
    gate = compare(Table(4), Table(6), ["ab"], tokenizer=HERE, tolerance=0.1)
    assert gate.max_difference == 0
    assert gate.problems[0] == "vocabulary: 4 rows in the first model, 6 in the second"
    with pytest.raises(TrainError, match="needs the folder of a tokenizer"):
        compare(Table(), Table(), ["ab"])


def test_places_are_spread_out_and_the_last_is_among_them() -> None:
    assert [_spread_out(length, most) for length, most in ((4, 8), (5, 5), (10, 5), (10, 3))] == [
        [0, 1, 2, 3], [0, 1, 2, 3, 4], [1, 3, 5, 7, 9], [2, 6, 9],
    ]  # fmt: skip
    sizes = [(1000, 1), (1000, 4), (250_000, 12), (10**6, 1), (10**6, 100)]
    assert [_each(Table(rows), texts) for rows, texts in sizes] == [2048, 512, 21, 128, 8]


def test_a_batch_holds_rows_of_like_length() -> None:
    def lengths(*rows: int) -> list[list[int]]:
        return [list(map(len, batch)) for batch in _batches([[0] * length for length in rows])]

    assert lengths(192, 600, 3) == [[3, 192], [600]]
    assert lengths(384, 385) == [[384], [385]]
    assert lengths(385, 600) == [[385, 600]]
    assert lengths(2048, 2048, 2048) == [[2048, 2048], [2048]]


@pytest.mark.parametrize(
    ("longest", "window", "lengths"),
    [(2000, None, [192, 2, 600]), (2000, 32, [192, 2, 600]), (2000, 1000, [192, 2, 1064]), (100, None, [100, 2, 100])],
)
def test_rows_of_tokens_and_a_long_one_beyond_the_window(
    letters: Any, longest: int, window: int | None, lengths: list[int]
) -> None:
    model = Table(longest=longest, window=window)
    rows = token_rows(["a" * 300, "", "bz"], HERE, model)
    assert [len(row) for row in rows] == lengths
    # z has no row in the embeddings.
    assert rows[1] == [1, 0]
    letters.adds_bos, letters.bos_id = True, 2
    assert [len(row) for row in token_rows(["a" * 300, "bz"], HERE, model)] == [
        min(length + 1, longest) for length in lengths
    ]
    assert token_rows(["ab"], HERE, model)[0] == [2, 0, 1]
    texts = ["a" * number for number in range(1, 27)]
    assert [len(row) - 1 for row in token_rows(texts, HERE, model)[:-1]] == list(range(1, 25, 2))


def test_settings_of_tokens() -> None:
    assert [token_list(value) for value in (None, 0, [1, "2"])] == [[], [0], [1, 2]]
    tokens = SimpleNamespace(adds_bos=True, bos_id=1)
    style: Any = SimpleNamespace(bos=None)
    assert begins(style, tokens)
    assert not begins(style, SimpleNamespace(adds_bos=True, bos_id=None))
    assert not begins(SimpleNamespace(bos=False), tokens)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Pair]:
    """(a tiny model in LitGPT's form, the same in Hugging Face's) by name."""
    from train.__main__ import main

    folder = tmp_path_factory.mktemp("pairs")

    def get(name: str) -> Pair:
        lit, hub = folder / name, folder / f"{name}-hub"
        if not hub.exists():
            make_model(name, lit)
            words = ["convert", "--checkpoint", str(lit), "--out", str(hub), "--to", "huggingface"]
            assert main([*words, "--style", STYLES[name]]) == 0
        return lit, hub

    return get


def changed(hub: Path, out: Path, **settings: Any) -> Path:
    """A copy with other settings in config.json."""
    shutil.copytree(hub, out)
    said = json.loads((out / "config.json").read_text())
    (out / "config.json").write_text(json.dumps(said | settings))
    return out


def spoilt(hub: Path, out: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """A copy whose weights were changed."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(hub, out)
    tensors = load_file(hub / "model.safetensors")
    change(tensors)
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})
    return out


def test_a_right_conversion_passes_and_says_how_near_it_is(pairs: Callable[[str], Pair]) -> None:
    gate = compare(*pairs("Gemma-3-1b-it"))
    assert gate.passed
    assert gate.max_difference < 1e-5
    assert gate.same_top1 == 1.0
    # Beyond the window of 32 tokens, and several languages.
    assert gate.longest >= 600
    assert gate.texts >= 5
    assert math.isclose(gate.tolerance, 3e-4 * gate.spread)
    assert "spread" in gate.line


def test_settings_that_differ_show_in_the_logits(pairs: Callable[[str], Pair], tmp_path: Path) -> None:
    lit, hub = pairs("Gemma-3-1b-it")
    wrong: dict[str, dict[str, Any]] = {
        "window": {"sliding_window": 31},
        "local positions": {"rope_local_base_freq": 20000.0},
        "positions": {"rope_theta": 2e6},
        "layers": {"layer_types": ["full_attention", "sliding_attention"]},
        "scale": {"query_pre_attn_scalar": 17},
        "cap": {"final_logit_softcapping": 30.0},
        "activation": {"hidden_activation": "gelu"},
        "norm": {"rms_norm_eps": 1e-3},
    }
    for name, settings in wrong.items():
        gate = compare(lit, changed(hub, tmp_path / name, **settings))
        assert not gate.passed, name
        assert "logits" in gate.problems[0]


def test_scaled_positions_that_differ_show_in_the_logits(pairs: Callable[[str], Pair], tmp_path: Path) -> None:
    lit, hub = pairs("Llama-3.2-1B-Instruct")
    said = json.loads((hub / "config.json").read_text())["rope_scaling"]
    for name, scaling in {"none": None, "factor": {**said, "factor": said["factor"] / 2}}.items():
        assert not compare(lit, changed(hub, tmp_path / name, rope_scaling=scaling)).passed


def test_weights_that_differ_show_in_the_logits(pairs: Callable[[str], Pair], tmp_path: Path) -> None:
    lit, hub = pairs("Qwen3-0.6B")
    layer = "model.layers.1."

    def swap(one: str, other: str) -> Callable[[dict[str, Any]], object]:
        return lambda tensors: tensors.update({one: tensors[other].clone(), other: tensors[one].clone()})

    wrong: dict[str, Callable[[dict[str, Any]], object]] = {
        "norms": swap(f"{layer}input_layernorm.weight", f"{layer}post_attention_layernorm.weight"),
        "query and key norms": swap(f"{layer}self_attn.q_norm.weight", f"{layer}self_attn.k_norm.weight"),
        "gate and up": swap(f"{layer}mlp.gate_proj.weight", f"{layer}mlp.up_proj.weight"),
        "keys and values": swap(f"{layer}self_attn.k_proj.weight", f"{layer}self_attn.v_proj.weight"),
        "one number": lambda tensors: tensors[f"{layer}mlp.down_proj.weight"].view(-1)[7:8].add_(1.0),
        "nothing": lambda tensors: tensors["model.norm.weight"].fill_(math.nan),
    }
    for name, change in wrong.items():
        gate = compare(lit, spoilt(hub, tmp_path / name, change))
        assert not gate.passed, name
    assert math.isnan(gate.max_difference)
    with pytest.raises(TrainError, match=r"lacks model\.norm\.weight"):
        compare(lit, spoilt(hub, tmp_path / "less", lambda tensors: tensors.pop("model.norm.weight")))
    name = "model.norm.weight"
    narrow = spoilt(hub, tmp_path / "narrow", lambda tensors: tensors.update({name: tensors[name][:8]}))
    with pytest.raises(TrainError, match="of different models"):
        compare(lit, narrow)


def test_another_vocabulary_is_told(pairs: Callable[[str], Pair], tmp_path: Path) -> None:
    import torch

    lit, hub = pairs("Qwen3-0.6B")
    name = "model.embed_tokens.weight"
    wide = spoilt(hub, tmp_path / "wide", lambda t: t.update({name: torch.cat([t[name], t[name][:64]])}))
    rows = json.loads((hub / "config.json").read_text())["vocab_size"]
    wide = changed(wide, tmp_path / "wider", vocab_size=rows + 64)
    gate = compare(lit, wide)
    assert any("vocabulary" in problem for problem in gate.problems)
    assert any("vocabulary" in problem for problem in check_files(wide, lit, None))


def test_rounding_is_allowed_as_much_as_it_explains(pairs: Callable[[str], Pair], tmp_path: Path) -> None:
    lit, hub = pairs("Qwen3-0.6B")
    half = spoilt(hub, tmp_path / "half", lambda t: t.update({name: weight.bfloat16() for name, weight in t.items()}))
    assert not compare(lit, half).passed
    gate = compare(lit, half, rounded="bfloat16")
    assert gate.passed
    assert "bfloat16" in gate.reason
    assert not compare(lit, half, rounded="bfloat16", tolerance=gate.max_difference / 2).passed
    assert compare(lit, half, rounded="bfloat16", tolerance=gate.max_difference * 2).passed


def told(hub: Path, lit: Path, name: str) -> str:
    return "\n".join(check_files(hub, lit, style_named(STYLES[name]), TEXTS))


@pytest.mark.parametrize("name", STYLES)
def test_files_that_agree_have_no_problems(pairs: Callable[[str], Pair], name: str) -> None:
    lit, hub = pairs(name)
    assert not told(hub, lit, name)


def test_files_that_differ_are_told(pairs: Callable[[str], Pair], tmp_path: Path) -> None:
    name = "Llama-3.2-1B-Instruct"
    lit, hub = pairs(name)

    def edited(file: str, change: Callable[[dict[str, Any]], object]) -> str:
        copy = tmp_path / str(len(list(tmp_path.iterdir())))
        shutil.copytree(hub, copy)
        content = json.loads((copy / file).read_text())
        change(content)
        (copy / file).write_text(json.dumps(content))
        return told(copy, lit, name)

    def no_merges(content: dict[str, Any]) -> None:
        content["model"]["merges"] = []

    assert "tokenizer: other tokens for" in edited("tokenizer.json", no_merges)
    assert "tokenizer: transformers cannot load" in edited("tokenizer.json", dict.clear)
    assert "special tokens: eos is" in edited("tokenizer_config.json", lambda c: c.update(eos_token="<|eom_id|>"))
    ends = edited("generation_config.json", lambda c: c.update(eos_token_id=1))
    assert "generation config: writing does not stop at <|eot_id|> (6), only at [1]" in ends
    assert "special tokens: pad 99999" in edited("generation_config.json", lambda c: c.update(pad_token_id=99999))
    assert "special tokens: bos 777777" in edited("config.json", lambda c: c.update(bos_token_id=777777))
    copy = shutil.copytree(hub, tmp_path / "template")
    template = copy / "chat_template.jinja"
    template.write_text(template.read_text().replace("<|eot_id|>", "<|eom_id|>"))
    assert "chat template: it says" in told(copy, lit, name)
    template.unlink()
    (copy / "generation_config.json").unlink()
    settings = json.loads((copy / "tokenizer_config.json").read_text())
    del settings["chat_template"]
    (copy / "tokenizer_config.json").write_text(json.dumps(settings))
    assert "chat template: there is none" in told(copy, lit, name)
    assert "generation config: there is none" in told(copy, lit, name)


def test_a_token_without_a_row_is_reported_where_it_is_used(pairs: Callable[[str], Pair], tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    name = "Qwen3-0.6B"
    lit, hub = pairs(name)
    rows = json.loads((hub / "config.json").read_text())["vocab_size"]
    copies = [shutil.copytree(folder, tmp_path / folder.name) for folder in (lit, hub)]
    tokenizer = AutoTokenizer.from_pretrained(hub, local_files_only=True)
    tokenizer.add_tokens([f"<image {number}>" for number in range(rows + 1 - len(tokenizer))], special_tokens=True)
    tokenizer.backend_tokenizer.save(str(copies[1] / "tokenizer.json"))
    shutil.copy(copies[1] / "tokenizer.json", copies[0])
    assert not told(copies[1], copies[0], name)
    texts = [*TEXTS, f"a <image {rows - len(AutoTokenizer.from_pretrained(hub, local_files_only=True))}>"]
    problems = check_files(copies[1], copies[0], style_named("chatml"), texts)
    assert problems
    assert all(f"token {rows}, the model" in problem for problem in problems)


def test_nothing_to_compare_on_is_told(pairs: Callable[[str], Pair]) -> None:
    with pytest.raises(TrainError, match="no text to compare"):
        compare(*pairs("Qwen3-0.6B"), texts=["", ""])


def test_a_gates_line_and_verdict() -> None:
    gate = EquivalenceCheck(0.5, 1.0, 0.9, 10, 2, 100, 0.1, "as asked for", ("logits: …",))
    assert not gate.passed
    assert "differ by 0.5 at most (allowed 0.1" in gate.line


def test_the_table_of_added_tokens_is_asked_for_once() -> None:
    """transformers makes it anew each time: ten minutes for Gemma's 262,144 tokens, 6,414 of them added."""
    from train.models.formats.equivalence import _used

    class Tokenizer:
        asked = 0
        bos_token_id = pad_token_id = None
        eos_token_id = 3

        def __call__(self, text: str, **_: object) -> dict[str, list[int]]:
            return {"input_ids": [5] if "<five>" in text else [0]}

        def get_vocab(self) -> dict[str, int]:
            return {str(number): number for number in range(6)}

        @property
        def added_tokens_decoder(self) -> dict[int, str]:
            self.asked += 1
            return {number: str(number) for number in (3, 4, 5)}

    tokenizer = Tokenizer()
    assert _used(tokenizer, ["a <five>"], None) == {0, 1, 2, 3, 5}
    assert tokenizer.asked == 1
