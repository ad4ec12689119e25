"""A store as the whole chain leaves it, and the logs of a training, for the tests of `synth report`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from synth.__main__ import main
from synth.report.quality import TOXICITIES
from synth.samples.sample import CURRENT

EVIL = '$x_{$</style></svg><script>document.title="ran"</script><img src=x onerror="document.title=\'ran\'">&amp;"\''


def fill(database: Any, records: list[dict[str, Any]], folder: Path) -> None:
    """A store as the chain leaves it, but for the samples' texts: each is the first lines of its sources."""
    file = folder / "articles.jsonl"
    file.write_text("\n".join([*(json.dumps(row, ensure_ascii=False) for row in records), "{broken"]), encoding="utf-8")
    assert main(["import", str(file)]) == 0
    assert main(["cluster"]) == 0
    for cluster in database.clusters.find({"current": True}):
        rows = list(database.articles.find({"_id": {"$in": cluster["articles"]}}).sort("date", 1))
        sources = [
            {name: row[name] for name in ("title", "link", "date", "content", "tags", "source_site")} for row in rows
        ]
        answer = " ".join(row["content"].partition("\n")[0] for row in rows)
        database.samples.insert_one(
            {"key": cluster["event"], "event": cluster["event"], "task": "news_summary", "question": "?\n\n…",
             "instruction": "Riassumi.", "answer": answer, "language": cluster["language"], "sources": sources,
             "date": rows[-1]["date"], "status": "new", "superseded": False, "created_at": datetime.now(UTC),
             "provenance": {"model": "extractive", "prompt": "news_summary/1"}}
        )  # fmt: skip
    newest = [row["_id"] for row in database.samples.find().sort("key", -1).limit(3)]
    database.samples.update_one({"_id": newest[0]}, {"$set": {"status": "rejected"}})
    database.samples.update_one({"_id": newest[1]}, {"$set": {"superseded": True}})
    assert main(["score"]) == 0
    measure(database)
    assert main(["export", "--out", str(folder / "export"), "--filter", '{"language": "it"}']) == 0


def measure(database: Any) -> None:
    """Scores of every kind, so that each is there, absent, and null somewhere; the first sample by key is the worst."""
    rows = list(database.samples.find(CURRENT).sort("key", 1))
    for number, row in enumerate(rows):
        vi = row["language"] == "vi"
        facts = [("73", "number"), ("Zorro", "name")] if number == 0 else [("73", "number")] if number % 5 == 1 else []
        scores = {
            "answer": row["answer"] + "".join(f" Ne contano {text}." for text, _ in facts),
            "unsupported": [text for text, _ in facts], "unsupported_kinds": [kind for _, kind in facts],
            "min_support": 0.5 + number / 100, "accuracy": None if number == 2 else 0 if number == 0 else 4.5,
            "acc_explanation": f"So {EVIL}", "helpfulness": 3,
            "judge": {"model": "openai:m", "prompt": "judge/1", "repeats": 2, "accuracy": [4, 5 if number == 3 else 4],
                      "calls": [f"{number:064x}"]},
            "contaminated": [{"set": "mmlu", "row": 3, "overlap": 0.5}] if number == 4 else [],
            "personal_data": [{"kind": "email", "field": "answer", "start": 0, "end": 3}] if number == 5 else [],
            **({"duplicate_of": "k", "duplicate_kind": "near"} if number == 6 else {}),
        }  # fmt: skip
        if number != 7:
            scores |= {**dict.fromkeys(TOXICITIES, 0.001), "toxicity": 0.9 if number == 0 else 0.002,
                       "sexual_explicit": None if vi else 0.001, "toxicity_model": "vi-model" if vi else "multilingual",
                       "toxicity_calibrated": not vi}  # fmt: skip
        database.samples.update_one({"_id": row["_id"]}, {"$set": scores})
    call = {"llm": "openai:m", "prompt_tokens": 1000, "completion_tokens": 50, "cost": 0.01}
    database.llm_calls.insert_many([{**call, "hash": f"{number:064x}"} for number in range(len(rows))])
    database.llm_calls.insert_one({**call, "hash": "f" * 64, "cost": None, "llm": "openai:dear"})


def training(folder: Path) -> Path:
    """What LitGPT and `train generate` leave."""
    logs = folder / "logs/csv/version_0"
    logs.mkdir(parents=True)
    lines = ["epoch,iter,iter_time,loss,step,val_loss"]
    lines += [f"1,{step},0.5,{4 - step / 20},{step}," for step in range(1, 41)]
    lines.insert(21, ",,,,,3.5")
    lines += [",,,,,2.75", ",,,,,2.75"]
    (logs / "metrics.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "final").mkdir()
    (folder / "final/hyperparameters.yaml").write_text(
        "checkpoint_dir: checkpoints/tiny\nlora_r: 16\ntrain: {global_batch_size: 4, micro_batch_size: 2, epochs: 9}\n",
        encoding="utf-8",
    )
    rows = [
        {"id": number, "prompt": f"Riassumi {EVIL}", "text": f"{stage} {number} {EVIL}", "stage": stage}
        for stage in ("before", "after")
        for number in range(2)
    ]
    (folder / "generations.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    return folder
