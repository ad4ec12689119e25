"""Texts a second: batches beside one by one, LitGPT's own generation and transformers.generate.

One random model (Llama's architecture) in LitGPT's and in Hugging Face's form, the same prompts of unlike lengths, the
same number of new tokens for all (nothing ends a text), the likeliest token each time, 32-bit floats on a CPU and bf16
on CUDA. transformers gets its prompts in the same batches, padded on the left. LitGPT 0.5.13 has no batches of unlike
lengths. Every way writes everything once before it counts; the ways take turns, and the table has the median of the
rounds.
same: share of rows whose text is the one that LitGPT itself writes one by one (same form), or transformers.
Run: python benchmarks/train/bench_generate.py [--rows N] [--layers N --width N] [--longest N] [--new-tokens N] …
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
# On a busy machine the threads' waiting costs several times the work itself.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

WORDS = "il consiglio ha approvato piano per lungofiume thành phố khởi công tuyến đường ven biển dài kilômét".split()
#: All texts of one way, in the order of the prompts.
Way = Callable[[], list[str]]


def models(folder: Path, options: argparse.Namespace) -> tuple[Any, Any]:
    """The same weights as (LitGPT, Hugging Face), ends taken away so that all texts are equally long."""
    import shutil

    import torch
    from litgpt.scripts.convert_lit_checkpoint import convert_lit_checkpoint

    from train.models.language_model import load_model
    from train.models.pretraining import train_tokenizer
    from train.tiny.checkpoint import Shape, build, write

    heads = max(4, options.width // 64)
    tokenizer = train_tokenizer([" ".join(WORDS)], options.vocabulary)
    shape = Shape(options.vocabulary, options.layers, options.width, heads, heads // 2, 8192)
    # The vocabulary that the words give is small; the model's is what was asked for, as costs go by it.
    model, config = build(shape, options.vocabulary, 0)
    (folder / "lit").mkdir()
    write(folder / "lit", model, config, tokenizer)
    convert_lit_checkpoint(folder / "lit", folder / "hf")
    torch.save(torch.load(folder / "hf/model.pth"), folder / "hf/pytorch_model.bin")
    for path in (folder / "lit").glob("*.json"):
        shutil.copy(path, folder / "hf")
    loaded = [load_model(folder / form, device=options.device, style="plain") for form in ("lit", "hf")]
    for each in loaded:
        each.end_ids = frozenset()
    print(f"{sum(weight.numel() for weight in model.parameters()):,} parameters, {loaded[0].engine.device}")
    return loaded[0], loaded[1]


def prompts_of(options: argparse.Namespace, vocabulary: int) -> list[list[int]]:
    """Random ids, lengths from an eighth of the longest to the longest."""
    rng = random.Random(0)
    lengths = [rng.randint(max(1, options.longest // 8), options.longest) for _ in range(options.rows)]
    return [[rng.randrange(3, vocabulary) for _ in range(length)] for length in lengths]


def ours(model: Any, prompts: list[list[int]], new: int, rows: int) -> Way:
    def write() -> list[str]:
        model.batch_tokens = 1 if rows == 1 else rows * (max(map(len, prompts)) + new)
        return list(model.write(prompts, max_new_tokens=new, temperature=0))

    return write


def ended(text: str) -> str:
    """As train.models.language_model ends a text: without white space and half characters."""
    return text.rstrip("\ufffd").strip()


def litgpts(model: Any, prompts: list[list[int]], new: int) -> Way:
    """litgpt.generate.base.generate, as `litgpt generate` calls it; the cache as long as this prompt needs."""
    import torch
    from litgpt.generate.base import generate

    inner, device = model.engine.model, model.engine.device

    def write() -> list[str]:
        texts = []
        for prompt in prompts:
            inner.set_kv_cache(batch_size=1, max_seq_length=len(prompt) + new, device=device)
            out = generate(
                inner, torch.tensor(prompt, device=device), len(prompt) + new, temperature=0.0, top_p=0.0,
                include_prompt=False,
            )  # fmt: skip
            texts.append(ended(model.decode(out.tolist())))
        inner.clear_kv_cache()
        return texts

    return write


def transformers(model: Any, prompts: list[list[int]], new: int, rows: int) -> Way:
    """GenerationMixin.generate on prompts sorted by length, as ours are."""
    import torch

    inner, device = model.engine.model, model.engine.device
    inner.generation_config.max_length = None
    order = sorted(range(len(prompts)), key=lambda index: -len(prompts[index]))

    def write() -> list[str]:
        texts = [""] * len(prompts)
        for at in range(0, len(order), rows):
            batch = order[at : at + rows]
            longest = max(len(prompts[index]) for index in batch)
            ids = torch.zeros(len(batch), longest, dtype=torch.int64, device=device)
            mask = torch.zeros_like(ids)
            for row, index in enumerate(batch):
                ids[row, longest - len(prompts[index]) :] = torch.tensor(prompts[index])
                mask[row, longest - len(prompts[index]) :] = 1
            out = inner.generate(
                ids, attention_mask=mask, do_sample=False, max_new_tokens=new, min_new_tokens=new, pad_token_id=0,
                eos_token_id=None,
            )  # fmt: skip
            for index, new_ids in zip(batch, out[:, longest:].tolist(), strict=True):
                texts[index] = ended(model.decode(new_ids))
        return texts

    return write


def measure(ways: dict[str, Way], rounds: int) -> dict[str, tuple[float, list[str]]]:
    """way -> (median seconds, its texts)."""
    texts = {name: way() for name, way in ways.items()}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - started)
    return {name: (statistics.median(times[name]), texts[name]) for name in ways}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=48, help="prompts (48)")
    parser.add_argument("--layers", type=int, default=8, help="(8)")
    parser.add_argument("--width", type=int, default=512, help="a multiple of 128 (512)")
    parser.add_argument("--vocabulary", type=int, default=32000, help="(32000)")
    parser.add_argument("--longest", type=int, default=512, help="tokens of the longest prompt (512)")
    parser.add_argument("--new-tokens", type=int, default=64, help="(64)")
    parser.add_argument("--batch", type=int, nargs="+", default=[8, 16], help="rows at once (8 16)")
    parser.add_argument("--rounds", type=int, default=3, help="(3)")
    parser.add_argument("--device", help="cpu or cuda (CUDA where there is one)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-generate-") as folder:
        lit, hf = models(Path(folder), options)
        prompts = prompts_of(options, 300)
        new = options.new_tokens
        ways = {
            "LitGPT, one by one": litgpts(lit, prompts, new),
            "ours on LitGPT, one by one": ours(lit, prompts, new, 1),
        }
        ways |= {f"ours on LitGPT, {rows} at once": ours(lit, prompts, new, rows) for rows in options.batch}
        ways |= {"transformers, one by one": transformers(hf, prompts, new, 1)}
        ways |= {"ours on transformers, one by one": ours(hf, prompts, new, 1)}
        for rows in options.batch:
            ways[f"transformers, {rows} at once"] = transformers(hf, prompts, new, rows)
            ways[f"ours on transformers, {rows} at once"] = ours(hf, prompts, new, rows)
        results = measure(ways, options.rounds)
    lengths = f"{min(map(len, prompts))} to {max(map(len, prompts))}"
    print(f"{len(prompts)} prompts of {lengths} tokens, {new} new tokens each\n")
    print("| | texts/s | new tokens/s | beside one by one | same |\n|---|---:|---:|---:|---:|")
    for name, (seconds, texts) in results.items():
        alone, reference_texts = results["LitGPT, one by one" if "LitGPT" in name else "transformers, one by one"]
        same = sum(text == reference for text, reference in zip(texts, reference_texts, strict=True)) / len(texts)
        rate = len(texts) / seconds
        print(f"| {name} | {rate:.2f} | {rate * new:.0f} | {alone / seconds:.2f}x | {same:.0%} |")


if __name__ == "__main__":
    main()
