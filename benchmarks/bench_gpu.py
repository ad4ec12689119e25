"""QLoRA on a GPU in one run: our LitGPT recipe, plain LitGPT with its JSON data, and the Hugging Face backend.

Llama-3-8B and Gemma-2B with random weights, made here (no download), nf4 and bf16, rows as long as news: a log-normal
of about 800 tokens, at most --length; a tenth of each row is the answer. All three train on the same rows with the same
adapters and batches; the table has tokens/s (padding not counted), answer tokens/s, the share of padding, the most
memory of PyTorch's allocator and the plan's figure for it. Each run is a process of its own; the first steps
are not timed.
--tiny tries the whole script on a CPU in minutes: tiny models, 32 bits, LitGPT unquantised (it quantises on CUDA only).
Run: python benchmarks/bench_gpu.py [--models llama-3-8b gemma-2b] [--rows N] [--steps N] [--work FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

# The benchmarks belong to the checkout, not to the installed packages.
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

MODELS = {"llama-3-8b": ("Llama-3-8B", "llama3"), "gemma-2b": ("Gemma-2b", "gemma")}
RUNS = ("our LitGPT recipe", "plain LitGPT", "Hugging Face backend")
WORDS = ("consiglio", "comune", "piano", "voti", "città", "thành", "phố", "đường", "dự", "án", "sindaco", "lavori")
#: Optimizer steps that are not timed: kernels are chosen and memory is taken in them.
_WARM = 2
#: As `train` has it: threads that wait for each other by spinning cost several times the work on a busy machine.
_WAITING = {"OMP_WAIT_POLICY": "PASSIVE"}


# ---- what is trained on


def make_model(name: str, folder: Path, tiny: bool) -> None:
    """folder/litgpt and folder/hub: the same architecture in both forms, random weights, one tokenizer."""
    from train.models.architectures import make_tiny

    like = MODELS[name][0]
    texts = [" ".join(WORDS) + "."] * 50
    for form in ("litgpt", "huggingface"):
        out = folder / {"litgpt": "litgpt", "huggingface": "hub"}[form]
        if (out / "made").exists():
            continue
        make_tiny(like, texts, out, form=form)
        if not tiny:
            (_full_litgpt if form == "litgpt" else _full_huggingface)(like, out)
        (out / "made").touch()


def _full_litgpt(like: str, out: Path) -> None:
    import torch
    from litgpt import GPT, Config
    from litgpt.utils import save_config

    config = Config.from_name(like)
    with torch.device(_device()):
        torch.set_default_dtype(torch.bfloat16)
        model = GPT(config)
        torch.set_default_dtype(torch.float32)
    for weight in model.parameters():
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=0.02)
    torch.save({key: value.cpu() for key, value in model.state_dict().items()}, out / "lit_model.pth")
    save_config(config, out)


def _full_huggingface(like: str, out: Path) -> None:
    import torch
    from litgpt import Config
    from transformers import AutoModelForCausalLM

    from train.models.architectures import huggingface_config

    for old in out.glob("*.safetensors*"):
        old.unlink()
    with torch.device(_device()):
        model = AutoModelForCausalLM.from_config(
            huggingface_config(like, Config.from_name(like), {}), dtype=torch.bfloat16
        )
    model.save_pretrained(out, max_shard_size="4GB")


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def make_rows(folder: Path, tokenizer: Path, rows: int, length: int) -> None:
    """train.json, val.json and rows.jsonl: instruction, input, output; lengths of news."""
    from tokenizers import Tokenizer

    each = len(Tokenizer.from_file(str(tokenizer)).encode(" ".join(WORDS * 10)).ids) / (10 * len(WORDS))
    rng = random.Random(6)
    records = []
    for number in range(rows + max(8, rows // 20)):
        # Room for the style's own words, so that neither module cuts a row.
        tokens = min(length - 160, max(60, round(rng.lognormvariate(6.6, 0.5) * length / 2048)))
        words = rng.choices(WORDS, k=max(10, round(tokens / each)))
        answer = max(5, len(words) // 10)
        records.append({
            "instruction": f"Riassumi gli articoli {number}.", "input": " ".join(words[answer:]),
            "output": " ".join(words[:answer]),
        })  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "train.json").write_text(json.dumps(records[:rows]))
    (folder / "val.json").write_text(json.dumps(records[rows:]))
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in records))


def recipe_of(run: str, name: str, options: argparse.Namespace) -> dict[str, Any]:
    """The recipe of a run: one set of adapters, batches and steps for all."""
    style = MODELS[name][1]
    quantised = None if options.tiny and run != RUNS[2] else "bnb.nf4"
    recipe: dict[str, Any] = {
        "checkpoint_dir": "hub" if run == RUNS[2] else "litgpt", "out_dir": f"out-{RUNS.index(run)}",
        "precision": "32-true" if options.tiny else "bf16-true", "quantize": quantised, "devices": 1, "num_nodes": 1,
        "lora_r": 16, "lora_alpha": 16, "lora_dropout": 0.05, "seed": 1, "logger_name": "csv",
        **{f"lora_{part}": True for part in ("query", "key", "value", "projection", "mlp")}, "lora_head": False,
        "train": {
            "global_batch_size": 4 * options.micro_batch, "micro_batch_size": options.micro_batch, "epochs": 50,
            "max_steps": options.steps, "lr_warmup_steps": 1, "max_seq_length": options.length, "log_interval": 1,
            "save_interval": 10_000,
        },
        "eval": {"interval": 10_000, "max_iters": 1, "max_new_tokens": 4, "final_validation": False},
        "optimizer": {"class_path": "torch.optim.AdamW" if quantised is None else "bitsandbytes.optim.PagedAdamW",
                      "init_args": {"lr": 1e-4}},
    }  # fmt: skip
    ours = {"path": "rows/rows.jsonl", "prompt_style": style, "seed": 1}
    theirs = {"json_path": "rows", "prompt_style": "alpaca", "mask_prompt": True, "num_workers": 0, "seed": 1}
    if run == RUNS[1]:
        return recipe | {"data": {"class_path": "litgpt.data.JSON", "init_args": theirs}}
    recipe["data"] = {"class_path": "train.data.Chat", "init_args": ours}
    if run == RUNS[2]:
        del recipe["eval"]["max_new_tokens"]
        recipe |= {"backend": "huggingface", "method": "sft", "gradient_checkpointing": options.recompute}
    return recipe


# ---- a run, in a process of its own


class Clock:
    """Tokens, answers and seconds of the micro-batches after the warm-up, and the most memory."""

    def __init__(self, warm: int) -> None:
        self.tokens = self.answers = self.positions = 0
        self.seconds = 0.0
        self._left, self._began = warm, 0.0

    def batch(self, ids: Any, labels: Any) -> None:
        """Before a micro-batch; the work of the one before is done."""
        import torch

        if torch.cuda.is_available():
            torch.cuda.synchronize()
        now = time.perf_counter()
        if self._left > 0:
            self._left -= 1
            self._began = now
            return
        self.seconds = now - self._began
        self.positions += ids.numel()
        self.answers += int((labels != -100).sum())
        # Right padding: what follows the last trained token of a row is none of it.
        trained = (labels != -100).int()
        last = labels.shape[1] - trained.flip(1).argmax(1)
        self.tokens += int(last.sum())

    def totals(self) -> dict[str, float]:
        import torch

        peak = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
        return {
            "tokens": self.tokens, "answers": self.answers, "positions": self.positions, "seconds": self.seconds,
            "peak": peak,
        }  # fmt: skip


def child(recipe: Path, warm: int) -> None:
    """Train and print what was counted. The clock stands at the batch's way into the model."""
    settings = json.loads(recipe.read_text())
    clock = Clock(warm)
    if settings.get("backend") == "huggingface":
        _huggingface(recipe, clock)
    else:
        _litgpt(recipe, clock)
    print("MEASURED " + json.dumps(clock.totals()))


def _litgpt(recipe: Path, clock: Clock) -> None:
    import jsonargparse
    import litgpt.finetune.lora as lora
    from litgpt.utils import CycleIterator

    class Watched(CycleIterator):
        def __next__(self) -> Any:
            batch = super().__next__()
            clock.batch(batch["input_ids"], batch["labels"])
            return batch

    # LitGPT reads the command line once more when it saves.
    sys.argv = ["litgpt", "--config", str(recipe)]
    with (
        mock.patch.object(lora, "CycleIterator", Watched),
        mock.patch.object(lora, "merge_lora", return_value=None),
        # An example takes longer than the steps that are timed.
        mock.patch.object(lora, "generate_example", return_value=None),
    ):
        jsonargparse.CLI(lora.setup, args=["--config", str(recipe)], as_positional=False)


def _huggingface(recipe: Path, clock: Clock) -> None:
    from train.__main__ import main
    from train.huggingface.trainer import Sft

    compute = Sft.compute_loss

    def watched(self: Any, model: Any, inputs: dict[str, Any], *words: Any, **more: Any) -> Any:
        clock.batch(inputs["input_ids"], inputs["labels"])
        return compute(self, model, inputs, *words, **more)

    with mock.patch.object(Sft, "compute_loss", watched):
        if main(["finetune", "--config", str(recipe), "--debug"]):
            raise SystemExit("train finetune failed")


# ---- all runs


def measure_run(run: str, name: str, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    recipe = folder / f"recipe-{RUNS.index(run)}.json"
    recipe.write_text(json.dumps(recipe_of(run, name, options)))
    command = [sys.executable, str(Path(__file__).resolve()), "--child", recipe.name, "--warm", str(4 * _WARM)]
    # The data module is loaded by LitGPT by its name.
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    settings = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "NEWSMILL_HOME": str(folder / "home")} | _WAITING
    began = time.monotonic()
    process = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, check=False)
    lines = [line for line in process.stdout.splitlines() if line.startswith("MEASURED ")]
    if process.returncode or not lines:
        last = (process.stderr.strip().splitlines() or ["no output on stderr"])[-1]
        print(f"{name}, {run}: {last}", file=sys.stderr, flush=True)
        return {"model": name, "run": run, "failed": last[:300]}
    figures = json.loads(lines[-1].removeprefix("MEASURED "))
    row = {"model": name, "run": run, "whole_seconds": time.monotonic() - began, **figures}
    row["planned"] = planned_bytes(recipe, folder)
    print(json.dumps(row), file=sys.stderr, flush=True)
    return row


def planned_bytes(recipe: Path, folder: Path) -> int | None:
    """Bytes that the plan says PyTorch's allocator will hold; None on a CPU."""
    if _device() == "cpu":
        return None
    command = [sys.executable, "-m", "train", "plan", "--config", recipe.name, "--no-advice", "--json"]
    settings = os.environ | {"PYTHONPATH": str(ROOT), "NEWSMILL_HOME": str(folder / "home")}
    process = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, check=False)
    return int(json.loads(process.stdout)["memory"]["allocated"]) if process.returncode == 0 else None


def table(rows: list[dict[str, Any]]) -> str:
    lines = ["| model | run | tokens/s | answer tokens/s | padding | peak GB | planned GB | error |",
             "|---|---|---:|---:|---:|---:|---:|---:|"]  # fmt: skip
    for row in rows:
        if "failed" in row:
            lines.append(f"| {row['model']} | {row['run']} | failed: {row['failed']} | | | | | |")
            continue
        seconds = row["seconds"] or float("nan")
        peak = f"{row['peak'] / 1e9:.2f}" if row["peak"] else "-"
        plan = f"{row['planned'] / 1e9:.2f} | {row['planned'] / row['peak'] - 1:+.1%}" if row["planned"] else "- | -"
        padding = 1 - row["tokens"] / row["positions"] if row["positions"] else 0
        lines.append(
            f"| {row['model']} | {row['run']} | {row['tokens'] / seconds:,.0f} | {row['answers'] / seconds:,.1f} | "
            f"{padding:.1%} | {peak} | {plan} |"
        )
    return "\n".join(lines)


def run_all(folder: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    rows = []
    for name in options.models:
        model_folder = folder / name
        print(f"{name}: making the model", file=sys.stderr, flush=True)
        make_model(name, model_folder, options.tiny)
        make_rows(model_folder / "rows", model_folder / "litgpt/tokenizer.json", options.rows, options.length)
        rows += [measure_run(run, name, model_folder, options) for run in RUNS]
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=sorted(MODELS), default=list(MODELS))
    parser.add_argument("--rows", type=int, default=400, help="training rows (400)")
    parser.add_argument("--steps", type=int, default=12, help="optimizer steps, the first two not timed (12)")
    parser.add_argument("--length", type=int, default=2048, help="tokens of a row at most (2048)")
    parser.add_argument("--micro-batch", type=int, default=2, help="rows in memory at once; four of them a step (2)")
    parser.add_argument("--recompute", action="store_true", help="gradient checkpointing in the Hugging Face backend")
    parser.add_argument("--tiny", action="store_true", help="tiny models on a CPU")
    parser.add_argument("--work", type=Path, help="folder of models and runs, kept; else a temporary one")
    parser.add_argument("--out", type=Path, help="rows as JSON")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--warm", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.warm)
        return 0
    if _device() == "cpu" and not options.tiny:
        print("no GPU that PyTorch can use: nothing measured; --tiny tries the script on this CPU", file=sys.stderr)
        return 1
    if options.tiny:
        options.length, options.rows, options.steps = (
            min(options.length, 512),
            min(options.rows, 48),
            min(options.steps, 4),
        )
    with tempfile.TemporaryDirectory() as temporary:
        rows = run_all((options.work or Path(temporary)).resolve(), options)
    print(table(rows))
    if options.out:
        options.out.write_text(json.dumps(rows, indent=2) + "\n")
    return int(any("failed" in row for row in rows))


if __name__ == "__main__":
    sys.exit(main())
