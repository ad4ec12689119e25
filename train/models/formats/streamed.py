"""Any of the four kinds of model folders, computed in float32 with one block of the model in memory at a time.

The classes are LitGPT's and transformers' (and peft's) own; only where their weights come from is different: a block's
are read from disk just before it computes and let go of after. A model of 1.2 billion parameters took 1.9 GB so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError
from train.models.checkpoint import (
    Weights,
    base_folder,
    huggingface_config,
    huggingface_weights,
    kind,
    litgpt_config,
    read_pickle,
)
from train.models.formats.adapters import check_fits
from train.models.formats.families import (
    Family,
    as_huggingface,
    as_litgpt,
    check_names,
    family_of,
    shapes,
    text_part,
)
from train.models.formats.litgpt_adapters import lora_settings, read_litgpt
from train.models.formats.peft_adapters import read_peft
from train.models.quick_imports import import_libraries

if TYPE_CHECKING:
    import torch

#: (rows, columns) of a batch: where logits are wanted.
Places = tuple["torch.Tensor", "torch.Tensor"]


class Streamed:
    """A model whose weights come when they are needed.

    vocabulary: rows of its head. longest: tokens. window: of its local attention, None without.
    """

    def __init__(
        self, model: Any, units: Sequence[tuple[str, Any]], head: Any, weight_of: Callable[[str], torch.Tensor],
        *, vocabulary: int, longest: int, window: int | None,
    ) -> None:  # fmt: skip
        self.model, self.vocabulary, self.longest, self.window = model.eval(), vocabulary, longest, window
        self._head = head
        for name, unit in units:
            _stream(name, unit, weight_of)

    def logits(self, ids: torch.Tensor, places: Places) -> torch.Tensor:
        """float32 [places, vocabulary] of a batch [rows, columns], filled up on its right with any token."""
        import torch

        with torch.no_grad(), _only(self._head, places):
            out = self._run(ids)
        return out.reshape(-1, out.shape[-1])[:, : self.vocabulary].float()

    def _run(self, ids: torch.Tensor) -> torch.Tensor:
        if hasattr(self.model, "max_seq_length"):
            # LitGPT's tables of positions: no longer than needed, and not on the meta device.
            self.model._max_seq_length = ids.shape[1]  # noqa: SLF001  the public setter makes the tables on its device
            self.model.cos, self.model.sin = self.model.rope_cache()
            out: torch.Tensor = self.model(ids)
            return out
        logits: torch.Tensor = self.model(input_ids=ids, use_cache=False).logits
        return logits


@contextmanager
def _only(head: Any, places: Places) -> Iterator[None]:
    """The head computes at these places alone: a whole batch times the vocabulary is more than memory holds."""
    hook = head.register_forward_pre_hook(lambda _, inputs: (inputs[0][places][None],))
    try:
        yield
    finally:
        hook.remove()


def _stream(name: str, unit: Any, weight_of: Callable[[str], torch.Tensor]) -> None:
    """The unit's weights, on the meta device so far, come before it computes and go after."""
    import torch

    owned = [
        (module, leaf, f"{name}.{path}.{leaf}" if path else f"{name}.{leaf}")
        for path, module in unit.named_modules()
        for leaf, weight in module.named_parameters(recurse=False)
        if weight.is_meta
    ]
    # The module's own dictionary: setattr would check and register each weight again at every unit.
    empty = {full: module._parameters[leaf] for module, leaf, full in owned}  # noqa: SLF001

    def load(*_: object) -> None:
        for module, leaf, full in owned:
            weight = weight_of(full)
            if weight.shape != empty[full].shape:
                shapes = f"{tuple(weight.shape)} where the configuration says {tuple(empty[full].shape)}"
                raise TrainError(f"{full} is {shapes}: weights and configuration are of different models")
            module._parameters[leaf] = torch.nn.Parameter(weight.float(), requires_grad=False)  # noqa: SLF001

    def free(*_: object) -> None:
        for module, leaf, full in owned:
            module._parameters[leaf] = empty[full]  # noqa: SLF001

    unit.register_forward_pre_hook(load)
    unit.register_forward_hook(free)


def open_model(folder: Path, base: Path | None = None) -> Streamed:
    """The model of a folder of any kind; an adapter computes on its base, unmerged.

    base: of an adapter, where its settings name none or another; in either form.

    Raises:
        TrainError: weights are missing, torn, or do not go with the configuration or the base.
    """
    name = kind(folder)
    if name in ("litgpt", "huggingface"):
        return _litgpt(folder) if name == "litgpt" else _huggingface(folder)
    under = base_folder(folder, base)
    return _litgpt_adapter(folder, under) if name == "litgpt-adapter" else _peft(folder, under)


def open_adapter(folder: Path, base: Path | None = None) -> Streamed:
    """As `open_model`; of a folder of LitGPT's that holds the merged model too, the adapter on its base."""
    return _litgpt_adapter(folder, base_folder(folder, base))


def _litgpt(folder: Path) -> Streamed:
    from litgpt import GPT

    config = litgpt_config(folder)
    weights = read_pickle(folder / "lit_model.pth")
    check_names(weights, shapes(config), folder / "lit_model.pth")
    return _streamed_gpt(GPT, config, weights)


def _litgpt_adapter(folder: Path, base: Path) -> Streamed:
    from litgpt.lora import GPT, Config

    config = litgpt_config(folder)
    settings = {name: value for name, value in lora_settings(folder).items() if name != "lora_dropout"}
    adapted = Config(**{name: getattr(config, name) for name in config.__dataclass_fields__} | settings)
    tensors = read_pickle(folder / "lit_model.pth.lora")
    family = family_of(config)
    lora = read_litgpt(folder, config, family)
    weights = litgpt_weights(base, config)
    check_fits(as_huggingface(weights, config, family), lora, base)
    return _streamed_gpt(GPT, adapted, _Either(tensors, weights), adapter=True)


def litgpt_weights(folder: Path, config: Any) -> Weights:
    """The weights of a whole model in either form by LitGPT's names."""
    if kind(folder) == "litgpt":
        return read_pickle(folder / "lit_model.pth")
    if kind(folder) != "huggingface":
        raise TrainError(f"{folder} is no whole model but an adapter: merge it first (`train merge`)")
    return as_litgpt(text_part(huggingface_weights(folder)), config, family_of(config))


class _Either(Mapping[str, "torch.Tensor"]):
    """An adapter's tensors, else its base's."""

    def __init__(self, adapter: Weights, base: Weights) -> None:
        self._adapter, self._base = adapter, base

    def __getitem__(self, name: str) -> torch.Tensor:
        return self._adapter[name] if name in self._adapter else self._base[name]

    def __iter__(self) -> Iterator[str]:
        return iter([*self._adapter, *self._base])

    def __len__(self) -> int:
        return len(self._adapter) + len(self._base)


def _streamed_gpt(kind_of_model: Any, config: Any, weights: Weights, *, adapter: bool = False) -> Streamed:
    import torch

    with torch.device("meta"):
        model = kind_of_model(config)

    def weight_of(name: str) -> torch.Tensor:
        # LoRA's layers hold the base's weights one level deeper.
        return weights[name.replace(".linear.", ".") if adapter else name]

    units = [("transformer.wte", model.transformer.wte), ("transformer.ln_f", model.transformer.ln_f)]
    units += [(f"transformer.h.{number}", block) for number, block in enumerate(model.transformer.h)]
    return Streamed(
        model, [*units, ("lm_head", model.lm_head)], model.lm_head, weight_of,
        vocabulary=config.padded_vocab_size, longest=config.block_size, window=config.sliding_window_size,
    )  # fmt: skip


def _huggingface(folder: Path) -> Streamed:
    config = huggingface_config(folder)
    return _streamed_hub(*_skeleton(config), config, text_part(huggingface_weights(folder)), folder)


def _skeleton(config: Any) -> tuple[Any, Any]:
    """(model, model): transformers' class without weights; its tables of positions are real."""
    import torch
    from accelerate import init_empty_weights

    import_libraries()
    from transformers import AutoModelForCausalLM

    with init_empty_weights(include_buffers=False):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation="eager")
    return model, model


def _streamed_hub(model: Any, runs: Any, config: Any, weights: Weights, where: Path) -> Streamed:
    """model: as transformers made it, layers perhaps wrapped by an adapter; runs: what computes, adapter and all."""
    tied = bool(config.tie_word_embeddings)
    prefix = f"{model.base_model_prefix}."
    embeddings = next(name for name, module in model.named_modules() if module is model.get_input_embeddings())

    def weight_of(name: str) -> torch.Tensor:
        name = name.replace(".base_layer.", ".")
        if name == "lm_head.weight" and name not in weights and tied:
            name = f"{embeddings}.weight"
        # Some were published without the head's model around them, such as BLOOM.
        for candidate in (name, name.removeprefix(prefix)):
            if candidate in weights:
                return weights[candidate]
        raise TrainError(f"{where} lacks {name}")

    types = getattr(config, "layer_types", None) or []
    return Streamed(
        runs, list(_units(model, config.num_hidden_layers)), model.get_output_embeddings(), weight_of,
        vocabulary=config.vocab_size, longest=getattr(config, "max_position_embeddings", None) or 2048,
        window=config.sliding_window if "sliding_attention" in types else None,
    )  # fmt: skip


def _units(model: Any, layers: int) -> Iterator[tuple[str, Any]]:
    """The parts of transformers' model that compute one after the other: its layers, and what lies around them."""
    from torch.nn import ModuleList

    stack = next(module for module in model.modules() if isinstance(module, ModuleList) and len(module) == layers)

    def walk(prefix: str, module: Any) -> Iterator[tuple[str, Any]]:
        for name, child in module.named_children():
            if child is stack:
                yield from ((f"{prefix}{name}.{number}", layer) for number, layer in enumerate(child))
            elif any(inner is stack for inner in child.modules()):
                yield from walk(f"{prefix}{name}.", child)
            else:
                yield f"{prefix}{name}", child

    return walk("", model)


def _peft(folder: Path, base: Path) -> Streamed:
    import warnings

    import_libraries()
    from peft import PeftConfig, PeftModel

    config, weights = hub_base(base)
    check_fits(weights, read_peft(folder), base)
    model, _ = _skeleton(config)
    with warnings.catch_warnings():
        # That embeddings are tied to an adapted head is known, and computed as it should be: the base's stay.
        warnings.simplefilter("ignore")
        runs = PeftModel(model, PeftConfig.from_pretrained(str(folder)), low_cpu_mem_usage=True)
    return _streamed_hub(model, runs, config, _Either(_by_peft_names(folder), weights), base)


def _by_peft_names(folder: Path) -> dict[str, torch.Tensor]:
    """The adapter's tensors by the names that peft's layers give them."""
    tensors = huggingface_weights(folder, "adapter_model")
    by_name = {}
    for name in tensors:
        layer, _, leaf = name.removeprefix("base_model.model.").removesuffix(".weight").rpartition(".")
        by_name[f"{layer}.{leaf}.default.weight"] = tensors[name]
    return by_name


def from_weights(weights: Weights, folder: Path, config: Any, family: Family, *, to: str) -> Streamed:
    """A model of these weights (by Hugging Face's names), computed by the library of that form.

    folder: whose config.json is gone by, in Hugging Face's form. config: litgpt.Config.
    """
    from litgpt import GPT

    if to == "litgpt":
        return _streamed_gpt(GPT, config, as_litgpt(weights, config, family))
    hub_config = huggingface_config(folder)
    return _streamed_hub(*_skeleton(hub_config), hub_config, weights, folder)


def hub_base(folder: Path) -> tuple[Any, Weights]:
    """(transformers' configuration, weights by Hugging Face's names) of a whole model in either form."""
    from train.models.formats.families import to_huggingface

    if kind(folder) == "huggingface":
        return huggingface_config(folder), text_part(huggingface_weights(folder))
    if kind(folder) != "litgpt":
        raise TrainError(f"{folder} is no whole model but an adapter: merge it first (`train merge`)")
    from transformers import AutoConfig

    config = litgpt_config(folder)
    family = family_of(config)
    settings = to_huggingface(config, family, {}, tied=False, dtype="float32")
    weights = as_huggingface(read_pickle(folder / "lit_model.pth"), config, family)
    return AutoConfig.for_model(**{**settings, "model_type": family.model_type}), weights
