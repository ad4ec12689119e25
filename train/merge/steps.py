"""Steps done one after another: each in a folder that appears whole, kept by digest, so that a killed merge goes on."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from train.atomic_files import folder_beside, take_place
from train.errors import TrainError
from train.licence import pass_on
from train.merge.adapters import merge_litgpt, merge_peft
from train.merge.compatibility import Checked, check_step, folder_of
from train.merge.inspect import Facts, facts_of
from train.merge.settings import LORA, STEP, Merge, Problems, Step
from train.merge.silence import silence_warnings
from train.models.checkpoint import base_folder, read_json
from train.models.formats.conversion import ConversionRequest
from train.models.formats.folder import convert_folder

#: Written into each folder last: what made it.
MARK = "merge.json"


def digests(merge: Merge) -> dict[str, str]:
    """A digest for each step: of its settings, of its models' files (names, sizes, times), of the steps before it."""
    digest_of_step: dict[str, str] = {}
    for step in merge.steps:
        settings = asdict(step)
        settings.pop("at")
        for source in settings["sources"]:
            source.pop("at")
        parts = [json.dumps(settings, sort_keys=True, default=str), _tools(), str(merge.out_shard_size), merge.device]
        for reference in (*((source.model, source.base) for source in step.sources), (step.base, None)):
            parts.append(_fingerprint(reference[0], reference[1], digest_of_step))
        digest_of_step[step.name] = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    return digest_of_step


def _tools() -> str:
    from importlib.metadata import version

    return " ".join(f"{name} {version(name)}" for name in ("mergekit", "peft", "litgpt", "transformers", "torch"))


def _fingerprint(model: str | None, base: str | None, digest_of_step: Mapping[str, str]) -> str:
    if model is None:
        return ""
    if model.startswith(STEP):
        return digest_of_step.get(model.removeprefix(STEP), "")
    folder = Path(model)
    if not folder.is_dir():
        return model
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != MARK)
    parts = [f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files]
    if any(path.name in ("adapter_config.json", "lit_model.pth.lora") for path in files):
        try:
            under = base_folder(folder, Path(base) if base else None)
        except TrainError:
            return "\n".join(parts)
        parts.append(_fingerprint(str(under), None, digest_of_step))
    return "\n".join(parts)


def finished(merge: Merge, step_digests: Mapping[str, str]) -> dict[str, Path]:
    """Folders of the steps that are done, with the very same settings and models."""
    folders = {step.name: folder_of(merge, step) for step in merge.steps}
    return {name: folder for name, folder in folders.items() if _mark(folder).get("digest") == step_digests[name]}


def _mark(folder: Path) -> dict[str, Any]:
    return read_json(folder / MARK) if (folder / MARK).is_file() else {}


def check_replaceable(merge: Merge, problems: Problems) -> None:
    """Only what this command made is ever replaced; and no model may lie where the merged one goes."""
    for step in merge.steps:
        folder = folder_of(merge, step)
        if folder.exists() and not (folder / MARK).is_file() and (not folder.is_dir() or any(folder.iterdir())):
            problems.append(f"{folder} holds something that `train merge` did not write: give another out_dir")
        for source in step.sources:
            if not source.model.startswith(STEP) and Path(source.model).resolve() == merge.out.resolve():
                problems.append(f"{source.at}: {source.model} is out_dir too: a model cannot be merged onto itself")


@contextmanager
def appearing(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder` that takes its place when the block ends well, and is removed when it does not.

    Raises:
        TrainError: the disk is full, or the place cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with folder_beside(folder) as temporary:
            yield temporary
            take_place(temporary, folder)
    except OSError as error:
        raise TrainError(f"cannot write {folder}: {error.strerror or error}") from error
    except RuntimeError as error:
        # torch's writer and safetensors' report a full disk in words of their own.
        if "No space left" in str(error) or "PytorchStreamWriter" in str(error) or "os error 28" in str(error):
            raise TrainError(f"cannot write {folder}: no space left on the device") from error
        raise


def outcome_of(result: Checked, merge: Merge, finished_folders: dict[str, Path], digest: str) -> dict[str, Any]:
    """A step's outcome: what was written earlier, or what is done now."""
    from train.merge.smoke_test import smoke_test

    step, target = result.step, folder_of(merge, result.step)
    if step.name in finished_folders:
        outcome = read_json(target / MARK) | {"kept": True}
    else:
        outcome = run_step(
            result, merge, finished_folders, digest, lambda *arguments: smoke_test(merge, *arguments)
        ) | {"kept": False}
        finished_folders[step.name] = target
    return outcome | {"folder": str(target)}


def run_step(
    checked: Checked,
    merge: Merge,
    finished_folders: Mapping[str, Path],
    digest: str,
    test: Callable[[Checked, Mapping[str, Path], Path], dict[str, Any]],
) -> dict[str, Any]:
    """Do one step; its outcome as written to merge.json. The test sees the folder before it takes its place.

    Raises:
        TrainError: it cannot be done, or the test finds the merged model wrong.
    """
    from train.merge import mergekit_run

    began = time.monotonic()
    step, target = checked.step, folder_of(merge, checked.step)
    with appearing(target) as out:
        notes = list(checked.notes)
        if step.method == LORA:
            folders: dict[str, Path] = {}
            _merge_adapter(next(iter(checked.facts.values())), out, checked, merge)
        else:
            folders = _whole_models(checked, merge, finished_folders)
            checked = _checked_again(checked, folders)
            notes += mergekit_run.run(checked, merge, folders, out)
        outcome = {
            "name": step.name, "method": step.method, "digest": digest, "dtype": checked.dtype, "seed": step.seed,
            "notes": notes, **test(checked, folders, out),
            "seconds": round(time.monotonic() - began, 1),
        }  # fmt: skip
        _card(checked, out, target.name)
        pass_on(_sources(checked, folders), out)
        (out / MARK).write_text(json.dumps(outcome, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return outcome


def _sources(checked: Checked, folders: Mapping[str, Path]) -> list[Path]:
    """Every folder that the step was made of: the terms of all of them go with it."""
    facts = [*checked.facts.values(), *([checked.base] if checked.base is not None else [])]
    return [*folders.values(), *(path for each in facts for path in (each.folder, each.base) if path is not None)]


def _merge_adapter(facts: Facts, out: Path, checked: Checked, merge: Merge) -> None:
    base = _base_of(facts)
    if facts.kind == "litgpt-adapter":
        merge_litgpt(facts.folder, base, out, checked.step.dtype)
    else:
        merge_peft(facts.folder, base, out, checked.dtype, checked.step.compute_dtype, merge.out_shard_size)


def _base_of(adapter: Facts) -> Path:
    """The folder of an adapter's base, which `facts_of` has found."""
    assert adapter.base is not None
    return adapter.base


def _whole_models(checked: Checked, merge: Merge, finished_folders: Mapping[str, Path]) -> dict[str, Path]:
    """Every model of the step in Hugging Face form, the base's as `base` where it is none of the models."""
    step = checked.step
    facts_by_name = dict(checked.facts)
    references = {source.name: source.model for source in step.sources}
    if checked.base is not None and step.base is not None and step.base not in facts_by_name:
        facts_by_name["base"], references["base"] = checked.base, step.base
    folders = {}
    for name, facts in facts_by_name.items():
        earlier = (
            finished_folders.get(references[name].removeprefix(STEP)) if references[name].startswith(STEP) else None
        )
        folders[name] = whole(facts_of(earlier) if earlier else facts, merge, step)
    return folders


def whole(facts: Facts, merge: Merge, step: Step) -> Path:
    """The model in Hugging Face form: as it is, or merged and converted once and kept in the cache folder."""
    if facts.kind == "huggingface":
        return facts.folder
    key = _fingerprint(str(facts.folder), str(facts.base) if facts.base else None, {}) + step.compute_dtype
    name = f"{facts.folder.resolve().parent.name}-{facts.folder.name}"
    target = merge.cache / "models" / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
    if (target / MARK).is_file():
        return target
    with appearing(target) as out:
        if facts.kind == "peft":
            merge_peft(facts.folder, _base_of(facts), out, step.compute_dtype, step.compute_dtype, merge.out_shard_size)
        else:
            _convert(facts, out, step.compute_dtype)
        (out / MARK).write_text(json.dumps({"from": str(facts.folder), "kind": facts.kind}) + "\n", encoding="utf-8")
    return target


def _convert(facts: Facts, out: Path, dtype: str) -> None:
    """A LitGPT model in Hugging Face form, compared with its source; an adapter is merged first, into `dtype`: what
    will be merged further is not rounded to the base's 16 bits on the way.

    Raises:
        TrainError: the two are not equal.
    """
    source, target = facts.folder, out / "converted"
    if facts.kind == "litgpt-adapter":
        source = out / "merged"
        source.mkdir()
        merge_litgpt(facts.folder, _base_of(facts), source, dtype)
    target.mkdir()
    with silence_warnings():
        result = convert_folder(ConversionRequest(source, "huggingface"), target)
    if result.problems:
        raise TrainError(f"{source} could not be converted: {'; '.join(result.problems)[:300]}")
    for path in target.iterdir():
        path.rename(out / path.name)
    target.rmdir()
    shutil.rmtree(out / "merged", ignore_errors=True)


def _checked_again(checked: Checked, folders: Mapping[str, Path]) -> Checked:
    """The step against the folders that mergekit will read: what was foreseen or converted is seen now."""
    from dataclasses import replace

    step = checked.step
    sources = tuple(replace(source, model=str(folders[source.name]), base=None) for source in step.sources)
    base = step.base if step.base in checked.facts or step.base is None else str(folders["base"])
    problems = Problems()
    rechecked = check_step(replace(step, sources=sources, base=base, dtype=checked.dtype), {}, problems)
    problems.raise_all()
    if rechecked is None:
        raise TrainError(f"step {step.name}: a model cannot be read")
    return replace(rechecked, step=replace(step, dtype=checked.dtype), notes=checked.notes)


def _card(checked: Checked, out: Path, name: str) -> None:
    """A README of what was merged, by the folders' own names."""
    step = checked.step
    lines = [f"# {name}", ""]
    lines += [f"Merged by `train merge`, method `{step.method}`, seed {step.seed}, stored as {checked.dtype}.", ""]
    base = f"- base: `{Path(step.base).name}`" if step.base else None
    lines += [base] if base else []
    for source in step.sources:
        settings = ", ".join(f"{key} {value}" for key, value in source.parameters.items())
        lines.append(f"- {source.name}: `{Path(source.model).name}`" + (f" ({settings})" if settings else ""))
    (out / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
