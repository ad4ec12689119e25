"""`make demo MODEL=gemma-3-270m`: the same chain with a real model that two CPU cores can tune, in about ten minutes.

Sizes are such that it takes under 25 minutes on two idle cores (benchmarks/RESULTS.md has the seconds of a step): the
beginnings of articles instead of whole ones, at most SAMPLES events, of which a part is never trained on.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from crawler.items import NewsmillError
from demo.chain import ROOT, SCRIPTS, Chain, StepFailed, figure, home
from demo.real_report import write_report

NAME = "gemma-3-270m"
RECIPE = ROOT / f"train/recipes/{NAME}/news.yaml"
#: Events of a run, trained and held out: a file of thousands would take days.
SAMPLES = 56
#: Share never trained on.
HELD_OUT = 0.35
#: Events from which there is something to learn from and something to hold out.
FEWEST = 4
#: Events of which the share held out is 10, the least that `train evaluate` gives an interval for.
VERDICT = 29
#: Laid over the recipe: one pass, since a step takes its time; a checkpoint every two steps, since a kill comes when it
#: likes; and no losses on the way, for `train evaluate` measures before and after on the rows held out.
OVERRIDE = """\
# Laid over {recipe} by the demo.
checkpoint_dir: {model}
out_dir: {run}
train:
  epochs: 1
  lr_warmup_steps: 1
  save_interval: 2
eval:
  interval: 1000
  initial_validation: false
  final_validation: false
"""


class RealModel(Chain):
    """The chain with Gemma 3 270M."""

    suffix = f"-{NAME}"
    run_folder = f"out/{NAME}-news"
    summarize_options = " --source-sentences 2 --max-sentences 3"

    def prepare(self) -> None:
        """The model, at first, since its licence is asked for: nobody should wait for the question."""
        line = f"train get {NAME} --out {os.path.relpath(self.model, self.folder)} --form huggingface"
        if os.environ.get("ACCEPT_LICENCE") == "1":
            line += " --accept-licence"
        if (self.model / "config.json").is_file():
            self.say("Get the model", f"{NAME} is in {os.path.relpath(self.model)}: kept")
            return
        self.say("Get the model", f"[dim]$ {line}[/dim]")
        program, *arguments = line.split()
        # With the terminal as it is: the terms are shown there, and the question is answered there.
        status = subprocess.run(
            [str(SCRIPTS / program), *arguments], cwd=self.folder, env=self.environment, check=False
        ).returncode  # fmt: skip
        if status:
            terms = "Gemma's terms must be accepted: answer the question, or read them and give ACCEPT_LICENCE=1"
            raise StepFailed(f"demo: {line} ended with status {status}; {terms}")

    @property
    def model(self) -> Path:
        """Where the model lies: one folder for the demos on all files, or the one that NEWSMILL_REAL_MODEL names."""
        return Path(os.environ.get("NEWSMILL_REAL_MODEL") or home() / "models" / NAME).resolve()

    def export_options(self) -> str:
        """A part held out, later in time; of more than SAMPLES events some, evenly over the days."""
        options = f" --val-fraction {HELD_OUT}"
        events = self.events()
        if len(events) < FEWEST:
            need = f"{FEWEST} at least are needed, of which a part is held out: give articles that share their events"
            raise NewsmillError(f"demo: {len(events)} events with a summary in {self.articles}: {need}")
        if len(events) < VERDICT:
            self.say("Count the events", f"{len(events)}: with fewer than {VERDICT} the comparison stays undecided")
        if len(events) <= SAMPLES:
            return options
        chosen = [events[index * len(events) // SAMPLES] for index in range(SAMPLES)]
        (self.folder / "events.json").write_text(json.dumps({"event": {"$in": chosen}}), encoding="utf-8")
        self.console.print(
            f"       [dim]{SAMPLES} of {len(events):,} events, evenly over the days[/dim]", highlight=False
        )
        return f"{options} --filter @events.json"

    def events(self) -> list[str]:
        """Events with a sample, in order of time."""
        from crawler.mongo import connect

        samples = connect(self.environment["MONGODB_URI"]).samples
        query = {"superseded": {"$ne": True}, "duplicate_of": None}
        rows = sorted(
            samples.find(query, {"event": 1, "date": 1}), key=lambda row: (str(row.get("date")), row["event"])
        )
        return list(dict.fromkeys(row["event"] for row in rows))

    def train(self) -> None:
        """LoRA, then the held-out events with the model as it was and as it is; each goes on where it was stopped."""
        override = self.folder / "override.yaml"
        override.write_text(
            OVERRIDE.format(recipe=RECIPE.name, model=json.dumps(str(self.model)), run=self.run_folder),
            encoding="utf-8",
        )
        self.forget_other_training()
        configs = f"--config {NAME}/news --config override.yaml"
        self.command("finetune", "Fine-tune it (LoRA)", f"train finetune {configs}")
        self.command(
            "evaluate", "Compare before and after",
            f"train evaluate --data export --model before={os.path.relpath(self.model, self.folder)} "
            f"--model after={self.run_folder}/final --run {self.run_folder} --max-new-tokens 80 --out out/evaluation",
        )  # fmt: skip
        self.gather()

    def forget_other_training(self) -> None:
        """A run on other rows, or by another recipe, is none to go on with."""
        mark, run = self.folder / "trained-on", self.folder / self.run_folder
        fingerprint = self.fingerprint()
        if not mark.is_file() or mark.read_text(encoding="utf-8") != fingerprint:
            shutil.rmtree(run, ignore_errors=True)
            mark.write_text(fingerprint, encoding="utf-8")

    def fingerprint(self) -> str:
        """Of the rows and settings that make the tuned model."""
        from train.recipes import load

        export = [(self.folder / f"export/litgpt/{part}.json").read_bytes() for part in ("train", "val")]
        settings = load(RECIPE, [self.folder / "override.yaml"]).settings
        return hashlib.sha256(b"\0".join([*export, json.dumps(settings).encode()])).hexdigest()

    def gather(self) -> None:
        """The texts of before and after where the report looks for them."""
        results = self.results()
        rows = [
            {"id": row["id"], "prompt": row["request"], "text": text["text"], "stage": text["model"]}
            for row in results["examples"]
            for text in row["texts"]
            if text["model"] in ("before", "after")
        ]
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (self.folder / self.run_folder / "generations.jsonl").write_text(lines, encoding="utf-8")

    def results(self) -> dict[str, Any]:
        """What `train evaluate` measured."""
        return dict(json.loads((self.folder / "out/evaluation/results.json").read_text(encoding="utf-8")))

    def losses(self) -> list[tuple[str, str]]:
        """Of the answers held out, before and after."""
        measures = {model["name"]: model["measures"] for model in self.results()["models"]}
        # The reference, which stands beside them, has none.
        before, after = (measures[name]["loss"]["value"] for name in ("before", "after"))
        return [("loss before, answers held out", figure(before)), ("loss after, answers held out", figure(after))]

    def table(self, uri: str) -> None:
        """The numbers, then what they mean and what the model cannot do, on the terminal and in report.md."""
        super().table(uri)
        page = write_report(self.folder / "report.md", self.results())
        print(page.partition("## Texts")[0].strip(), file=sys.stdout)
        self.console.print(f"Texts:      {os.path.relpath(self.folder / 'report.md')}", highlight=False)
