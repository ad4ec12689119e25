"""A conversion between LitGPT's and Hugging Face's form: everything that can be refused before a byte is written."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError

if TYPE_CHECKING:
    import torch

    from train.models.checkpoint import Weights
    from train.models.formats.adapters import Lora
    from train.models.formats.families import Family
    from train.styles import Style

#: The record of a conversion, by which `train convert` knows the folders that it wrote.
RECORD = "conversion.json"
DTYPES = ("float32", "bfloat16", "float16")


@dataclass(frozen=True)
class ConversionRequest:
    """What is asked for.

    checkpoint: folder of a model or an adapter. to: huggingface or litgpt. adapter: merged or apart. base: of an
    adapter, where its settings name another or none. dtype: of the weights; None: as they are. style: prompt style;
    None: the one that the folder names. name: LitGPT's for the model; None: found by its sizes.
    """

    checkpoint: Path
    to: str
    adapter: str = "merged"
    base: Path | None = None
    dtype: str | None = None
    style: str | None = None
    name: str | None = None


@dataclass
class Conversion:
    """What is to be written, and from what.

    weights: by Hugging Face's names, an adapter merged already unless it is `apart`. exact: the same, not rounded.
    source_config: the config.json beside the source's weights, empty without. rounded: bfloat16 or float16 where
    writing rounds. notes: what a person should know.
    """

    source: Path
    to: str
    apart: bool
    config: Any
    family: Family
    weights: Weights
    exact: Weights
    lora: Lora | None
    base: Path | None
    style: Style | None
    source_config: dict[str, Any]
    dtype: torch.dtype | None
    rounded: str
    tied: bool
    notes: list[str] = field(default_factory=list)


def source_kind(folder: Path, to: str, adapter: str, *, based: bool) -> str:
    """As what the folder is read: one of the four kinds. based: the adapter is to be put on a base that the user names.

    Raises:
        TrainError: it holds nothing of the kind, or is in the wanted form already.
    """
    from train.models.checkpoint import check, kind

    form = kind(folder)
    if to == "gguf":
        return _read_for_gguf(folder, form, adapter, based=based)
    if to == "huggingface":
        if (adapter == "apart" or based) and form == "litgpt" and (folder / "lit_model.pth.lora").is_file():
            form = "litgpt-adapter"
        if form == "litgpt" and adapter == "apart":
            raise TrainError(f"{folder} holds no adapter (no lit_model.pth.lora): leave --adapter apart out")
        if form in ("huggingface", "peft"):
            hint = ": `train merge` merges it" if form == "peft" else ""
            raise TrainError(f"{folder} is in Hugging Face's form already{hint}")
        check(folder, form)
        return form
    if form == "litgpt" and any(folder.glob("model*.safetensors")):
        # `litgpt download` leaves both.
        form = "huggingface"
        check(folder, form)
    if form.startswith("litgpt"):
        raise TrainError(f"{folder} is in LitGPT's form already")
    if form == "huggingface" and adapter == "apart":
        raise TrainError(f"{folder} holds no adapter (no adapter_config.json): leave --adapter apart out")
    return form


def _read_for_gguf(folder: Path, form: str, adapter: str, *, based: bool) -> str:
    """Every form is read for GGUF, and an adapter merged."""
    from train.models.checkpoint import check

    if adapter == "apart":
        raise TrainError("GGUF: an adapter alone is not written: leave --adapter apart out, and it is merged")
    if form == "litgpt" and any(folder.glob("model*.safetensors")):
        form = "huggingface"
    if based and form == "litgpt" and (folder / "lit_model.pth.lora").is_file():
        form = "litgpt-adapter"
    check(folder, form)
    return form


def prepare(request: ConversionRequest) -> Conversion:
    """Everything that can be known and refused before the first byte is written."""
    import torch

    from train.models.checkpoint import base_folder
    from train.models.formats.adapters import merged
    from train.models.formats.families import check_names, family_of

    form = source_kind(request.checkpoint, request.to, request.adapter, based=request.base is not None)
    base = base_folder(request.checkpoint, request.base) if form in ("litgpt-adapter", "peft") else None
    whole = base or request.checkpoint
    config = _config(request, form, whole)
    family = family_of(config)
    weights = _hub_weights(whole, config, family)
    check_names(weights, expected_shapes(weights, config, family), whole)
    lora = _adapter(request.checkpoint, form, config, family)
    apart, exact = request.adapter == "apart", weights
    if lora is not None:
        # Merging is what says whether the adapter fits its base, so it is asked for either way.
        sums = [merged(weights, lora, whole, exact=exactly) for exactly in (False, True)]
        weights, exact = (weights, weights) if apart else sums
    source_config = _config_beside(request.checkpoint, whole)
    dtype = getattr(torch, request.dtype) if request.dtype else None
    style, notes = _style(request)
    conversion = Conversion(
        request.checkpoint, request.to, apart, config, family, weights, exact, lora, base, style, source_config, dtype,
        "" if apart else _rounding(weights, lora, dtype), False, notes,
    )  # fmt: skip
    _settle_head(conversion)
    return conversion


def _config(request: ConversionRequest, form: str, whole: Path) -> Any:
    """litgpt.Config of the model, and that an adapter of LitGPT's was made on a model of the same."""
    from train.models.checkpoint import huggingface_config, kind, litgpt_config
    from train.models.formats.equivalence import load_tokenizer
    from train.models.formats.families import litgpt_name, to_litgpt

    if form.startswith("litgpt"):
        config = litgpt_config(request.checkpoint)
        if whole != request.checkpoint and kind(whole) == "litgpt":
            _check_same(config, litgpt_config(whole), whole)
        return config
    if kind(whole) == "litgpt":
        return litgpt_config(whole)
    hub = huggingface_config(whole)
    record = _read_record(request.checkpoint) or _read_record(whole)
    name = request.name or record.get("litgpt_name") or litgpt_name(hub, request.checkpoint.resolve().name)
    return to_litgpt(hub, name, len(load_tokenizer(whole)))


def _check_same(config: Any, base: Any, where: Path) -> None:
    ours, theirs = asdict(config), asdict(base)
    for name in ours:
        if name not in ("name", "hf_config", "block_size") and ours[name] != theirs[name]:
            raise TrainError(
                f"{where} has {name} {theirs[name]}, the adapter was made on a model with {ours[name]}: "
                "this is not its base model (give --base FOLDER)"
            )


def _read_record(folder: Path) -> dict[str, Any]:
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _hub_weights(whole: Path, config: Any, family: Family) -> Weights:
    """The whole model's weights by Hugging Face's names; LitGPT's are checked by LitGPT's."""
    from train.models.checkpoint import huggingface_weights, kind, read_json, read_pickle
    from train.models.formats.families import as_huggingface, check_names, shapes, text_part

    if kind(whole) == "litgpt":
        tensors = read_pickle(whole / "lit_model.pth")
        if any("lora_" in name for name in tensors):
            raise TrainError(
                f"{whole / 'lit_model.pth'} holds an adapter among its weights: merge it with `train merge`"
            )
        check_names(tensors, shapes(config), whole / "lit_model.pth")
        return as_huggingface(tensors, config, family)
    if read_json(whole / "config.json").get("quantization_config"):
        raise TrainError(f"{whole} is quantised: convert the model that it was made from")
    return text_part(huggingface_weights(whole))


def expected_shapes(weights: Weights, config: Any, family: Family) -> dict[str, tuple[int, ...]]:
    """Shapes by Hugging Face's names; a head may be missing where it is tied."""
    from train.models.formats.families import pairs, qkv_sizes, shapes

    lit, sizes = shapes(config), qkv_sizes(config)
    expected: dict[str, tuple[int, ...]] = {}
    for name, names in pairs(config, family):
        rows = sizes if len(names) > 1 else (lit[name][0],)
        expected |= {hub_name: (count, *lit[name][1:]) for hub_name, count in zip(names, rows, strict=True)}
    if "lm_head.weight" not in weights:
        del expected["lm_head.weight"]
    return expected


def _adapter(folder: Path, form: str, config: Any, family: Family) -> Lora | None:
    from train.models.formats.litgpt_adapters import read_litgpt
    from train.models.formats.peft_adapters import read_peft

    if form == "litgpt-adapter":
        return read_litgpt(folder, config, family)
    return read_peft(folder) if form == "peft" else None


def _config_beside(folder: Path, whole: Path) -> dict[str, Any]:
    from train.models.checkpoint import read_json

    path = next((path for part in (folder, whole) if (path := part / "config.json").is_file()), None)
    return read_json(path) if path else {}


def _own_style(request: ConversionRequest) -> tuple[Style | None, list[str]]:
    """That of the model's own template, since LitGPT would ask it in the style that it knows for models of its name."""
    from train.models.prompting import has_template
    from train.styles import style_named

    problem = "it has no chat template"
    if has_template(request.checkpoint):
        try:
            return style_named("own").of_model(request.checkpoint), []
        except TrainError as error:
            problem = str(error)
    outcome = "LitGPT will go by the model's name" if request.to == "litgpt" else "the Modelfile has none either"
    return None, [f"{problem}: {outcome}"]


def _style(request: ConversionRequest) -> tuple[Style | None, list[str]]:
    """The prompt style of the model, and what to say where it is not known."""
    from train.models.formats.write import recognised
    from train.styles import style_named, style_of, system_of

    if request.style:
        named = style_named(request.style).of_model(request.checkpoint)
        return named.with_system(system_of(request.checkpoint)), []
    style = style_of(request.checkpoint)
    if style is None and request.to != "huggingface":
        style = recognised(request.checkpoint)
    if style is not None:
        return style, []
    if request.to != "huggingface":
        return _own_style(request)
    return None, [
        "the prompt style it was tuned with is not known: the chat template stays as it was (--style sets it)"
    ]


def _rounding(weights: Weights, lora: Lora | None, dtype: torch.dtype | None) -> str:
    """bfloat16 or float16 where what is written is rounded to it; "" where nothing is lost."""
    stored = weights["model.embed_tokens.weight"].dtype
    target = dtype or stored
    name = str(target).removeprefix("torch.")
    if name not in DTYPES:
        raise TrainError(f"the weights are of type {name}: {', '.join(DTYPES)} are converted (--dtype)")
    lossy = target != stored or lora is not None
    return name if lossy and name != "float32" else ""


def _settle_head(conversion: Conversion) -> None:
    """Whether embeddings and head are written as one."""
    from train.models.formats.write import is_tied

    if conversion.apart:
        return
    same = is_tied(conversion.weights)
    text = conversion.source_config.get("text_config", {}) | conversion.source_config
    declared = bool(text.get("tie_word_embeddings", conversion.family.is_gemma or same))
    conversion.tied = same and declared
    if declared and not same:
        conversion.notes.append("embeddings and head differ after tuning: they are written as two, no longer tied")
