"""`train plan` beside measured peak memory, and beside the figures that others published.

--measure trains models of several sizes in a process of their own, with `litgpt finetune_lora`'s own code and with
`train finetune`, on rows of one length, and compares the most resident memory (on a GPU:
torch.cuda.max_memory_allocated) with what the plan says. On a CPU the baseline, what the process holds when its
libraries are loaded, is counted to both; the error of what the model alone takes is told beside it, and glibc returns
freed blocks at once there. No size here was used to make the model of memory: that is the libraries' code run without
contents, with nothing to tune.
--published: LitGPT's config_hub table (Alpaca2k, 512 tokens, bf16-true, one A10G; April to July 2024).
--times: Qwen's profile of LoRA with gradient checkpointing on an A100 (README of QwenLM/Qwen), for the model of time.
Run: python benchmarks/train/bench_plan.py [--measure] [--published] [--times] [--only NAME] [--scale NUMBER]
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

ALL = ("query", "key", "value", "projection", "mlp", "head")


@dataclass(frozen=True)
class Size:
    """A model and a recipe to measure. like: LitGPT's name of the architecture, or bloom-7b1."""

    name: str
    like: str
    backend: str
    width: int
    layers: int
    vocabulary: int
    length: int
    micro: int
    accumulation: int = 2
    targets: tuple[str, ...] = ALL
    rank: int = 16
    method: str = "sft"
    dora: bool = False
    recompute: bool = False


SIZES = (
    Size("llama, 8 layers", "Llama-3-8B", "litgpt", 512, 8, 8192, 512, 1),
    Size("llama, wide, q and v", "Llama-3-8B", "litgpt", 1024, 6, 16384, 384, 1, 1, ("query", "value")),
    Size("gemma, large vocabulary", "Gemma-2b", "litgpt", 768, 4, 32768, 384, 1),
    Size("gemma 3", "Gemma-3-1b-it", "litgpt", 512, 6, 16384, 384, 2),
    Size("qwen 3, batch of 4", "Qwen3-0.6B", "litgpt", 384, 8, 8192, 256, 4),
    Size("smollm2, long rows", "SmolLM2-360M", "litgpt", 480, 8, 8192, 1536, 1, 2, ("query", "value")),
    Size("llama, hugging face", "Llama-3-8B", "huggingface", 512, 8, 8192, 512, 2),
    Size("llama, recomputed", "Llama-3-8B", "huggingface", 768, 8, 16384, 768, 2, recompute=True),
    Size("gemma, dora", "Gemma-2b", "huggingface", 512, 6, 16384, 384, 2, dora=True, targets=ALL[:-1]),
    Size("bloom", "bloom-7b1", "huggingface", 512, 8, 16384, 384, 2, targets=ALL[:-1]),
    Size("llama, orpo", "Llama-3-8B", "huggingface", 512, 6, 8192, 384, 1, method="orpo"),
)


# ---- measuring

#: glibc gives freed blocks back to the kernel at once; else it keeps half as much again as the tensors take, in holes
#: between those kept for the backward pass. PyTorch's allocator on a GPU takes them again.
_RETURNED = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536", "OMP_WAIT_POLICY": "PASSIVE"}


def measure_size(size: Size) -> dict[str, float]:
    """Train it in a process of its own: {baseline, peak} bytes; device."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--child", json.dumps(asdict(size)), "--folder", folder]
        process = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | _RETURNED)
    lines = [line for line in process.stdout.splitlines() if line.startswith("MEASURED ")]
    if process.returncode or not lines:
        raise SystemExit(f"{size.name}: the measured run failed\n{process.stdout[-1500:]}\n{process.stderr[-3000:]}")
    return dict(json.loads(lines[-1].removeprefix("MEASURED ")))


class Gauge:
    """Most memory between `begin` and `end`: resident, or of the GPU."""

    def __init__(self) -> None:
        import torch

        self.cuda = torch.cuda.is_available()
        self.baseline = 0 if self.cuda else _status("VmRSS")
        self.peak = 0

    def begin(self) -> None:
        import torch

        gc.collect()
        if self.cuda:
            torch.cuda.reset_peak_memory_stats()
        else:
            # The kernel's mark of the most resident memory is set back (man 5 proc).
            Path("/proc/self/clear_refs").write_text("5")

    def end(self) -> None:
        import torch

        self.peak = torch.cuda.max_memory_allocated() if self.cuda else _status("VmHWM")


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"no {name} in /proc/self/status")


def child(size: Size, folder: Path) -> None:
    """Make the model and the rows, train for two steps, say what was held. Runs in a process of its own."""
    os.chdir(folder)
    os.environ["NEWSMILL_HOME"] = str(folder / "home")
    make_checkpoint(size, folder / "base")
    make_rows(size, folder / "rows")
    recipe = recipe_of(size)
    (folder / "recipe.yaml").write_text(json.dumps(recipe))
    run = _run_litgpt if size.backend == "litgpt" else _run_huggingface
    print("MEASURED " + json.dumps(run(folder / "recipe.yaml")))


def _run_litgpt(recipe: Path) -> dict[str, Any]:
    import jsonargparse
    import litgpt.finetune.lora as lora

    gauge = _settled()
    fit = lora.fit

    def watched(*words: Any, **more: Any) -> Any:
        gauge.begin()
        try:
            return fit(*words, **more)
        finally:
            gauge.end()

    # LitGPT reads the command line once more when it saves.
    sys.argv = ["litgpt", "--config", str(recipe)]
    # Without its merge at the end, which loads the model once more.
    with mock.patch.object(lora, "fit", watched), mock.patch.object(lora, "merge_lora", return_value=None):
        jsonargparse.CLI(lora.setup, args=["--config", str(recipe)], as_positional=False)
    return _figures(gauge)


def _run_huggingface(recipe: Path) -> dict[str, Any]:
    from train.__main__ import main
    from train.finetune import guards, loop

    guards.silence_libraries()
    import peft  # noqa: F401
    import trl.experimental.orpo  # noqa: F401

    gauge = _settled()
    run_steps = loop.run_steps
    longest = []

    def watched(trainer: Any, *words: Any, **more: Any) -> Any:
        longest.append(max(trainer.train_dataset.lengths))
        gauge.begin()
        try:
            return run_steps(trainer, *words, **more)
        finally:
            gauge.end()

    with mock.patch.object(loop, "run_steps", watched):
        if main(["finetune", "--config", str(recipe), "--debug"]):
            raise SystemExit("train finetune failed")
    return _figures(gauge) | {"length": longest[0]}


def _settled() -> Gauge:
    """The gauge, once the libraries have loaded what they load at the first step."""
    import torch

    warm = torch.nn.Linear(64, 64)
    loss = torch.nn.functional.cross_entropy(warm(torch.randn(8, 64)), torch.zeros(8, dtype=torch.int64))
    loss.backward()
    torch.optim.AdamW(warm.parameters()).step()
    del warm, loss
    gc.collect()
    return Gauge()


def _figures(gauge: Gauge) -> dict[str, Any]:
    return {"baseline": gauge.baseline, "peak": gauge.peak, "device": "cuda" if gauge.cuda else "cpu"}


def litgpt_config(size: Size) -> Any:
    """The architecture with this size's width, depth and vocabulary."""
    from litgpt import Config

    from train.models.architectures import tiny_config

    tiny = tiny_config(size.like, size.vocabulary)
    heads = size.width * tiny.n_head // tiny.n_embd or 1
    groups = max(1, heads * tiny.n_query_groups // tiny.n_head)
    heads -= heads % groups
    mlp = size.width * tiny.intermediate_size // tiny.n_embd // 16 * 16
    local = None if tiny.sliding_window_indices is None else [int(layer % 2 == 0) for layer in range(size.layers)]
    more = {"sliding_window_indices": local, "rope_indices": local} if local else {}
    return Config(**{
        **{key: getattr(tiny, key) for key in Config.__dataclass_fields__}, "n_embd": size.width, "n_head": heads,
        "n_query_groups": groups, "n_layer": size.layers, "intermediate_size": mlp, "vocab_size": size.vocabulary,
        "padded_vocab_size": size.vocabulary, **more,
    })  # fmt: skip


def huggingface_config(size: Size) -> Any:
    from transformers import BloomConfig

    from train.models.architectures import huggingface_config as of

    if size.like.startswith("bloom"):
        return BloomConfig(
            hidden_size=size.width, n_layer=size.layers, n_head=size.width // 64, vocab_size=size.vocabulary
        )
    return of(size.like, litgpt_config(size), {})


def make_checkpoint(size: Size, out: Path) -> None:
    """Random weights; the tokenizer is a tiny one's, whose ids are below any vocabulary."""
    import torch

    from train.models.architectures import make_tiny

    make_tiny(size.like, ["Il consiglio ha approvato il piano. Hội đồng đã thông qua kế hoạch."] * 8, out)
    if size.backend == "huggingface":
        from transformers import AutoModelForCausalLM

        (out / "model.safetensors").unlink(missing_ok=True)
        AutoModelForCausalLM.from_config(huggingface_config(size)).save_pretrained(out)
        return
    from litgpt import GPT
    from litgpt.utils import save_config

    config = litgpt_config(size)
    torch.save(GPT(config).state_dict(), out / "lit_model.pth")
    save_config(config, out)


def make_rows(size: Size, out: Path) -> None:
    """Rows longer than the length, so that all have it once cut: as LitGPT's JSON, or pairs."""
    draw = random.Random(0)
    out.mkdir()
    count = size.micro * size.accumulation * 2
    for split, number in (("train", count), ("val", size.micro)):
        words = [" ".join(draw.choices(["consiglio", "piano", "voti", "città"], k=size.length)) for _ in range(number)]
        rows = [{"instruction": "Scrivi.", "input": "", "output": text} for text in words]
        (out / f"{split}.json").write_text(json.dumps(rows))
    if size.backend == "huggingface":
        make_chats(size, out, count)


def make_chats(size: Size, out: Path, count: int) -> None:
    """One-turn chats or pairs of one length, near `size.length`: the run tells the exact one."""
    from tokenizers import Tokenizer

    phrase = "consiglio piano voti città "
    each = len(Tokenizer.from_file("base/tokenizer.json").encode(phrase * 100).ids) / 100
    text = phrase * max(1, round(0.8 * size.length / each))
    chat = {"instruction": "Riassumi.", "input": text, "output": "Il piano è approvato."}
    pair = {"instruction": "Riassumi.", "input": text, "chosen": "Il piano è approvato.", "rejected": "Il piano no."}
    row = pair if size.method == "orpo" else chat
    rows = [{**row, "instruction": f"Riassumi {number}."} for number in range(count + size.micro)]
    (out / "chats.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))


def recipe_of(size: Size) -> dict[str, Any]:
    recipe: dict[str, Any] = {
        "checkpoint_dir": "base", "out_dir": "out", "precision": "32-true", "devices": 1, "num_nodes": 1,
        "lora_r": size.rank, "lora_alpha": size.rank, "lora_dropout": 0.05, "seed": 1, "logger_name": "csv",
        **{f"lora_{part}": part in size.targets for part in ALL},
        "train": {
            "global_batch_size": size.micro * size.accumulation, "micro_batch_size": size.micro, "epochs": 1,
            "max_steps": 2, "lr_warmup_steps": 1, "max_seq_length": size.length, "log_interval": 1,
        },
        "eval": {"interval": 100, "max_iters": 1, "max_new_tokens": 1, "final_validation": False},
        "optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"lr": 1e-4}},
    }  # fmt: skip
    if size.backend == "litgpt":
        data: dict[str, Any] = {"json_path": "rows", "num_workers": 0}
        return recipe | {"data": {"class_path": "litgpt.data.JSON", "init_args": data}}
    # Tiny tokenizers differ in what they make of a text: room, so that no row is cut.
    recipe["train"]["max_seq_length"] = 2 * size.length
    rows = {"path": "rows/chats.jsonl", "prompt_style": "alpaca-it", "val_share": size.micro / (size.micro * 5)}
    kind = "Pairs" if size.method == "orpo" else "Chat"
    more = {"method": size.method, "dora": size.dora, "gradient_checkpointing": size.recompute}
    del recipe["eval"]["max_new_tokens"]
    return recipe | {"backend": "huggingface", "data": {"class_path": f"train.data.{kind}", "init_args": rows}} | more


def planned_footprint(size: Size, device: str) -> Any:
    """The plan's footprint of the same recipe."""
    from train.plan.memory import Job
    from train.plan.meta_models import measure

    settings = None
    if size.backend == "huggingface":
        from train.huggingface.settings import Settings

        settings = Settings(
            method=size.method, dora=size.dora, gradient_checkpointing=size.recompute, lora_r=size.rank,  # type: ignore[arg-type]
            **{f"lora_{part}": part in size.targets for part in ALL},  # type: ignore[arg-type]
        )  # fmt: skip
        shape = huggingface_config(size)
    else:
        from litgpt.lora import Config

        adapter = {f"lora_{part}": part in size.targets for part in ALL}
        sizes = vars(litgpt_config(size))
        own = {key: sizes[key] for key in Config.__dataclass_fields__ if key in sizes}
        shape = Config(**own, lora_r=size.rank, lora_alpha=size.rank, lora_dropout=0.05, **adapter)
    learned = size.micro * (20 if size.backend == "huggingface" else size.length)
    job = Job(
        size.backend, shape, "32-true", None, size.micro, size.length, size.accumulation, "torch.optim.AdamW",  # type: ignore[arg-type]
        learned, size.method, size.recompute, device=device, settings=settings,
    )  # fmt: skip
    return measure(job)


def measure_all(sizes: list[Size]) -> list[dict[str, Any]]:
    rows = []
    for size in sizes:
        figures = measure_size(size)
        plan = planned_footprint(replace(size, length=int(figures.get("length", size.length))), str(figures["device"]))
        planned = figures["baseline"] + plan.allocated
        own = figures["peak"] - figures["baseline"]
        rows.append({
            "name": size.name, "parameters": plan.total, "device": figures["device"], "baseline": figures["baseline"],
            "measured": figures["peak"], "planned": planned, "error": planned / figures["peak"] - 1,
            "model_measured": own, "model_planned": plan.allocated, "model_error": plan.allocated / own - 1,
        })  # fmt: skip
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    return rows


def measured_table(rows: list[dict[str, Any]]) -> str:
    lines = ["| model | parameters | measured MB | planned MB | error | model alone, measured | planned | error |",
             "|---|---:|---:|---:|---:|---:|---:|---:|"]  # fmt: skip
    for row in rows:
        lines.append(
            f"| {row['name']} | {row['parameters'] / 1e6:.1f} M | {row['measured'] / 1e6:,.0f} | "
            f"{row['planned'] / 1e6:,.0f} | {row['error']:+.1%} | {row['model_measured'] / 1e6:,.0f} | "
            f"{row['model_planned'] / 1e6:,.0f} | {row['model_error']:+.1%} |"
        )
    worst = max(abs(row["error"]) for row in rows)
    alone = max(abs(row["model_error"]) for row in rows)
    return "\n".join([*lines, "", f"largest error {worst:.1%} of all, {alone:.1%} of the model alone"])


# ---- published figures


@dataclass(frozen=True)
class Published:
    """A row of LitGPT's config_hub table: GB as torch.cuda.max_memory_allocated told."""

    model: str
    quantize: str | None
    micro: int
    gigabytes: float
    rank: int
    targets: tuple[str, ...] = field(default=("query", "value"))


PUBLISHED = (
    Published("falcon-7b", None, 1, 16.69, 32), Published("Gemma-2b", None, 2, 12.62, 8, ALL),
    Published("Llama-2-7b-hf", None, 2, 19.77, 32), Published("Llama-3-8B", None, 1, 19.73, 32),
    Published("Llama-3.1-8B", None, 1, 19.73, 32), Published("Mistral-7B-v0.1", None, 2, 20.66, 32),
    Published("Mistral-7B-v0.2", None, 2, 20.66, 32), Published("phi-2", None, 4, 13.98, 8, ALL),
    Published("Phi-3-mini-4k-instruct", None, 4, 19.75, 8, ALL),
    Published("stablelm-base-alpha-3b", None, 1, 8.58, 32), Published("tiny-llama-1.1b", None, 8, 13.50, 32, ALL),
    Published("falcon-7b", "nf4", 1, 9.44, 32), Published("Gemma-2b", "nf4", 2, 11.58, 16, ALL),
    Published("Gemma-7b", "nf4", 1, 17.18, 16, ALL), Published("Gemma-2-9b", "nf4", 1, 20.92, 16, ALL),
    Published("Llama-2-7b-hf", "nf4", 2, 13.68, 32), Published("Llama-3-8B", "nf4", 2, 17.41, 32),
    Published("Llama-3.1-8B", "nf4", 2, 17.41, 32), Published("Mistral-7B-v0.1", "nf4", 2, 14.29, 32),
    Published("phi-2", "nf4", 4, 14.27, 8, ALL), Published("Phi-3-mini-4k-instruct", "nf4", 4, 19.13, 8, ALL),
    Published("stablelm-base-alpha-3b", "nf4", 1, 5.24, 32), Published("tiny-llama-1.1b", "nf4", 8, 16.24, 32, ALL),
)  # fmt: skip


def published_table(only: str | None) -> str:
    from litgpt.lora import Config

    from train.plan.memory import Job
    from train.plan.meta_models import measure

    lines = ["| recipe of config_hub | batch | published GB | planned GB | error |", "|---|---:|---:|---:|---:|"]
    for row in PUBLISHED:
        if only and only.lower() not in row.model.lower():
            continue
        adapter = {f"lora_{part}": part in row.targets for part in ALL}
        shape = Config.from_name(row.model, lora_r=row.rank, lora_alpha=16, lora_dropout=0.05, **adapter)
        optimizer = "bitsandbytes.optim.PagedAdamW" if row.quantize else "torch.optim.AdamW"
        job = Job("litgpt", shape, "bf16-true", row.quantize, row.micro, 512, 4, optimizer, row.micro * 512)
        planned = measure(job).allocated / 1e9
        kind = f"QLoRA {row.quantize}" if row.quantize else "LoRA"
        error = planned / row.gigabytes - 1
        lines.append(
            f"| {row.model}, {kind} | {row.micro} x 512 | {row.gigabytes:.2f} | {planned:.2f} | {error:+.1%} |"
        )
    return "\n".join(lines)


#: (hidden_size, intermediate_size, layers, heads) and length -> seconds of eight rows: LoRA with gradient checkpointing
#: and flash attention on one A100-80GB. The shares in gpus.yaml were chosen by the 7B rows; the others test them.
QWEN = {
    "Qwen-7B": ((4096, 11008, 32, 32), {256: 1.2, 512: 1.5, 1024: 2.8, 2048: 5.2, 4096: 10.1, 8192: 21.3}),
    "Qwen-1.8B": ((2048, 5504, 24, 16), {256: 1.0, 512: 1.0, 1024: 1.1, 2048: 1.7, 4096: 3.3, 8192: 6.8}),
    "Qwen-14B": ((5120, 13696, 40, 40), {256: 1.6, 512: 2.4, 1024: 4.4, 2048: 8.4, 4096: 17.0, 8192: 36.0}),
}


def times_table() -> str:
    """Seconds of a step as the plan says, fast and slow, beside Qwen's."""
    from train.plan.gpus import load_table, seconds

    table = load_table()
    gpu = table.gpus["A100-80GB"]
    lines = ["| model | tokens | published s | planned s | |", "|---|---:|---:|---:|---|"]
    for name, (sizes, times) in QWEN.items():
        for length, published in times.items():
            work = qwen_work(sizes, length)
            low, high = (8 * seconds(work, gpu, reach, "bf16-true") for reach in (table.fast, table.slow))
            verdict = "within" if round(low, 1) <= published <= round(high, 1) else "outside"
            lines.append(f"| {name} | {length:,} | {published:.1f} | {low:.1f}-{high:.1f} | {verdict} |")
    return "\n".join(lines)


def qwen_work(sizes: tuple[int, int, int, int], length: int) -> Any:
    """The work of one row. Qwen's layers compute what Llama's do."""
    from transformers import LlamaConfig

    from train.huggingface.settings import Settings
    from train.plan.memory import Job
    from train.plan.meta_models import measure

    width, mlp, layers, heads = sizes
    shape = LlamaConfig(
        hidden_size=width, intermediate_size=mlp, num_hidden_layers=layers, num_attention_heads=heads,
        vocab_size=151_936, max_position_embeddings=8192,
    )  # fmt: skip
    # Its adapters: on query, key and value in one, on the projection and on the MLP's two inputs.
    parts = {"lora_query": True, "lora_value": False, "lora_projection": True, "lora_mlp": True}
    settings = Settings(lora_r=64, gradient_checkpointing=True, **parts)  # type: ignore[arg-type]
    job = Job(
        "huggingface", shape, "bf16-true", None, 1, length, 8, "torch.optim.AdamW", length, recompute=True,
        validates=False, settings=settings,
    )  # fmt: skip
    return measure(job).work


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true", help="train and measure; minutes")
    parser.add_argument("--published", action="store_true", help="beside LitGPT's table; a minute")
    parser.add_argument("--times", action="store_true", help="beside Qwen's times; a minute")
    parser.add_argument("--only", help="models whose name holds this")
    parser.add_argument("--scale", type=float, default=1.0, help="of the widths; 0.25 tries the script")
    parser.add_argument("--out", type=Path, help="measured rows as JSON")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        fields = json.loads(options.child)
        child(Size(**{**fields, "targets": tuple(fields["targets"])}), options.folder.resolve())
        return 0
    whole = not (options.measure or options.published or options.times)
    if options.measure or whole:
        sizes = [replace(size, width=max(64, int(size.width * options.scale) // 32 * 32)) for size in SIZES]
        rows = measure_all([size for size in sizes if not options.only or options.only in size.name])
        print(measured_table(rows))
        if options.out:
            options.out.write_text(json.dumps(rows, indent=2) + "\n")
    if options.published or whole:
        print(published_table(options.only))
    if options.times or whole:
        print(times_table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
