"""Time to the first optimizer step: train.data.Chat beside litgpt.data.JSON, first and second start.

Each start is a `litgpt finetune_lora` of its own, on a tiny model, timed from its call to the line of its first step,
then ended; imports are in it, and the time of a start on 20 rows shows them alone. The rows are the real Alpaca rows of
the shared folder, numbered over and over until there are enough.
Run: python benchmarks/train/bench_startup.py [--rows 100000] [--starts 2] [--vocab-size 4096]
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.train.bench_padding import alpaca

ROOT = Path(__file__).resolve().parents[2]
LITGPT = Path(sys.executable).parent / "litgpt"
SETTINGS: dict[str, Any] = {
    "precision": "32-true",
    "train": {"global_batch_size": 4, "micro_batch_size": 4, "lr_warmup_steps": 1, "epochs": 1, "max_seq_length": 1024},
    "eval": {"interval": 1000, "max_iters": 1, "max_new_tokens": 1, "final_validation": False},
    "logger_name": "csv",
}
MODULES: dict[str, dict[str, Any]] = {
    "litgpt.data.JSON": {"mask_prompt": True, "prompt_style": "alpaca", "num_workers": 4},
    "train.data.Chat": {"prompt_style": "alpaca"},
}


def numbered(shared: Path, count: int) -> Iterator[dict[str, str]]:
    """`count` rows of which no two ask the same."""
    for number, row in zip(range(count), itertools.cycle(alpaca(shared)), strict=False):
        yield {**row, "instruction": f"{number}. {row['instruction']}"}


def export(folder: Path, shared: Path, count: int) -> Path:
    folder.mkdir(parents=True)
    rows = list(numbered(shared, count))
    validation_count = max(4, count // 100)
    for name, part in (("train", rows[validation_count:]), ("val", rows[:validation_count])):
        (folder / f"{name}.json").write_text(json.dumps(part, ensure_ascii=False), encoding="utf-8")
    return folder


def start(work: Path, name: str, path: Path) -> tuple[float, float]:
    """(seconds from the call to the first step, memory of the process then in MB)."""
    key = "json_path" if name == "litgpt.data.JSON" else "path"
    data = {"class_path": name, "init_args": {key: str(path), **MODULES[name]}}
    recipe = {**SETTINGS, "checkpoint_dir": str(work / "tiny"), "out_dir": str(work / "out"), "data": data}
    (work / "recipe.yaml").write_text(json.dumps(recipe))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NEWSMILL_HOME": str(work), "OMP_WAIT_POLICY": "PASSIVE"}
    command = [str(LITGPT), "finetune_lora", "--config", str(work / "recipe.yaml")]
    began = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=work, start_new_session=True,
        env={**environment, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    output = []
    try:
        for line in process.stdout:
            output.append(line)
            if "(step)" in line:
                return time.perf_counter() - began, _memory(process.pid)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    raise SystemExit(f"{name} took no step:\n{''.join(output[-20:])}")


def _memory(process: int) -> float:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return float("nan")
    return float(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared/data", help="folder of the real sets")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--starts", type=int, default=2)
    parser.add_argument("--vocab-size", type=int, default=4096, help="of the tiny model's tokenizer")
    options = parser.parse_args()
    if not (options.shared / "alpaca_vi_1000.jsonl").is_file():
        parser.error(f"{options.shared} has no alpaca_vi_1000.jsonl: give --shared")
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        few = export(work / "few", options.shared, 2000)
        arguments = [
            "tiny",
            "--corpus",
            few / "train.json",
            "--out",
            work / "tiny",
            "--pretrain-steps",
            "0",
            "--n-embd",
            "64",
        ]
        subprocess.run(
            [sys.executable, "-m", "train", *map(str, arguments), "--vocab-size", str(options.vocab_size)],
            check=True, cwd=ROOT, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        many, none = export(work / "many", options.shared, options.rows), export(work / "none", options.shared, 20)
        print(f"{options.rows:,} rows, {sum(file.stat().st_size for file in many.iterdir()) / 1e6:,.1f} MB of JSON\n")
        print(
            "| module | 20 rows (s) | " + " | ".join(f"start {number + 1} (s)" for number in range(options.starts)),
            end="",
        )
        print(" | peak memory of the last (MB) |\n|---|---:|" + "---:|" * (options.starts + 1))
        for name in MODULES:
            # The first start of all reads the libraries from the disk.
            bare = min(start(work, name, none)[0] for _ in range(2))
            runs = [start(work, name, many) for _ in range(options.starts)]
            times = " | ".join(f"{seconds:.1f}" for seconds, _ in runs)
            print(f"| {name} | {bare:.1f} | {times} | {runs[-1][1]:,.0f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
