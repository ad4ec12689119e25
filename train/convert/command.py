"""`train convert`: LitGPT's checkpoints to Hugging Face's form and back, adapters merged or apart.

What is written is compared with what it was made from before it gets its name: `train.models.formats.equivalence`.
"""

from __future__ import annotations

import argparse
import glob
import json
import math
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.atomic_files import take_place
from train.convert.job import DTYPES, RECORD, Job, prepare
from train.errors import TrainError, one_line

if TYPE_CHECKING:
    from train.models.formats.equivalence import Gate

#: What tokenizer and configurations take, at most.
_ROOM = 50 * 10**6
_UNITS = {"MB": 10**6, "GB": 10**9}
EXAMPLE = """examples:
  train convert --checkpoint out/tiny-news/final --out hf/tiny-news --to huggingface
  train convert --checkpoint out/tiny-news/final --out hf/tiny-news-lora --to huggingface --adapter apart --base hf/tiny
  train convert --checkpoint hf/tiny-news --out checkpoints/tiny-news --to litgpt"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLE
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder of a model or of an adapter")
    parser.add_argument("--out", type=Path, required=True, help="folder to write; replaced if this command made it")
    parser.add_argument("--to", choices=("huggingface", "litgpt"), required=True, help="the form to write")
    parser.add_argument(
        "--adapter", choices=("merged", "apart"), default="merged",
        help="of LoRA: the whole model (default), or the adapter alone (PEFT's form, LitGPT's .lora)",
    )  # fmt: skip
    parser.add_argument("--base", type=Path, help="the adapter's base model, in either form (as its settings name it)")
    parser.add_argument("--texts", type=Path, help="texts to compare on: an export, JSON lines, plain text (own ones)")
    parser.add_argument(
        "--tolerance", type=float, help="largest difference of a logit (default: what rounding explains; it is told)"
    )
    parser.add_argument("--dtype", choices=DTYPES, help="type of the weights (as they are)")
    parser.add_argument("--style", help="prompt style it was tuned with (of prompt_style.yaml, or the chat template)")
    parser.add_argument("--name", help="name of the model in model_config.yaml, by which LitGPT goes (found by sizes)")
    parser.add_argument("--shard-size", default="2GB", help="largest file of weights: 500MB, 2GB (2GB)")


def main(options: argparse.Namespace) -> int:
    began = time.monotonic()
    shard = shard_bytes(options.shard_size)
    if options.tolerance is not None and not options.tolerance >= 0:
        raise TrainError("--tolerance must be 0 at least")
    check_replaceable(options.out, options.checkpoint)
    texts = read_texts(options.texts)
    with folder_beside(options.out) as made:
        job = prepare(options)
        check_room(job, made)
        try:
            write(job, made, shard)
        except (OSError, RuntimeError, _safetensor_error()) as error:
            told = getattr(error, "strerror", None) or one_line(error)
            raise TrainError(f"cannot write {options.out}: {told}; nothing is left of it") from error
        gates, problems = judge(job, made, texts, options.tolerance)
        record = _record(options, job, gates, problems, time.monotonic() - began)
        (made / RECORD).write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        out = options.out if not problems else options.out.with_name(f"{options.out.name}.failed")
        take_place(made, out)
    _tell(options, out, job, record, problems)
    return 1 if problems else 0


def shard_bytes(text: str) -> int:
    """Bytes of 500MB or 2GB.

    Raises:
        TrainError: it is no such size.
    """
    number, unit = text.strip().upper()[:-2], text.strip().upper()[-2:]
    try:
        size = int(float(number) * _UNITS[unit])
    except (KeyError, ValueError, OverflowError):
        size = 0
    if size < 1:
        raise TrainError(f"--shard-size {text!r} is no size: give 500MB or 2GB")
    return size


def read_texts(path: Path | None) -> Sequence[str]:
    from train.data.export_files import read_corpus
    from train.models.formats.equivalence import TEXTS

    return TEXTS if path is None else read_corpus([path])


def check_replaceable(out: Path, source: Path) -> None:
    """Only an earlier work of this command is ever deleted.

    Raises:
        TrainError: `out` is the source, a file, or a folder that holds something else.
    """
    if out.resolve() == source.resolve():
        raise TrainError(f"--out {out} is the checkpoint itself: give another folder")
    for folder in (out, out.with_name(f"{out.name}.failed")):
        if folder.exists() and not (folder / RECORD).is_file() and (not folder.is_dir() or any(folder.iterdir())):
            raise TrainError(f"{folder} holds something that `train convert` did not make: give another --out")


@contextmanager
def folder_beside(out: Path) -> Iterator[Path]:
    """A new, empty folder beside `out`; gone at the end, unless it has taken its place.

    Raises:
        TrainError: it cannot be made.
    """
    made = out.with_name(f".{out.name}.{os.getpid()}.new")
    try:
        tidy(out)
        made.mkdir(parents=True)
    except OSError as error:
        raise TrainError(f"cannot write {out}: {error.strerror or error}") from error
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def tidy(out: Path) -> None:
    """Clear away what a conversion that was killed left beside `out`; what it had put aside comes back."""
    for path in out.parent.glob(f".{glob.escape(out.name)}.*.*"):
        number, _, end = path.name.removeprefix(f".{out.name}.").partition(".")
        if not number.isdigit() or end not in ("new", "old") or _runs(int(number)):
            continue
        if end == "old" and not out.exists():
            path.rename(out)
        else:
            shutil.rmtree(path, ignore_errors=True)


def _runs(process: int) -> bool:
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _safetensor_error() -> type[Exception]:
    from safetensors import SafetensorError

    error: type[Exception] = SafetensorError
    return error


def check_room(job: Job, folder: Path) -> None:
    """Raises:
    TrainError: the disk has less room than the weights take.
    """
    from train.models.formats.families import shapes

    if job.apart:
        return
    each = job.dtype or job.weights["model.embed_tokens.weight"].dtype
    tied = job.tied and job.to == "huggingface"
    sizes = (math.prod(shape) for name, shape in shapes(job.config).items() if not (tied and name == "lm_head.weight"))
    free = shutil.disk_usage(folder).free
    if free < (needed := sum(sizes) * each.itemsize + _ROOM):
        raise TrainError(f"{folder.parent} has {free / 1e9:.2f} GB free, the folder will take {needed / 1e9:.2f} GB")


def write(job: Job, out: Path, shard: int) -> None:
    """The whole folder."""
    if job.to == "huggingface":
        _write_huggingface(job, out, shard)
    else:
        _write_litgpt(job, out)


def _write_huggingface(job: Job, out: Path, shard: int) -> None:
    from train.models.formats.families import to_huggingface
    from train.models.formats.write import (
        copy_tokenizer,
        set_template,
        write_generation,
        write_json,
        write_peft,
        write_shards,
    )

    copy_tokenizer(job.source, out)
    if job.style is not None:
        set_template(out, job.style)
    _keep_style(job, out)
    if job.apart:
        assert job.lora is not None
        assert job.base is not None
        write_peft(job.lora, out, job.base, job.dtype)
        return
    write_shards(job.weights, out, tied=job.tied, dtype=job.dtype, shard=shard)
    kept = str(job.dtype or job.weights["model.embed_tokens.weight"].dtype).removeprefix("torch.")
    said = to_huggingface(job.config, job.family, job.given, tied=job.tied, dtype=kept)
    write_json(out / "config.json", said)
    write_generation(job.source, out, job.style)


def _keep_style(job: Job, out: Path) -> None:
    from litgpt.prompts import save_prompt_style

    path = job.source / "prompt_style.yaml"
    if job.style is not None:
        save_prompt_style(job.style, out)
    elif path.is_file():
        shutil.copyfile(path, out / path.name)


def _write_litgpt(job: Job, out: Path) -> None:
    from litgpt.utils import save_config

    from train.models.formats.write import copy_tokenizer, write_generation, write_lit_model, write_lora

    has_tokenizer = any((job.source / name).is_file() for name in ("tokenizer.json", "tokenizer.model"))
    beside = job.source if has_tokenizer or job.base is None else job.base
    copy_tokenizer(beside, out)
    _keep_style(job, out)
    save_config(job.config, out)
    config = next(
        (one / "config.json" for one in (job.source, job.base) if one and (one / "config.json").is_file()), None
    )
    if config is not None:
        shutil.copyfile(config, out / config.name)
    write_generation(job.source, out, job.style)
    if job.apart:
        assert job.lora is not None
        assert job.base is not None
        write_lora(job.lora, out, job.base, job.config, job.family, job.dtype)
        return
    write_lit_model(job.weights, out, job.config, job.family, dtype=job.dtype)


def judge(job: Job, made: Path, texts: Sequence[str], tolerance: float | None) -> tuple[dict[str, Gate], list[str]]:
    """The gates by what they compared, the written folder's last, and everything that they object to."""
    from train.models.formats.equivalence import check_files, compare
    from train.models.formats.streamed import from_weights, open_adapter, open_model

    as_adapter = job.base is not None and job.to == "huggingface"
    first = open_adapter(job.source, job.base) if as_adapter else open_model(job.source, job.base)
    gates: dict[str, Gate] = {}
    if job.rounded:
        # Names and settings are checked without what rounding hides.
        exact = from_weights(job.exact, made, job.config, job.family, to=job.to)
        gates["before rounding"] = compare(first, exact, texts, tokenizer=made)
    second = open_adapter(made, job.base) if job.apart and job.to == "litgpt" else open_model(made, job.base)
    gates |= _against_merged(job, texts)
    gates["as written"] = compare(first, second, texts, tokenizer=made, tolerance=tolerance, rounded=job.rounded)
    problems = [problem for gate in gates.values() for problem in gate.problems]
    hub, other = (made, job.source) if job.to == "huggingface" else (job.source, made)
    if any((hub / name).is_file() for name in ("tokenizer.json", "tokenizer.model")):
        problems += check_files(hub, other, job.style, texts, made=made)
    return gates, list(dict.fromkeys(problems))


def _against_merged(job: Job, texts: Sequence[str]) -> dict[str, Gate]:
    """Of a folder that LoRA left behind: whether its merged model is its adapter on its base.

    It is not where another base is given, nor where LitGPT merged a head that shares its memory with the embeddings.
    Where the adapter is merged anew on a base that was given, the older merged model does not matter.
    """
    from dataclasses import replace

    from train.models.checkpoint import base_folder, litgpt_weights_type
    from train.models.formats.equivalence import compare
    from train.models.formats.streamed import open_adapter, open_model

    names = ("lit_model.pth", "lit_model.pth.lora", "hyperparameters.yaml")
    anew = job.lora is not None and not job.apart
    if job.to != "huggingface" or anew or not all((job.source / name).is_file() for name in names):
        return {}
    try:
        base = base_folder(job.source, job.base)
    except TrainError:
        job.notes.append("the adapter's base is not there: lit_model.pth is taken as it is")
        return {}
    rounded = litgpt_weights_type(job.source)
    gate = compare(open_model(job.source), open_adapter(job.source, base), texts, tokenizer=job.source, rounded=rounded)
    why = f"lit_model.pth is not the adapter beside it on {base}"
    hint = "" if job.base else f" (--base {base} merges it anew)"
    problems = tuple(f"{why}{hint}: {one}" for one in gate.problems)
    return {"lit_model.pth and the adapter beside it": replace(gate, problems=problems)}


def _record(
    options: argparse.Namespace, job: Job, gates: Mapping[str, Gate], problems: Sequence[str], seconds: float
) -> dict[str, Any]:
    return {
        "made_by": "train convert",
        "from": "/".join(options.checkpoint.resolve().parts[-2:]),
        "to": job.to,
        "adapter": ("apart" if job.apart else "merged") if job.lora is not None else None,
        "litgpt_name": job.config.name,
        "prompt_style": job.style.name if job.style is not None else None,
        "tied": job.tied,
        "gates": {name: _told(gate) for name, gate in gates.items()},
        "max_difference": _told(gates["as written"])["max_difference"],
        "same_top1": gates["as written"].same_top1,
        "problems": list(problems),
        "notes": job.notes,
        "seconds": round(seconds, 2),
    }


def _told(gate: Gate) -> dict[str, Any]:
    """As JSON can say it: no number is null."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in asdict(gate).items()
    }


def _tell(options: argparse.Namespace, out: Path, job: Job, record: dict[str, Any], problems: Sequence[str]) -> None:
    import sys

    if options.json:
        print(json.dumps({"out": str(out), "passed": not problems, **record}, ensure_ascii=False))
    for problem in problems:
        print(f"convert: {problem}", file=sys.stderr)
    if problems:
        print(f"convert: the gate failed: {out} is kept to look into, {options.out} was not written", file=sys.stderr)
    if options.json or problems:
        return
    from train.models.formats.equivalence import Gate

    for name, found in record["gates"].items():
        print(f"{out}, {name}: {Gate(**found).line}")
    for note in job.notes:
        print(f"note: {note}")
    print(f"{out}: {record['seconds']:.1f} s; next: {_next(options, out, job)}")


def _next(options: argparse.Namespace, out: Path, job: Job) -> str:
    if job.apart:
        return f"train generate --checkpoint {out} --prompts export/litgpt/val.json --out answers.jsonl"
    if job.to == "litgpt":
        return f"litgpt finetune_lora --checkpoint_dir {out} --config RECIPE"
    return f"train serve --checkpoint {out}"
