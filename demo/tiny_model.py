"""The default demo: a tiny Llama of random weights, tuned in a minute; it shows the way and writes no sense."""

from __future__ import annotations

import hashlib
import os
import shutil

from demo.chain import ROOT, Chain

RECIPE = ROOT / "train/recipes/tiny/news.yaml"


class TinyModel(Chain):
    """The chain with a model that `train tiny` makes."""

    run_folder = "out/tiny-news"

    def train(self) -> None:
        """Tokenizer and tiny model, text before, LoRA, text after; skipped where it was done on the same data."""
        if self.is_trained():
            self.say("Fine-tune", "the same data and recipe as last time: kept")
            self.step += 4
        else:
            self.tune()
        self.command(
            "evaluate", "Compare before and after",
            "train evaluate --data export --model before=checkpoints/tiny --model after=out/tiny-news/final "
            "--run out/tiny-news --temperature 0.8 --max-new-tokens 80 --out out/evaluation",
        )  # fmt: skip

    def tune(self) -> None:
        prompts = "--prompts export/litgpt/val.json --limit 4"
        self.command("tiny", "Make a tiny Llama", "train tiny --corpus export/litgpt/train.json --out checkpoints/tiny")
        # Of an earlier training: LitGPT would keep its merged model, `train generate` refuse to add to its texts.
        shutil.rmtree(self.folder / self.run_folder, ignore_errors=True)
        for stage in ("before", "after"):
            (self.folder / f"out/{stage}.jsonl").unlink(missing_ok=True)
        self.command(
            "before", "Write before tuning",
            f"train generate --checkpoint checkpoints/tiny {prompts} --out out/before.jsonl --stage before",
        )  # fmt: skip
        self.command("plan", "Say what tuning needs", f"train plan --config {self.recipe()}")
        self.command("finetune", "Fine-tune it (LoRA)", f"litgpt finetune_lora --config {self.recipe()}")
        self.command(
            "after", "Write after tuning",
            f"train generate --checkpoint out/tiny-news/final {prompts} --out out/after.jsonl --stage after",
        )  # fmt: skip
        self.gather()

    def gather(self) -> None:
        """What the report reads in one folder, then the mark that this training is whole."""
        run = self.folder / self.run_folder
        texts = [(self.folder / f"out/{stage}.jsonl").read_text(encoding="utf-8") for stage in ("before", "after")]
        (run / "generations.jsonl").write_text("".join(texts), encoding="utf-8")
        (run / "trained-on").write_text(self.fingerprint())

    def recipe(self) -> str:
        """The recipe as a user would name it: relative to the project where that is where we are."""
        return os.path.relpath(RECIPE, self.folder)

    def fingerprint(self) -> str:
        files = [self.folder / "export/litgpt/train.json", self.folder / "export/litgpt/val.json", RECIPE]
        return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()

    def is_trained(self) -> bool:
        mark = self.folder / "out/tiny-news/trained-on"
        return mark.exists() and mark.read_text() == self.fingerprint()
