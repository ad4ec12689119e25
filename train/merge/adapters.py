"""An adapter merged into its base as a whole folder: weights, tokenizer, chat template, generation settings.

LitGPT's own merge writes beside the adapter, takes a torn file for a finished one and adds in the adapter's dtype;
peft's merge of a head that shares its weights with the embedding changes both. Here neither happens.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from train.merge.inspect import chat_template_of
from train.merge.silence import silence_warnings
from train.models.checkpoint import TOKENIZER_FILES, read_json
from train.models.formats.write import copy_style

#: What describes a model beside its weights and its tokenizer.
STYLE_FILES = ("prompt_style.yaml", "prompt_style.json")
MODEL_FILES = ("config.json", "generation_config.json", "model_config.yaml", *STYLE_FILES)


def merge_litgpt(adapter: Path, base: Path, out: Path, dtype: str | None = None) -> None:
    """A LitGPT folder `out` (which exists and is empty) of the adapter in `adapter` and the model in `base`.

    Memory: the layers that the adapter changes, and one in 32 bits.

    Raises:
        TrainError: the adapter does not fit the base, or a file cannot be read or written.
    """
    import torch

    from train.models.formats.litgpt_adapters import merged_litgpt

    weights = merged_litgpt(adapter, base, exact=dtype is not None)
    target = getattr(torch, dtype) if dtype else None
    torch.save({name: weights[name].to(target or weights[name].dtype) for name in weights}, out / "lit_model.pth")
    copy_files(adapter, base, out, (*MODEL_FILES, *TOKENIZER_FILES))


def merge_peft(adapter: Path, base: Path, out: Path, dtype: str, compute_dtype: str, shard: int) -> None:
    """A Hugging Face folder `out` of a PEFT adapter (LoRA, DoRA, …) and its base, in full precision whatever the
    adapter was trained on.

    Memory: the base in `compute_dtype`.

    Raises:
        TrainError: the base is stored quantised, the adapter does not fit, or the sum is not finite.
    """
    import torch

    from train.models.formats.peft_adapters import load_base, merge_adapter

    with silence_warnings():
        model = merge_adapter(load_base(base, compute_dtype), adapter, base).to(getattr(torch, dtype))
        model.config.dtype = getattr(torch, dtype)
        model.save_pretrained(out, max_shard_size=shard)
    # The adapter's folder says how it was tuned, the base's what it is.
    copy_files(adapter, base, out, ("generation_config.json", *STYLE_FILES, *TOKENIZER_FILES))
    settle_chat(out)


def copy_files(first: Path, second: Path, out: Path, names: tuple[str, ...]) -> None:
    """The named files of the first folder, or of the second where the first lacks them.

    A tokenizer is taken whole from one of them: half of each would be neither.
    """
    tokenizers = [
        folder for folder in (first, second) if any((folder / name).is_file() for name in TOKENIZER_FILES[:2])
    ]
    for name in names:
        folders = tokenizers[:1] if name in TOKENIZER_FILES else [first, second]
        path = next((folder / name for folder in folders if (folder / name).is_file()), None)
        if path is not None and name == "prompt_style.yaml":
            copy_style(path.parent, out)
        elif path is not None:
            shutil.copyfile(path, out / name)


def settle_chat(out: Path) -> None:
    """A merged folder's chat template said once, and its generation settings with every token that ends an answer.

    PEFT's folder has the template of its tuning as chat_template.jinja beside a tokenizer_config.json of the base, and
    the base's generation settings, which know no end of turn.
    """
    from train.models.formats.write import set_template, write_generation, write_json
    from train.styles import style_of

    if not (out / "tokenizer_config.json").is_file() or not any((out / name).is_file() for name in TOKENIZER_FILES[:2]):
        return
    style, template = style_of(out), chat_template_of(out)
    if template is None and style is not None:
        set_template(out, style)
    settings = read_json(out / "tokenizer_config.json")
    if template is not None and settings.get("chat_template", template) != template:
        write_json(out / "tokenizer_config.json", settings | {"chat_template": template})
    write_generation(out, out, style)
