"""`convert_folder`: a model's folder written in the other form and compared with its source before anybody uses it."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError, one_line
from train.models.formats.conversion import RECORD, Conversion, ConversionRequest, prepare

if TYPE_CHECKING:
    from train.models.formats.equivalence import EquivalenceCheck

#: Bytes of a file of weights, at most.
SHARD = 2 * 10**9
#: What tokenizer and configurations take, at most.
_MARGIN = 50 * 10**6


@dataclass(frozen=True)
class Converted:
    """A conversion that was written. checks: what was compared -> the outcome. record: as conversion.json has it."""

    conversion: Conversion
    checks: dict[str, EquivalenceCheck]
    problems: list[str]
    record: dict[str, Any]


def convert_folder(
    request: ConversionRequest,
    out: Path,
    *,
    texts: Sequence[str] | None = None,
    tolerance: float | None = None,
    shard: int = SHARD,
) -> Converted:
    """Write the model of the request into `out`, a folder that exists and is empty, and compare the two.

    texts: to compare on, own ones without. tolerance: largest difference of a logit; None: what rounding explains.

    Raises:
        TrainError: the source cannot be converted, or the folder cannot be written. What the comparison finds wrong is
        no error but in `problems`.
    """
    from train.models.formats.equivalence import TEXTS

    began = time.monotonic()
    conversion = prepare(request)
    _check_room(conversion, out)
    try:
        _write(conversion, out, shard)
    except (OSError, RuntimeError, _safetensor_error()) as error:
        message = getattr(error, "strerror", None) or one_line(error)
        raise TrainError(f"cannot write into {out.parent}: {message}; nothing is left of it") from error
    checks, problems = _compare(conversion, out, TEXTS if texts is None else texts, tolerance)
    record = conversion_record(request, conversion, checks, problems) | {"seconds": round(time.monotonic() - began, 2)}
    (out / RECORD).write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return Converted(conversion, checks, problems, record)


def _safetensor_error() -> type[Exception]:
    from safetensors import SafetensorError

    error: type[Exception] = SafetensorError
    return error


def _check_room(conversion: Conversion, folder: Path) -> None:
    """Raises:
    TrainError: the disk has less room than the weights take.
    """
    from train.models.formats.families import shapes

    if conversion.apart:
        return
    each = conversion.dtype or conversion.weights["model.embed_tokens.weight"].dtype
    tied = conversion.tied and conversion.to == "huggingface"
    sizes = (
        math.prod(shape) for name, shape in shapes(conversion.config).items() if not (tied and name == "lm_head.weight")
    )
    free = shutil.disk_usage(folder).free
    if free < (size := sum(sizes) * each.itemsize + _MARGIN):
        raise TrainError(f"{folder.parent} has {free / 1e9:.2f} GB free, the folder will take {size / 1e9:.2f} GB")


def _write(conversion: Conversion, out: Path, shard: int) -> None:
    """The whole folder."""
    if conversion.to == "huggingface":
        _write_huggingface(conversion, out, shard)
    else:
        _write_litgpt(conversion, out)


def _write_huggingface(conversion: Conversion, out: Path, shard: int) -> None:
    from train.models.formats.families import to_huggingface
    from train.models.formats.write import (
        copy_tokenizer,
        set_template,
        write_generation,
        write_json,
        write_peft,
        write_shards,
    )

    copy_tokenizer(conversion.source, out)
    if conversion.style is not None:
        set_template(out, conversion.style)
    _keep_style(conversion, out)
    if conversion.apart:
        assert conversion.lora is not None
        assert conversion.base is not None
        write_peft(conversion.lora, out, conversion.base, conversion.dtype)
        return
    write_shards(conversion.weights, out, tied=conversion.tied, dtype=conversion.dtype, shard=shard)
    dtype = str(conversion.dtype or conversion.weights["model.embed_tokens.weight"].dtype).removeprefix("torch.")
    config = to_huggingface(
        conversion.config, conversion.family, conversion.source_config, tied=conversion.tied, dtype=dtype
    )
    write_json(out / "config.json", config)
    write_generation(conversion.source, out, conversion.style)


def _keep_style(conversion: Conversion, out: Path) -> None:
    from litgpt.prompts import save_prompt_style

    from train.models.formats.write import copy_style

    if conversion.style is not None:
        save_prompt_style(conversion.style, out)
    else:
        copy_style(conversion.source, out)


def _write_litgpt(conversion: Conversion, out: Path) -> None:
    from litgpt.utils import save_config

    from train.models.formats.write import copy_tokenizer, write_generation, write_lit_model, write_lora

    has_tokenizer = any((conversion.source / name).is_file() for name in ("tokenizer.json", "tokenizer.model"))
    beside = conversion.source if has_tokenizer or conversion.base is None else conversion.base
    copy_tokenizer(beside, out)
    _keep_style(conversion, out)
    save_config(conversion.config, out)
    folders = [conversion.source, *([conversion.base] if conversion.base else [])]
    config = next((path for folder in folders if (path := folder / "config.json").is_file()), None)
    if config is not None:
        shutil.copyfile(config, out / config.name)
    write_generation(conversion.source, out, conversion.style)
    if conversion.apart:
        assert conversion.lora is not None
        assert conversion.base is not None
        write_lora(conversion.lora, out, conversion.base, conversion.config, conversion.family, conversion.dtype)
        return
    write_lit_model(conversion.weights, out, conversion.config, conversion.family, dtype=conversion.dtype)


def _compare(
    conversion: Conversion, out: Path, texts: Sequence[str], tolerance: float | None
) -> tuple[dict[str, EquivalenceCheck], list[str]]:
    """The checks by what they compared, the written folder's last, and everything that they object to."""
    from train.models.formats.equivalence import check_files, compare
    from train.models.formats.streamed import from_weights, open_adapter, open_model

    as_adapter = conversion.base is not None and conversion.to == "huggingface"
    first = (
        open_adapter(conversion.source, conversion.base)
        if as_adapter
        else open_model(conversion.source, conversion.base)
    )
    checks: dict[str, EquivalenceCheck] = {}
    if conversion.rounded:
        # Names and settings are checked without what rounding hides.
        exact = from_weights(conversion.exact, out, conversion.config, conversion.family, to=conversion.to)
        checks["before rounding"] = compare(first, exact, texts, tokenizer=out)
    second = (
        open_adapter(out, conversion.base)
        if conversion.apart and conversion.to == "litgpt"
        else open_model(out, conversion.base)
    )
    checks |= _against_merged(conversion, texts)
    checks["as written"] = compare(first, second, texts, tokenizer=out, tolerance=tolerance, rounded=conversion.rounded)
    problems = [problem for check in checks.values() for problem in check.problems]
    hub, litgpt = (out, conversion.source) if conversion.to == "huggingface" else (conversion.source, out)
    if any((hub / name).is_file() for name in ("tokenizer.json", "tokenizer.model")):
        problems += check_files(hub, litgpt, conversion.style, texts, newer=out)
    return checks, list(dict.fromkeys(problems))


def _against_merged(conversion: Conversion, texts: Sequence[str]) -> dict[str, EquivalenceCheck]:
    """Of a folder that LoRA left behind: whether its merged model is its adapter on its base.

    It is not where another base is given, nor where LitGPT merged a head that shares its memory with the embeddings.
    Where the adapter is merged again on a base that was given, the older merged model does not matter.
    """
    from train.models.checkpoint import base_folder, litgpt_weights_type
    from train.models.formats.equivalence import compare
    from train.models.formats.streamed import open_adapter, open_model

    names = ("lit_model.pth", "lit_model.pth.lora", "hyperparameters.yaml")
    merging = conversion.lora is not None and not conversion.apart
    if conversion.to != "huggingface" or merging or not all((conversion.source / name).is_file() for name in names):
        return {}
    try:
        base = base_folder(conversion.source, conversion.base)
    except TrainError:
        conversion.notes.append("the adapter's base is not there: lit_model.pth is taken as it is")
        return {}
    rounded = litgpt_weights_type(conversion.source)
    check = compare(
        open_model(conversion.source),
        open_adapter(conversion.source, base),
        texts,
        tokenizer=conversion.source,
        rounded=rounded,
    )
    why = f"lit_model.pth is not the adapter beside it on {base}"
    hint = "" if conversion.base else f" (--base {base} merges it again)"
    problems = tuple(f"{why}{hint}: {problem}" for problem in check.problems)
    return {"lit_model.pth and the adapter beside it": replace(check, problems=problems)}


def conversion_record(
    request: ConversionRequest,
    conversion: Conversion,
    checks: dict[str, EquivalenceCheck],
    problems: Sequence[str],
) -> dict[str, Any]:
    """What conversion.json says."""
    return {
        "made_by": "train convert",
        "from": "/".join(request.checkpoint.resolve().parts[-2:]),
        "to": conversion.to,
        "adapter": ("apart" if conversion.apart else "merged") if conversion.lora is not None else None,
        "litgpt_name": conversion.config.name,
        "prompt_style": conversion.style.name if conversion.style is not None else None,
        "system": conversion.style.system if conversion.style is not None else None,
        "tied": conversion.tied,
        "checks": {name: _as_json(check) for name, check in checks.items()},
        "max_difference": _as_json(checks["as written"])["max_difference"],
        "same_top1": checks["as written"].same_top1,
        "problems": list(problems),
        "notes": conversion.notes,
    }


def _as_json(check: EquivalenceCheck) -> dict[str, Any]:
    """As JSON can say it: what is no number is null."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in asdict(check).items()
    }
