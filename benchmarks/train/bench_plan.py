"""`train plan` beside measured peak memory, and beside the figures that others published.

--measure trains models of several sizes in a process of their own, with `litgpt finetune_lora`'s own code and with
`train finetune`, on rows of one length, and compares the most resident memory (on a GPU:
torch.cuda.max_memory_allocated) with what the plan says. On a CPU the baseline, what the process holds when its
libraries are loaded, is counted to both; the error of what the model alone takes stands beside it, and glibc returns
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
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from unittest import mock

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.helpers.published_figures import published_table, times_table
from benchmarks.helpers.sized_models import (
    ALL,
    SIZES,
    Size,
    huggingface_config,
    litgpt_config,
    make_checkpoint,
    make_rows,
    recipe_of,
)

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


def chosen_sizes(only: str | None, scale: float) -> list[Size]:
    """The sizes whose name holds a text, their widths scaled to a multiple of 32."""
    sizes = [size for size in SIZES if not only or only.lower() in size.name.lower()]
    return [replace(size, width=max(64, int(size.width * scale) // 32 * 32)) for size in sizes]


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
    sizes = chosen_sizes(options.only, options.scale) if options.measure or whole else []
    if options.measure and not sizes:
        parser.error(f"no size has {options.only!r} in its name: {'; '.join(size.name for size in SIZES)}")
    if sizes:
        rows = measure_all(sizes)
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
