"""`train finetune` of a recipe of LitGPT's: its own command with the loop of `train.litgpt`."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from train.atomic_files import write_whole
from train.data.sets import sets_of
from train.errors import TrainError
from train.huggingface.settings import KEYS
from train.licence import pass_on
from train.model_card import card
from train.recipes import Recipe

#: Sections of a recipe that are this command's and not LitGPT's.
OWN = ("early_stopping", "load_best_model_at_end")


def finetune(recipe: Recipe) -> dict[str, Any] | None:
    """Train, or go on training, or report what is finished; the outcome, None in all processes but the first.

    Raises:
        TrainError: a setting is wrong, the folder holds another run, LitGPT refuses the recipe (its words are shown).
    """
    words = best_weights(recipe)
    settings = {key: value for key, value in recipe.settings.items() if key not in OWN}
    out_dir = Path(str(settings.setdefault("out_dir", "out/finetune/lora")))
    path = out_dir / ".recipe.yaml"
    _write(path, settings)
    from train.litgpt.install import VARIABLE, Finished, install, outcome_of

    os.environ[VARIABLE] = json.dumps(words)
    session = install()
    if session is None:
        raise TrainError("this version of LitGPT cannot be resumed: litgpt finetune_lora runs the recipe")
    try:
        with litgpt_words(path), contextlib.redirect_stdout(sys.stderr):
            from litgpt.__main__ import main

            main()
    except Finished as end:
        _write_card(recipe, end.outcome)
        return end.outcome
    except SystemExit as end:
        if end.code:
            raise TrainError(f"LitGPT refuses {recipe.path}, as said above") from end
    finally:
        os.environ.pop(VARIABLE, None)
    first = session.loop is None or session.loop.job.fabric.is_global_zero
    if not first:
        return None
    outcome = outcome_of(session)
    _write_card(recipe, outcome)
    return outcome


def _write_card(recipe: Recipe, outcome: dict[str, Any]) -> None:
    path = recipe.get("data", "init_args", "path", default=recipe.get("data", "init_args", "json_path"))
    text = card(str(recipe.get("checkpoint_dir")), outcome, sets_of(path) if path else [])
    write_whole(Path(outcome["final"]) / "README.md", text)
    pass_on([Path(str(recipe.get("checkpoint_dir")))], Path(outcome["final"]))


def _write(path: Path, settings: dict[str, Any]) -> None:
    import yaml

    write_whole(path, yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))


def best_weights(recipe: Recipe) -> dict[str, Any]:
    """patience, min_delta, load_best of a recipe.

    Raises:
        TrainError: one of them is wrong; names the line.
    """
    words: dict[str, Any] = {}
    errors: list[str] = []
    for dotted, name in (
        ("early_stopping.patience", "patience"),
        ("early_stopping.min_delta", "min_delta"),
        ("load_best_model_at_end", "load_best"),
    ):
        keys = tuple(dotted.split("."))
        value = recipe.get(*keys, default=...)
        try:
            words |= {} if value is ... else {name: KEYS[dotted][1](value)}
        except ValueError as error:
            errors.append(f"{recipe.at(*keys)}: {dotted} {error}, not {value!r}")
    errors += _together(recipe, words)
    if errors:
        raise TrainError("; ".join(errors))
    return words


def _together(recipe: Recipe, words: dict[str, Any]) -> Iterator[str]:
    section = recipe.get("early_stopping", default={})
    names = set(section) if isinstance(section, dict) else {str(section)}
    for name in sorted(names - {"patience", "min_delta"}):
        yield f"{recipe.at('early_stopping', name)}: early_stopping.{name} is no setting: patience, min_delta"
    if words.get("min_delta") and words.get("patience") is None:
        at = recipe.at("early_stopping", "min_delta")
        yield f"{at}: early_stopping.min_delta has no effect without early_stopping.patience"


@contextlib.contextmanager
def litgpt_words(recipe: Path) -> Iterator[None]:
    """Within, this process is `litgpt finetune_lora --config RECIPE`, as LitGPT and the processes it starts see it."""
    main = sys.modules["__main__"]
    words, spec = sys.argv, main.__spec__
    script = Path(sys.executable).parent / "litgpt"
    sys.argv = [str(script), "finetune_lora", "--config", str(recipe)]
    # Lightning starts processes by it, where it is there.
    main.__spec__ = None
    try:
        yield
    finally:
        sys.argv, main.__spec__ = words, spec
