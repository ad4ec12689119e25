"""`train merge`: a LoRA into its base, or several models into one, by a recipe of one or more steps."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from train.errors import TrainError
from train.merge.compatibility import Checked, check, folder_of, gigabytes, on_the_way
from train.merge.mergekit_file import is_mergekit, merge_of
from train.merge.settings import DTYPES, LORA, Merge, Problems, Source, Step, settings_of
from train.merge.steps import MARK, check_replaceable, digests, finished, run_step
from train.recipes import load


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "examples:\n"
        "  train merge --config merge.yaml --out out/merged          any file of mergekit's\n"
        "  train merge --adapter out/tiny-news/final --out out/tiny-news-merged\n"
        "  train merge --config train/merges/vinasmol.yaml --dry-run\n"
        "files to start from: train/merges/{lora,linear,slerp,ties,dare_ties,della_linear,vinasmol}.yaml"
    )
    parser.add_argument(
        "--config", type=Path, action="append", metavar="FILE",
        help="a file of mergekit's; given again: files laid over it",
    )  # fmt: skip
    parser.add_argument("--adapter", type=Path, metavar="FOLDER", help="a LoRA to merge into its base, without a file")
    parser.add_argument("--base", type=Path, metavar="FOLDER", help="of --adapter (as its settings name it)")
    parser.add_argument("--dtype", choices=DTYPES, help="of --adapter's merged weights (as the base's)")
    parser.add_argument("--out", type=Path, help="folder of the merged model, instead of the file's out_dir")
    parser.add_argument("--dry-run", action="store_true", help="check, and say what would be read and written")


def main(options: argparse.Namespace) -> int:
    merge, checked, made, wanted = prepared(options)
    if options.dry_run:
        _tell_plan(plan(merge, checked, made), options.json)
        return 0
    outcomes = [_done(result, merge, made, wanted[result.step.name]) for result in checked]
    report = {"out": str(merge.out), "steps": outcomes}
    if options.json:
        print(json.dumps(report, ensure_ascii=False))
        return 0
    for outcome in outcomes:
        _tell(outcome)
    print(f"{merge.out}: {_size_of(merge.out)}; next: train evaluate, or train generate --checkpoint {merge.out}")
    return 0


def prepared(options: argparse.Namespace) -> tuple[Merge, list[Checked], dict[str, Path], dict[str, str]]:
    """(settings, steps checked, folders of steps that are done, digests).

    Raises:
        TrainError: with everything that is wrong with the recipe and its models.
    """
    problems = Problems()
    merge = _read(options, problems)
    if merge is None:
        problems.tell()
        raise AssertionError("a recipe without steps has problems")
    wanted = digests(merge)
    made = finished(merge, wanted)
    check_replaceable(merge, problems)
    checked = check(merge, problems, made)
    problems.tell()
    return merge, checked, made, wanted


def _read(options: argparse.Namespace, problems: Problems) -> Merge | None:
    if options.config is None:
        if options.adapter is None or options.out is None:
            raise TrainError("give --config FILE, or --adapter FOLDER with --out FOLDER")
        source = Source("adapter", str(options.adapter), str(options.base) if options.base else None, at="--adapter")
        step = Step("merge", LORA, (source,), base=source.base, dtype=options.dtype, at="--adapter")
        return Merge(Path("--adapter"), options.out, options.out.with_name(f"{options.out.name}.parts"), (step,))
    if options.adapter is not None:
        raise TrainError("--adapter and --config are two ways to say what is merged: give one of them")
    if is_mergekit(options.config[0]):
        return merge_of(options.config, options.out, problems)
    recipe = load(options.config[0], options.config[1:])
    if options.out is not None:
        recipe.settings["out_dir"] = str(options.out)
    return settings_of(recipe, problems)


def _done(result: Checked, merge: Merge, made: dict[str, Path], digest: str) -> dict[str, Any]:
    """A step's outcome: what was written earlier, or what is done now."""
    from train.merge.smoke_test import trial
    from train.models.checkpoint import read_json

    step, target = result.step, folder_of(merge, result.step)
    if step.name in made:
        outcome = read_json(target / MARK) | {"kept": True}
    else:
        outcome = run_step(result, merge, made, digest, lambda *given: trial(merge, *given)) | {"kept": False}
        made[step.name] = target
    return outcome | {"folder": str(target)}


def plan(merge: Merge, checked: list[Checked], made: Mapping[str, Path]) -> list[dict[str, Any]]:
    """What each step would read and write."""
    return [
        {
            "name": result.step.name,
            "method": result.step.method,
            "kept": result.step.name in made,
            "reads": _reads(result),
            "converts": {facts.folder.name: size for facts, size in on_the_way(result)},
            "writes": str(folder_of(merge, result.step)),
            "dtype": result.dtype,
            "bytes": result.bytes_out,
            "files_from": result.donor,
            "notes": list(result.notes),
        }
        for result in checked
    ]


def _reads(result: Checked) -> dict[str, str]:
    reads = {source.name: source.model for source in result.step.sources}
    base = next(iter(result.facts.values())).base if result.step.method == LORA else None
    if base is not None:
        reads["base"] = str(base)
    elif result.step.base is not None and result.step.base not in reads:
        reads["base"] = result.step.base
    return reads


def _tell_plan(steps: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print(json.dumps({"steps": steps}, ensure_ascii=False))
        return
    for step in steps:
        print(f"{step['name']}: {step['method']}{', done already' if step['kept'] else ''}")
        for name, model in step["reads"].items():
            print(f"  reads   {name}: {model}")
        for name, size in step["converts"].items():
            print(f"  makes   {name} whole, in Hugging Face form: {gigabytes(size)}")
        print(f"  writes  {step['writes']}: {gigabytes(step['bytes'])}, {step['dtype']}, files of {step['files_from']}")
        for note in step["notes"]:
            print(f"  note    {note}")
    print("nothing was written; next: the same command without --dry-run")


def _tell(outcome: Mapping[str, Any]) -> None:
    how = "kept" if outcome["kept"] else f"{outcome['seconds']} s"
    print(f"{outcome['name']}: {outcome['method']}, {outcome['dtype']}, {how}: {outcome['folder']}")
    for note in (*outcome.get("notes", ()), *outcome.get("remarks", ())):
        print(f"  note: {note}")
    equal = outcome.get("equal")
    if equal:
        print(f"  equal to {equal['to']}: {equal['line']}")
    silent = "nothing: it ends its turn at once" if outcome["text"] == "" else "not tried: memory does not hold it"
    print(f"  writes: {outcome['text'] or silent}")


def _size_of(folder: Path) -> str:
    return gigabytes(sum(path.stat().st_size for path in folder.iterdir() if path.is_file()))
