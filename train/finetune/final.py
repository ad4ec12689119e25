"""The folder `final` of a finished run."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from train.data.sets import sets_of
from train.errors import TrainError
from train.huggingface.datasets import Data
from train.huggingface.settings import Settings
from train.model_card import card
from train.recipes import Recipe


def write_final(
    trainer: Any, settings: Settings, recipe: Recipe, data: Data, run: Any, outcome: dict[str, Any]
) -> None:
    """out_dir/final: adapter, tokenizer, prompt style, the recipe as it was laid together.

    Raises:
        TrainError: the disk is full; the last checkpoint stays, and the same command ends the run.
    """
    from litgpt.prompts import save_prompt_style
    from safetensors import SafetensorError

    from train.atomic_files import write_whole

    folder = run.folder / ".final"
    try:
        best = outcome["weights_of_step"] != outcome["steps"]
        if not best:
            trainer.save_adapter(folder)
        if trainer.is_world_process_zero():
            if best:
                shutil.copytree(run.best, folder, ignore=shutil.ignore_patterns("best.json", "whole.json"))
            save_tokenizer(settings.checkpoint_dir, folder)
            save_prompt_style(data.style, folder)
            if not data.style.is_in(folder):
                write_whole(folder / "chat_template.jinja", data.template)
            own_card = card(settings.checkpoint_dir, outcome, sets_of(settings.data_path))
            write_whole(folder / "README.md", own_card)
            write_recipe(folder, recipe)
            run.finish(outcome)
        trainer.accelerator.wait_for_everyone()
    except (OSError, RuntimeError, SafetensorError) as error:
        raise TrainError(run.cannot_save(outcome["steps"], error)) from error


def write_recipe(folder: Path, recipe: Recipe) -> None:
    """recipe.yaml: the recipe with all that was laid over it."""
    import yaml

    from train.atomic_files import write_whole

    text = yaml.safe_dump(recipe.settings, sort_keys=False, allow_unicode=True)
    write_whole(folder / "recipe.yaml", text)


def save_tokenizer(checkpoint: str, folder: Path) -> None:
    """The base model's tokenizer files, as they are."""
    source = Path(checkpoint)
    if not source.is_dir():
        from transformers import AutoTokenizer

        AutoTokenizer.from_pretrained(checkpoint).save_pretrained(folder)
        return
    names = ("tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "vocab.json",
             "merges.txt", "added_tokens.json", "chat_template.jinja", "generation_config.json")  # fmt: skip
    for name in names:
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)
