"""Padding, and trained tokens a second: train.data.Chat beside litgpt.data.JSON, same rows, model and batch size.

Rows: news (summaries of the events of vi_vnmds and it_news_2024, the articles as input) and Alpaca (Vietnamese and
English), those that fit the context, so that neither module cuts anything; --as-exported takes the others, too, of
which JSON cuts the answers off. Prompts are masked, the style is `alpaca`, in both.
Every module goes through whole epochs of the loop that `litgpt finetune_lora` runs (forward, chunked loss, backward; no
optimizer, which costs all the same), turn by turn after one that does not count. The table has the median of the
rounds. Padding is the share of input tokens that are filling, labels/s counts answer tokens only, and peak tokens are
those of the largest batch, which is what decides the memory. LitGPT's loss is the mean over batches of their means: off
is the share of the weight that is elsewhere than in the mean over all answer tokens.
Run: python benchmarks/train/bench_padding.py [--micro-batch 4 8 16] [--rounds N] [--rows N] [--layers N --width N]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
# On a busy machine the threads' waiting costs several times the work itself.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

ROOT = Path(__file__).resolve().parents[2]
INSTRUCTIONS = {
    "it": "Riassumi gli articoli e integrali in un unico testo.",
    "vi": "Tóm tắt các bài báo sau thành một văn bản.",
}


def news(shared: Path) -> Iterator[dict[str, str]]:
    """{instruction, input, output}: both people's summaries of each cluster of vi_vnmds, Mixtral's of it_news_2024."""
    articles: dict[str, list[str]] = defaultdict(list)
    for line in (shared / "vi_vnmds/docs.jsonl").open(encoding="utf-8"):
        row = json.loads(line)
        text = row.get("content") or row.get("text") or ""
        articles[row["cluster"]].append(f"- Tiêu đề: {row['title']}\n{text}".strip())
    for line in (shared / "vi_vnmds/refs.jsonl").open(encoding="utf-8"):
        row = json.loads(line)
        for name in ("ref1", "ref2"):
            if row.get(name, "").strip():
                material = "\n\n".join(articles[row["cluster"]])
                yield {"instruction": INSTRUCTIONS["vi"], "input": material, "output": row[name].strip()}
    for line in (shared / "it_news_2024/reference_samples.jsonl").open(encoding="utf-8"):
        row = json.loads(line)
        if row["question"].strip() and row["answer"].strip():
            material, answer = row["question"].strip(), row["answer"].strip()
            yield {"instruction": INSTRUCTIONS["it"], "input": material, "output": answer}


def alpaca(shared: Path) -> Iterator[dict[str, str]]:
    for name in ("alpaca_vi_1000.jsonl", "alpaca_en_1000.jsonl"):
        for line in (shared / name).open(encoding="utf-8"):
            row = {key: value.strip() for key, value in json.loads(line).items() if isinstance(value, str)}
            answer = row.get("output") or row.get("response")
            if answer:
                instruction = row.get("instruction") or row["prompt"]
                yield {"instruction": instruction, "input": row.get("input", ""), "output": answer}


def tokenizer_folder(folder: Path, rows: list[dict[str, str]], options: argparse.Namespace) -> Any:
    """LitGPT's tokenizer: the given one, or one made from the rows (a CPU spends its time on a large vocabulary)."""
    from litgpt import Tokenizer

    from train.models.pretraining import train_tokenizer

    folder.mkdir(parents=True)
    if options.tokenizer:
        (folder / "tokenizer.json").write_bytes(options.tokenizer.read_bytes())
    else:
        train_tokenizer(["\n".join(row.values()) for row in rows], options.vocab_size).save(
            str(folder / "tokenizer.json")
        )
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": options.eos}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return Tokenizer(folder)


def model_of(tokenizer: Any, layers: int, width: int) -> Any:
    """A Llama of random weights."""
    import torch
    from litgpt import GPT, Config

    torch.manual_seed(0)
    config = Config(
        name="bench", block_size=8192, n_layer=layers, n_embd=width, n_head=max(1, width // 64), bias=False,
        vocab_size=tokenizer.processor.get_vocab_size(), norm_class_name="RMSNorm",
        mlp_class_name="LLaMAMLP", intermediate_size=width * 3, rotary_percentage=1.0, parallel_residual=False,
    )  # fmt: skip
    return GPT(config).to("cuda" if torch.cuda.is_available() else "cpu")


def fitting(rows: list[dict[str, str]], tokenizer: Any, longest: int) -> list[dict[str, str]]:
    from litgpt.prompts import Alpaca

    return [
        row
        for row in rows
        if len(tokenizer.encode(Alpaca().apply(row["instruction"], input=row["input"])))
        + len(tokenizer.encode(row["output"], bos=False, eos=True))
        <= longest
    ]


def loaders(folder: Path, tokenizer: Any, size: int, longest: int) -> dict[str, Any]:
    """module -> its training DataLoader."""
    from litgpt.data import JSON

    from train.data import Chat

    modules: dict[str, Any] = {"litgpt.data.JSON": JSON(folder, mask_prompt=True, prompt_style="alpaca", num_workers=0)}
    for batching in ("shuffled", "grouped", "even"):
        modules[f"Chat, {batching}"] = Chat(folder, prompt_style="alpaca", batching=batching, cache=folder / "cache")
    for module in modules.values():
        module.connect(tokenizer=tokenizer, batch_size=size, max_seq_length=longest)
        module.setup()
    return {name: module.train_dataloader() for name, module in modules.items()}


def epoch(model: Any, loader: Any, timed: bool) -> dict[str, float]:
    """One epoch: tokens, padding, labels, seconds."""
    from litgpt.utils import chunked_cross_entropy

    device = next(model.parameters()).device
    figures: dict[str, float] = {"batches": 0, "tokens": 0, "real": 0, "peak": 0}
    labelled = []
    began = time.perf_counter()
    for batch in loader:
        ids, labels = batch["input_ids"].to(device), batch["labels"].to(device)
        labelled.append(int((labels[:, 1:] != -100).sum()))
        figures["batches"] += 1
        figures["tokens"] += ids.numel()
        figures["peak"] = max(figures["peak"], ids.numel())
        figures["real"] += int(batch["token_counts"]["raw_plus_prompt_template"].sum())
        if timed:
            logits = model(ids, lm_head_chunk_size=128)
            logits[-1] = logits[-1][..., :-1, :]
            loss = chunked_cross_entropy(logits, labels[..., 1:])
            loss.backward()
            model.zero_grad(set_to_none=True)
    total = sum(labelled)
    off = sum(abs(1 / len(labelled) - number / total) for number in labelled) / 2
    return {**figures, "labels": total, "off": off, "seconds": time.perf_counter() - began}


def measure(rows: list[dict[str, str]], options: argparse.Namespace, model: Any, tokenizer: Any, name: str) -> None:
    random.Random(0).shuffle(rows)
    rows = rows[: options.rows]
    selection = rows if options.as_exported else fitting(rows, tokenizer, options.max_seq_length)
    fit = "cut to" if options.as_exported else "fit"
    heading = f"\n{name}: {len(selection)} of {len(rows)} rows, {fit} {options.max_seq_length} tokens\n"
    print(heading + "| micro batch | module | batches | padding | peak tokens | labels/s | x | off |")
    print("|---:|---|---:|---:|---:|---:|---:|---:|")
    for size in options.micro_batch:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            (folder / "train.json").write_text(json.dumps(selection[len(selection) // 20 :]))
            (folder / "val.json").write_text(json.dumps(selection[: len(selection) // 20]))
            module_loaders = loaders(folder, tokenizer, size, options.max_seq_length)
            rounds: dict[str, list[dict[str, float]]] = defaultdict(list)
            for number in range(options.rounds + 1):
                for module, loader in module_loaders.items():
                    run = epoch(model, loader, number > 0 and not options.no_time)
                    if number:
                        rounds[module].append(run)
                    print(".", end="", file=sys.stderr, flush=True)
            print(file=sys.stderr)
        first = statistics.median(each["labels"] / each["seconds"] for each in rounds["litgpt.data.JSON"])
        for module, runs in rounds.items():
            row(size, module, runs, first, timed=not options.no_time)


def row(size: int, module: str, runs: list[dict[str, float]], first: float, timed: bool) -> None:
    first_run = runs[0]
    padding = statistics.median(1 - run["real"] / run["tokens"] for run in runs)
    speed = statistics.median(run["labels"] / run["seconds"] for run in runs)
    peak = max(run["peak"] for run in runs)
    times = f"{speed:,.0f} | {speed / first:.2f}" if timed else "- | -"
    off = statistics.median(run["off"] for run in runs)
    print(
        f"| {size} | {module} | {first_run['batches']:,.0f} | {padding:.1%} | {peak:,.0f} | {times} | {off:.1%} |",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared/data", help="folder of the real sets")
    parser.add_argument("--tokenizer", type=Path, help="a tokenizer.json (one made from the rows)")
    parser.add_argument("--vocab-size", type=int, default=4096, help="tokens of the one made from the rows (4096)")
    parser.add_argument("--eos", default="<|end|>", help="its end token")
    parser.add_argument("--micro-batch", type=int, nargs="+", default=[4, 8, 16])
    parser.add_argument("--rows", type=int, default=1000, help="rows of each set, at most (1000)")
    parser.add_argument("--rounds", type=int, default=3, help="epochs of each module (3)")
    parser.add_argument("--max-seq-length", type=int, default=4096)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--sets", nargs="+", choices=("news", "alpaca"), default=["news", "alpaca"])
    parser.add_argument(
        "--as-exported",
        action="store_true",
        help="rows that do not fit, too: JSON cuts their answers, Chat their material",
    )
    parser.add_argument("--no-time", action="store_true", help="count padding only, train nothing")
    options = parser.parse_args()
    if not options.shared.is_dir():
        parser.error(f"{options.shared} is no folder: give --shared, the folder of vi_vnmds and alpaca_vi_1000.jsonl")
    for name in options.sets:
        rows = list({"news": news, "alpaca": alpaca}[name](options.shared))
        with tempfile.TemporaryDirectory() as temporary:
            tokenizer = tokenizer_folder(Path(temporary) / "model", rows, options)
            measure(rows, options, model_of(tokenizer, options.layers, options.width), tokenizer, name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
