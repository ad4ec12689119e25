"""A LoRA merged into its base: W + scaling * B A, added in 32 bits layer by layer, rounded once to the wanted dtype.

LitGPT's own merge writes beside the adapter, takes a torn file for a finished one and adds in the adapter's dtype;
peft's merge of a head that shares its weights with the embedding changes both. Here neither happens.
"""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError, one_line
from train.merge.inspect import chat_template_of
from train.models.checkpoint import TOKENIZER_FILES, litgpt_config, read_json, read_pickle, read_yaml

if TYPE_CHECKING:
    import torch

#: What describes a model beside its weights and its tokenizer.
STYLE_FILES = ("prompt_style.yaml", "prompt_style.json")
MODEL_FILES = ("config.json", "generation_config.json", "model_config.yaml", *STYLE_FILES)
_HEADS = ("lm_head", "embed_out", "embed_tokens", "word_embeddings", "wte")


def merge_litgpt(adapter: Path, base: Path, out: Path, dtype: str | None = None) -> None:
    """A LitGPT folder `out` (which exists and is empty) of the adapter in `adapter` and the model in `base`.

    Memory: the base's bytes and one layer in 32 bits.

    Raises:
        TrainError: the adapter does not fit the base, or a file cannot be read or written.
    """
    import torch

    model = litgpt_with_adapter(adapter, base)
    _add(model, getattr(torch, dtype) if dtype else None)
    weights = _whole(model)
    if dtype:
        weights = {name: weight.to(getattr(torch, dtype)) for name, weight in weights.items()}
    torch.save(weights, out / "lit_model.pth")
    copy_files(adapter, base, out, (*MODEL_FILES, *TOKENIZER_FILES))


def litgpt_with_adapter(adapter: Path, base: Path) -> Any:
    """LitGPT's model with the adapter beside each layer, not merged, in the dtypes of the files.

    Raises:
        TrainError: the adapter is of another shape or another base.
    """
    import torch
    from litgpt.lora import GPT, Config

    ranks = {
        key: value for key, value in read_yaml(adapter / "hyperparameters.yaml").items() if key.startswith("lora_")
    }
    litgpt_config(adapter)
    config = Config(**read_yaml(adapter / "model_config.yaml"), **ranks)
    weights, lora = read_pickle(base / "lit_model.pth"), read_pickle(adapter / "lit_model.pth.lora")
    with torch.device("meta"):
        model = GPT(config)
    try:
        model.load_state_dict({**weights, **lora}, assign=True)
    except RuntimeError as error:
        line = one_line(error)
        raise TrainError(f"the adapter {adapter} does not fit the base {base}: {line}") from error
    return model


def _add(model: Any, dtype: torch.dtype | None) -> None:
    """Each layer's LoRA added to its weights, in 32 bits."""
    from litgpt.lora import LoRALinear

    for layer in model.modules():
        if isinstance(layer, LoRALinear) and layer.r > 0 and hasattr(layer, "lora_A"):
            weight = layer.linear.weight.data
            layer.lora_A.data, layer.lora_B.data = layer.lora_A.data.float(), layer.lora_B.data.float()
            layer.linear.weight.data = (weight.float() + layer.get_lora_AB()).to(dtype or weight.dtype)


def _whole(model: Any) -> dict[str, torch.Tensor]:
    from litgpt.lora import lora_filter

    state = model.state_dict()
    return {name.replace("linear.", ""): weight for name, weight in state.items() if not lora_filter(name, weight)}


def merge_peft(adapter: Path, base: Path, out: Path, dtype: str, compute_dtype: str, shard: int) -> None:
    """A Hugging Face folder `out` of a PEFT adapter (LoRA, DoRA, …) and its base, in full precision whatever the
    adapter was trained on.

    Memory: the base in `compute_dtype`.

    Raises:
        TrainError: the base is stored quantised, the adapter does not fit, or the sum is not finite.
    """
    import torch

    with calm():
        try:
            model = peft_with_adapter(adapter, base, compute_dtype).merge_and_unload(safe_merge=True)
        except ValueError as error:
            raise TrainError(f"{adapter} cannot be merged into {base}: {' '.join(str(error).split())[:200]}") from error
        model = model.to(getattr(torch, dtype))
        model.config.dtype = getattr(torch, dtype)
        model.save_pretrained(out, max_shard_size=shard)
    # The adapter's folder says how it was tuned, the base's what it is.
    copy_files(adapter, base, out, ("generation_config.json", *STYLE_FILES, *TOKENIZER_FILES))
    settle_chat(out)


def peft_with_adapter(adapter: Path, base: Path, dtype: str) -> Any:
    """transformers' model of the base with the adapter beside its layers, not merged.

    Raises:
        TrainError: the base is stored quantised, or the adapter does not fit it.
    """
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    if read_json(base / "config.json").get("quantization_config"):
        raise TrainError(f"{base} is stored quantised: give the base in full precision, which the adapter merges into")
    with calm():
        model = AutoModelForCausalLM.from_pretrained(base, dtype=getattr(torch, dtype), local_files_only=True)
        if _touches_tied(adapter, model):
            untie(model)
        try:
            return PeftModel.from_pretrained(model, str(adapter), is_trainable=False).eval()
        except (ValueError, RuntimeError, KeyError, OSError) as error:
            line = one_line(error)
            raise TrainError(f"the adapter {adapter} does not fit the base {base}: {line}") from error


def _touches_tied(adapter: Path, model: Any) -> bool:
    """Whether head and embedding share their weights and the adapter changes one of them alone."""
    settings = read_json(adapter / "adapter_config.json")
    targets = settings.get("target_modules") or ()
    named = [targets] if isinstance(targets, str) else [*targets, *(settings.get("modules_to_save") or ())]
    touched = any(name.split(".")[-1] in _HEADS for name in named)
    if isinstance(targets, str):
        touched = any(re.fullmatch(targets, name) for name, _ in model.named_modules() if name.endswith(_HEADS))
    head, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    tied = head is not None and head.weight is embedding.weight
    return touched and tied and not settings.get("ensure_weight_tying")


def untie(model: Any) -> None:
    """The head gets weights of its own, equal to the embedding's, and the configuration says so."""
    import torch

    head = model.get_output_embeddings()
    head.weight = torch.nn.Parameter(model.get_input_embeddings().weight.detach().clone(), requires_grad=False)
    model.config.tie_word_embeddings = False
    model.config.get_text_config().tie_word_embeddings = False


def copy_files(first: Path, second: Path, out: Path, names: tuple[str, ...]) -> None:
    """The named files of the first folder, or of the second where the first lacks them.

    A tokenizer is taken whole from one of them: half of each would be neither.
    """
    tokenizers = [
        folder for folder in (first, second) if any((folder / name).is_file() for name in TOKENIZER_FILES[:2])
    ]
    for name in names:
        places = tokenizers[:1] if name in TOKENIZER_FILES else [first, second]
        found = next((folder / name for folder in places if (folder / name).is_file()), None)
        if found is not None:
            shutil.copyfile(found, out / name)


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
    said = read_json(out / "tokenizer_config.json")
    if template is not None and said.get("chat_template", template) != template:
        write_json(out / "tokenizer_config.json", said | {"chat_template": template})
    write_generation(out, out, style)


@contextmanager
def calm() -> Iterator[list[str]]:
    """No bars and no log lines of libraries on the terminal; warnings are gathered in the list."""
    from transformers.utils import logging as chatter

    gathered = _Gathering()
    root, before = logging.getLogger(), logging.getLogger().handlers[:]
    level, bars = chatter.get_verbosity(), chatter.is_progress_bar_enabled()
    chatter.set_verbosity_error()
    chatter.disable_progress_bar()
    root.handlers[:] = [gathered]
    try:
        yield gathered.lines
    finally:
        root.handlers[:] = before
        chatter.set_verbosity(level)
        if bars:
            chatter.enable_progress_bar()


class _Gathering(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = " ".join(record.getMessage().split())
        # mergekit writes to the root logger as well as to its own.
        if record.name.startswith(("mergekit", "root")) and line not in self.lines:
            self.lines.append(line)
