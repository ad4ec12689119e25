"""`make demo MODEL=gemma-3-270m`: its model, its choice of events, and its training, killed and started again.

The commands are the real ones; the model is a tiny one of the same architecture.
"""

from __future__ import annotations

import io
import itertools
import json
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import demo.real_model as module
from crawler.items import NewsmillError
from demo.chain import StepFailed
from demo.real_model import RealModel
from tests.fork_server import run_forked
from tests.train.conftest import ITALIAN, VIETNAMESE


class Forked(RealModel):
    """Its commands are run by the tests' servers, each killed right after a write of a number, if one is named."""

    def __init__(self, articles: Path) -> None:
        super().__init__(articles, Console(file=io.StringIO()))
        self.kills: dict[str, int] = {}
        self.writes: dict[str, int] = {}

    def command(self, name: str, title: str, line: str) -> None:
        program, *words = line.split()
        killed = [sys.executable, "-m", "tests.killed_at_write", str(self.kills.get(name, 0)), "", "--"]
        done = run_forked("torch", [*killed, program, *words], self.folder, self.environment, timeout=500)
        if done.returncode:
            raise StepFailed(f"{title}: {line} ended with status {done.returncode}: {done.stderr[-600:]}")
        self.writes[name] = int(done.stderr.split()[-1])


@pytest.fixture
def articles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEWSMILL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NEWSMILL_REAL_MODEL", raising=False)
    path = tmp_path / "articles.jsonl"
    path.write_text("{}\n", encoding="utf-8")
    return path


def text_of(number: int, words: int) -> str:
    """A text that no other number has: words of an Italian page in an order of its own."""
    return " ".join(random.Random(number).choices(ITALIAN.split(), k=words))


def put_samples(database: Any, count: int) -> None:
    day = datetime(2026, 5, 1, tzinfo=UTC)
    database.samples.insert_many(
        {
            "key": f"k{number}", "task": "news_summary", "language": "it", "status": "new", "superseded": False,
            "event": f"e{number:03}", "instruction": "Riassumi.", "question": f"Riassumi.\n\n{text_of(number, 25)}",
            "answer": text_of(number + 1000, 8), "system": "", "history": [], "sources": [], "tags": [],
            "injection": [], "date": day + timedelta(days=number), "provenance": {},
        }
        for number in range(count)
    )  # fmt: skip


def made_by(chain: RealModel) -> dict[str, Any]:
    """What a chain has made, without instants."""
    results = chain.results()
    texts = (chain.folder / chain.run_folder / "generations.jsonl").read_text(encoding="utf-8")
    return {
        "adapter": (chain.folder / chain.run_folder / "final/adapter_model.safetensors").read_bytes(),
        "measures": [model["measures"] for model in results["models"]],
        "texts": texts,
    }


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_killed_at_a_write_and_started_again_it_ends_the_same(
    articles: Path, database: Any, database_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from train.models.architectures import make_tiny

    make_tiny("Gemma-3-1b-it", [ITALIAN, VIETNAMESE], tmp_path / "gemma", form="huggingface", vocab_size=300)
    monkeypatch.setenv("NEWSMILL_REAL_MODEL", str(tmp_path / "gemma"))
    monkeypatch.setenv("MONGODB_URI", database_uri)
    put_samples(database, 12)
    calm = Forked(articles)
    calm.command("export", "Export", f"synth export --out export{calm.export_options()}")
    calm.train()
    undisturbed = made_by(calm)
    assert {json.loads(line)["stage"] for line in undisturbed["texts"].splitlines()} == {"before", "after"}
    (calm.folder / "export").rename(tmp_path / "export")
    calm.folder.rename(tmp_path / "calm")

    chain = Forked(articles)
    (tmp_path / "export").rename(chain.folder / "export")
    for name, number in (("finetune", calm.writes["finetune"] // 2), ("evaluate", calm.writes["evaluate"])):
        chain.kills = {name: max(1, number)}
        with pytest.raises(StepFailed, match="status -9"):
            chain.train()
    chain.kills = {}
    chain.train()
    assert made_by(chain) == undisturbed
    chain.train()
    assert made_by(chain) == undisturbed


def test_other_rows_or_settings_are_trained_anew(articles: Path) -> None:
    chain = Forked(articles)
    (chain.folder / "export/litgpt").mkdir(parents=True)
    for part in ("train", "val"):
        (chain.folder / f"export/litgpt/{part}.json").write_text("[]", encoding="utf-8")
    settings = module.OVERRIDE.format(recipe="x", model="m", run=chain.run_folder)
    (chain.folder / "override.yaml").write_text(settings, encoding="utf-8")
    checkpoint = chain.folder / chain.run_folder / "checkpoint-4"
    checkpoint.mkdir(parents=True)
    chain.forget_other_training()
    assert not checkpoint.exists(), "nobody knows what it was trained on"
    checkpoint.mkdir(parents=True)
    (chain.folder / "override.yaml").write_text(f"# a comment\n{settings}", encoding="utf-8")
    chain.forget_other_training()
    assert checkpoint.exists()
    (chain.folder / "export/litgpt/train.json").write_text("[1]", encoding="utf-8")
    chain.forget_other_training()
    assert not checkpoint.exists()


def test_losses_are_those_of_before_and_after(articles: Path) -> None:
    chain = Forked(articles)
    (chain.folder / "out/evaluation").mkdir(parents=True)
    rows = {"before": {"loss": {"value": 0.42}}, "after": {"loss": {"value": 0.15}}, "reference": {}}
    results = {"models": [{"name": name, "measures": measures} for name, measures in rows.items()]}
    (chain.folder / "out/evaluation/results.json").write_text(json.dumps(results), encoding="utf-8")
    assert [text for _, text in chain.losses()] == ["0.420", "0.150"]


def test_of_many_events_some_are_chosen_evenly(
    articles: Path, database: Any, database_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGODB_URI", database_uri)
    put_samples(database, 3 * module.SAMPLES)
    database.samples.update_one({"key": "k0"}, {"$set": {"superseded": True}})
    database.samples.update_one({"key": "k1"}, {"$set": {"duplicate_of": "k2"}})
    chain = Forked(articles)
    assert chain.export_options().endswith(" --filter @events.json")
    chosen = json.loads((chain.folder / "events.json").read_text(encoding="utf-8"))["event"]["$in"]
    assert len(chosen) == len(set(chosen)) == module.SAMPLES
    assert not {"e000", "e001"} & set(chosen)
    numbers = [int(event[1:]) for event in chosen]
    assert {after - before for before, after in itertools.pairwise(numbers)} <= {2, 3}
    database.samples.delete_many({"event": {"$nin": chosen}})
    assert "--filter" not in chain.export_options()


def test_too_few_events_are_one_line(
    articles: Path, database: Any, database_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGODB_URI", database_uri)
    chain = Forked(articles)
    with pytest.raises(NewsmillError, match=r"demo: 0 events with a summary in .*articles\.jsonl: 4 at least") as error:
        chain.export_options()
    assert "\n" not in str(error.value)
    put_samples(database, module.FEWEST)
    assert chain.export_options() == f" --val-fraction {module.HELD_OUT}"
    said = chain.console.file.getvalue()  # type: ignore[attr-defined]
    assert "4: with fewer than 29 the comparison stays undecided" in said
    assert module.VERDICT * module.HELD_OUT >= 10 > (module.VERDICT - 1) * module.HELD_OUT


@pytest.mark.parametrize(("accepted", "status"), [("1", 0), ("", 0), ("", 2)])
def test_the_terms_are_asked_for_first(
    accepted: str, status: int, articles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that shows the terms has the terminal; refused, nothing has been fetched."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "train").write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/words\nexit {status}\n', encoding="utf-8")
    (scripts / "train").chmod(0o755)
    monkeypatch.setattr(module, "SCRIPTS", scripts)
    monkeypatch.setenv("ACCEPT_LICENCE", accepted)
    chain = Forked(articles)
    if status:
        with pytest.raises(StepFailed, match="ACCEPT_LICENCE=1"):
            chain.prepare()
    else:
        chain.prepare()
    words = (tmp_path / "words").read_text(encoding="utf-8").split()
    assert words[:3] == ["get", "gemma-3-270m", "--out"]
    assert (chain.folder / words[3]).resolve() == chain.model
    assert words[4:] == ["--form", "huggingface"] + ["--accept-licence"] * bool(accepted)
    (tmp_path / "words").unlink()
    chain.model.mkdir(parents=True)
    (chain.model / "config.json").write_text("{}", encoding="utf-8")
    chain.prepare()
    assert not (tmp_path / "words").exists(), "a model that is there is not got again"
