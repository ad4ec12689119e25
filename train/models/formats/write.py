"""Writing models: in Hugging Face's form, LitGPT's, and adapters in both; weights one shard or one tensor at a time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError
from train.models.checkpoint import TOKENIZER_FILES, Weights, read_json
from train.models.formats.adapters import Lora
from train.models.formats.equivalence import begins, ends_of, load_tokenizer, token_list
from train.models.formats.families import Family, as_litgpt
from train.models.formats.litgpt_adapters import litgpt_tensors
from train.models.formats.peft_adapters import peft_files

if TYPE_CHECKING:
    import torch

    from train.styles import Style

_EMBEDDINGS, _HEAD = "model.embed_tokens.weight", "lm_head.weight"


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write settings as indented JSON."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def is_tied(weights: Weights) -> bool:
    """Whether embeddings and head (by Hugging Face's names) are the same numbers."""
    import torch

    if _HEAD not in weights:
        return True
    first, second = weights[_EMBEDDINGS], weights[_HEAD]
    return first.shape == second.shape and (first.data_ptr() == second.data_ptr() or torch.equal(first, second))


def cast(tensor: torch.Tensor, dtype: torch.dtype | None) -> torch.Tensor:
    """A tensor in another floating-point type; integers stay."""
    return tensor if dtype is None or not tensor.is_floating_point() else tensor.to(dtype)


def write_shards(weights: Weights, out: Path, *, tied: bool, dtype: torch.dtype | None, shard: int) -> int:
    """model.safetensors, or its shards of `shard` bytes at most and their index; the bytes written.

    No more than one shard is in memory. A head that is tied to the embeddings is not written.
    """
    from safetensors.torch import save_file

    shards: list[list[str]] = []
    total = 0
    for tensors in _shards(weights, dtype, shard, skip={_HEAD} if tied else set()):
        total += sum(tensor.nbytes for tensor in tensors.values())
        save_file(tensors, out / f"shard-{len(shards)}", metadata={"format": "pt"})
        shards.append(list(tensors))
    if len(shards) == 1:
        (out / "shard-0").rename(out / "model.safetensors")
        return total
    files = [f"model-{number:05}-of-{len(shards):05}.safetensors" for number in range(1, len(shards) + 1)]
    for number, name in enumerate(files):
        (out / f"shard-{number}").rename(out / name)
    placed = {name: file for names, file in zip(shards, files, strict=True) for name in names}
    write_json(out / "model.safetensors.index.json", {"metadata": {"total_size": total}, "weight_map": placed})
    return total


def _shards(
    weights: Weights, dtype: torch.dtype | None, most: int, skip: set[str]
) -> Iterator[dict[str, torch.Tensor]]:
    batch: dict[str, torch.Tensor] = {}
    size = 0
    for name in weights:
        if name in skip:
            continue
        tensor = cast(weights[name], dtype).contiguous()
        if batch and size + tensor.nbytes > most:
            yield batch
            batch, size = {}, 0
        # A part of LitGPT's fused matrix shares its memory with the others, which safetensors refuses.
        batch[name] = tensor if _is_whole(tensor) else tensor.clone()
        size += tensor.nbytes
    yield batch


def _is_whole(tensor: torch.Tensor) -> bool:
    return tensor.untyped_storage().nbytes() == tensor.nbytes


def write_lit_model(weights: Weights, out: Path, config: Any, family: Family, *, dtype: torch.dtype | None) -> None:
    """lit_model.pth of weights by Hugging Face's names, one tensor in memory at a time.

    A head that is tied to the embeddings is written a second time: LitGPT 0.5.13 merges an adapter in place, and what
    it adds to the head it would add to embeddings that share its memory too.
    """
    from litgpt.utils import incremental_save

    by_name = as_litgpt(weights, config, family)
    stored: dict[str, Any] = {}
    with incremental_save(out / "lit_model.pth") as saver:
        for name in by_name:
            tensor = cast(by_name[name], dtype).contiguous()
            stored[name] = saver.store_early(tensor if _is_whole(tensor) else tensor.clone())
        saver.save(stored)


def write_peft(lora: Lora, out: Path, base: Path, dtype: torch.dtype | None) -> None:
    """Write an adapter as peft's two files."""
    from safetensors.torch import save_file

    tensors, settings = peft_files(lora, str(base))
    save_file(
        {name: cast(tensor, dtype) for name, tensor in tensors.items()},
        out / "adapter_model.safetensors", metadata={"format": "pt"},
    )  # fmt: skip
    write_json(out / "adapter_config.json", settings)


def write_lora(lora: Lora, out: Path, base: Path, config: Any, family: Family, dtype: torch.dtype | None) -> None:
    """lit_model.pth.lora and the settings that LitGPT reads beside it."""
    import torch
    import yaml

    tensors, settings = litgpt_tensors(lora, config, family)
    torch.save({"model": {name: cast(tensor, dtype) for name, tensor in tensors.items()}}, out / "lit_model.pth.lora")
    dtype_of_weights = next(iter(tensors.values())).dtype if dtype is None else dtype
    precision = {torch.bfloat16: "bf16-true", torch.float16: "16-true"}.get(dtype_of_weights, "32-true")
    settings = {name: value for name, value in settings.items() if name != "any"}
    hyperparameters = {"checkpoint_dir": str(base), "precision": precision, **settings}
    (out / "hyperparameters.yaml").write_text(yaml.safe_dump(hyperparameters, sort_keys=False), encoding="utf-8")


# What lies beside the weights


def copy_tokenizer(source: Path, out: Path) -> None:
    """The tokenizer's files; one without tokenizer.json gets it from transformers.

    Raises:
        TrainError: there is no tokenizer.
    """
    for name in TOKENIZER_FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, out / name)
    if not (out / "tokenizer.json").is_file() and not (out / "tokenizer.model").is_file():
        load_tokenizer(source).save_pretrained(out)
    path = out / "tokenizer_config.json"
    settings = read_json(path) if path.is_file() else {}
    # LitGPT reads this key whether it is there or not.
    settings.setdefault("tokenizer_class", "PreTrainedTokenizerFast")
    template = out / "chat_template.jinja"
    if template.is_file():
        # LitGPT leaves this file behind when it copies a tokenizer; the other it takes along.
        settings["chat_template"] = template.read_text(encoding="utf-8")
    write_json(path, settings)


def copy_style(source: Path, out: Path) -> None:
    """The prompt style of a folder, with the system prompt of its tuning; another library's as it is."""
    from litgpt.prompts import save_prompt_style

    from train.styles import style_of

    if style := style_of(source):
        save_prompt_style(style, out)
    elif (source / "prompt_style.yaml").is_file():
        shutil.copyfile(source / "prompt_style.yaml", out / "prompt_style.yaml")


def set_template(out: Path, style: Style) -> None:
    """The chat template of the prompt style, where old and new libraries look for it; a model's own stays as it is."""
    from train.data.encode import tokenizer_of

    if style.is_in(out):
        return
    template = style.template(begins(style, tokenizer_of(out)))
    settings = read_json(out / "tokenizer_config.json") | {"chat_template": template}
    write_json(out / "tokenizer_config.json", settings)
    (out / "chat_template.jinja").write_text(template, encoding="utf-8")


def read_generation(folder: Path) -> dict[str, Any]:
    """generation_config.json, {} without; some that were published are no quite right JSON, which LitGPT repairs."""
    path = folder / "generation_config.json"
    if not path.is_file():
        return {}
    try:
        return read_json(path)
    except TrainError:
        from litgpt.utils import fix_and_load_json

        return dict(fix_and_load_json(path.read_text(encoding="utf-8")))


def write_generation(source: Path, out: Path, style: Style | None) -> None:
    """generation_config.json: the source's, with every token at which an answer may end."""
    tokenizer = load_tokenizer(out)
    settings = read_generation(source)
    ends = list(dict.fromkeys([*token_list(settings.get("eos_token_id")), *ends_of(tokenizer, style).values()]))
    ends = [number for number in ends if number < len(tokenizer)]
    if ends:
        settings["eos_token_id"] = ends if len(ends) > 1 else ends[0]
    for role in ("bos", "pad"):
        number = getattr(tokenizer, f"{role}_token_id")
        if number is not None:
            settings.setdefault(f"{role}_token_id", number)
    write_json(out / "generation_config.json", settings)


def recognised(folder: Path) -> Style | None:
    """The prompt style whose text the folder's chat template renders; None where it is no known one."""
    from train.data.encode import tokenizer_of
    from train.models.formats.equivalence import check_template
    from train.styles import STYLES

    if not _has_template(folder):
        return None
    try:
        tokenizer = load_tokenizer(folder)
    except TrainError:
        return None
    if not tokenizer.chat_template:
        return None
    tokenizer_of(folder)
    for style in (kind() for kind in STYLES.values()):
        try:
            if not list(check_template(tokenizer, folder, style)):
                return style
        except Exception:  # noqa: BLE001 - Templates may refuse a chat, such as one with a system prompt.
            continue
    return None


def _has_template(folder: Path) -> bool:
    """Whether a file says how chats are written: loading a large tokenizer to ask it takes seconds."""
    path = folder / "tokenizer_config.json"
    settings = read_json(path) if path.is_file() else {}
    return bool(settings.get("chat_template")) or any(
        (folder / name).exists() for name in ("chat_template.jinja", "chat_template.json", "additional_chat_templates")
    )
