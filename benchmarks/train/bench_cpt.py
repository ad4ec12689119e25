"""Does a little continued pretraining help a small real model on the news of days it never saw?

The ANSA articles of it_news_2024, by the day in their address: those up to `--until` are trained on with the recipe
`gemma-3-270m/cpt`, those from `--since` on are held out. The loss of each held-out document is measured before and
after, with an interval over documents. Each stage is kept in `--out`: killed and started again, it goes on.

    python benchmarks/train/bench_cpt.py --model hub/google/gemma-3-270m --out .newsmill/bench-cpt --steps 60
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
_DAY = re.compile(r"ansa\.it/.*/(\d{4})/(\d\d)/(\d\d)/")
#: Shorter ones are captions.
_LEAST = 600


def articles(path: Path) -> list[tuple[str, str]]:
    """(day, title and text) of ANSA's articles whose address has a day, the oldest first, each text once."""
    texts: dict[str, str] = {}
    with path.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            day = _DAY.search(row["link"] or "")
            if day and row["title"] and len(row["content"] or "") >= _LEAST:
                texts.setdefault(f"{row['title'].strip()}\n\n{row['content'].strip()}", "-".join(day.groups()))
    return sorted((day, text) for text, day in texts.items())


def write_export(options: argparse.Namespace) -> dict[str, Any]:
    """train.jsonl and val.jsonl as `synth export --format text` writes them; how many, of which days."""
    from train.atomic_files import write_whole

    parts = articles(options.articles)
    train = [(day, text) for day, text in parts if day <= options.until]
    # Evenly over the held-out days, not the first ones.
    later = [(day, text) for day, text in parts if day >= options.since]
    val = later[:: max(1, len(later) // options.documents)][: options.documents]
    for name, rows in (("train", train), ("val", val)):
        lines = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for _, text in rows)
        write_whole(options.out / f"export/{name}.jsonl", lines)
    return {name: [len(rows), rows[0][0], rows[-1][0]] for name, rows in (("train", train), ("val", val))}


def losses(folder: Path, options: argparse.Namespace) -> list[list[float]]:
    """(nats, tokens, characters) of each held-out document."""
    from train.loss.documents import held_out_texts, losses_of
    from train.models.language_model import load_model

    texts = held_out_texts(options.out / "export")
    cut = [text[: options.characters] for text in texts]
    return [list(row) for row in losses_of(load_model(folder, device="cpu"), cut, options.length)]


def tuned(options: argparse.Namespace) -> dict[str, Any]:
    """The run of the recipe, or the rest of it."""
    from train.__main__ import main as train

    changes = {
        "checkpoint_dir": options.model.resolve(), "out_dir": options.out / "run", "data.path": options.out / "export",
        "data.cache": options.out / "tokens", "train.max_steps": options.steps, "train.max_seq_length": options.length,
        "eval.initial_validation": "false", "eval.final_validation": "false", "eval.interval": 10_000,
        "train.lr_warmup_steps": max(1, min(5, options.steps // 8)), "train.save_interval": 2,
    }  # fmt: skip
    words = [f"--{name}={value}" for name, value in changes.items()]
    if train(["finetune", "--config", "gemma-3-270m/cpt", *words]):
        raise SystemExit("train finetune failed")
    return dict(json.loads((options.out / "run/final/finished.json").read_text(encoding="utf-8")))


def stage(options: argparse.Namespace, name: str, work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """(outcome of a stage, its seconds), from the file where it was done before."""
    from train.atomic_files import write_whole

    path = options.out / f"{name}.json"
    if not path.is_file():
        wall, processor = time.perf_counter(), time.process_time()
        outcome = work()
        seconds = {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor}
        write_whole(path, json.dumps([outcome, seconds]) + "\n")
    outcome, seconds = json.loads(path.read_text(encoding="utf-8"))
    print(f"{name}: {seconds['wall']:.0f} s, {seconds['processor']:.0f} of processor", file=sys.stderr, flush=True)
    return outcome, seconds


def table(options: argparse.Namespace, days: dict[str, Any], before: Any, after: Any) -> list[str]:
    from train.loss.documents import compared

    outcome = compared({"before": before, "after": after})
    difference = outcome["differences"]["after"]
    interval = f"{difference['low']:+.4f} to {difference['high']:+.4f}" if difference["low"] is not None else "none"
    (many, first, last), (held_out, since, until) = days["train"], days["val"]
    learnt = f"{many} articles of {first} to {last}, {options.steps} steps of 4 rows of {options.length} tokens"
    measured = f"{held_out} documents of {since} to {until}, their first {options.characters:,} characters"
    return [
        f"Learnt: {learnt}. Held out: {measured}.",
        "",
        "| | loss a token | perplexity | nats a character |",
        "|---|---:|---:|---:|",
        *(
            f"| {name} | {row['loss']:.4f} | {row['perplexity']:.2f} | {row['nats_per_character']:.4f} |"
            for name, row in outcome["models"].items()
        ),
        f"| after minus before | {difference['difference']:+.4f} ({interval}) | | |",
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("hub/google/gemma-3-270m"))
    parser.add_argument("--articles", type=Path, default=ROOT.parent / "shared/data/it_news_2024/articles.jsonl")
    parser.add_argument("--out", type=Path, default=Path(".newsmill/bench-cpt"))
    parser.add_argument("--until", default="2024-01-09", help="last day that is learnt")
    parser.add_argument("--since", default="2024-01-14", help="first day that is held out")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--length", type=int, default=512, help="tokens of a row")
    parser.add_argument("--documents", type=int, default=40, help="held out")
    parser.add_argument("--characters", type=int, default=1500, help="of a held-out document that are measured")
    options = parser.parse_args()
    for path in (options.model / "config.json", options.articles):
        if not path.is_file():
            print(f"skipped: {path} is not here")
            return 0
    options.out = options.out.resolve()
    days, _ = stage(options, "export", lambda: write_export(options))
    before, _ = stage(options, "before", lambda: losses(options.model, options))
    stage(options, "training", lambda: tuned(options))
    after, _ = stage(options, "after", lambda: losses(options.out / "run/final", options))
    print("\n".join(table(options, days, before, after)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
