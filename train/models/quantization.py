"""Quantised weights, by bitsandbytes: the names of its formats, its layers in LitGPT's models, a fault put right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from train.errors import TrainError

if TYPE_CHECKING:
    import torch

#: Weights that share a scale; on a CPU, rows must be made of whole blocks.
BLOCK = 64


def quantized_format(name: str | None) -> str | None:
    """The short name: "nf4" of "bnb.nf4", and its kin.

    Raises:
        TrainError: bitsandbytes has no such format.
    """
    short = (name or "").removeprefix("bnb.")
    if short and short not in ("nf4", "nf4-dq", "fp4", "fp4-dq", "int8"):
        raise TrainError(f"--quantize {name} is none of bnb.nf4, bnb.nf4-dq, bnb.fp4, bnb.fp4-dq, bnb.int8")
    return short or None


def bitsandbytes_config(quantize: str, dtype: torch.dtype) -> Any:
    """transformers' settings of a quantisation that a recipe names."""
    from transformers import BitsAndBytesConfig

    if quantize == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=quantize.removesuffix("-dq"),
        bnb_4bit_use_double_quant=quantize.endswith("-dq"),
        bnb_4bit_compute_dtype=dtype,
    )


def replace_linears(module: Any, quantize: str, dtype: torch.dtype) -> None:
    """Every linear layer below becomes bitsandbytes' 4-bit one; it is quantised when moved to its device."""
    from bitsandbytes.nn import Linear4bit, Params4bit
    from torch import nn

    for name, child in list(module.named_children()):
        if not isinstance(child, nn.Linear):
            replace_linears(child, quantize, dtype)
            continue
        if child.in_features % BLOCK:
            continue
        kind, double = quantize.removesuffix("-dq"), quantize.endswith("-dq")
        new = Linear4bit(
            child.in_features, child.out_features, child.bias is not None, dtype, double, kind, device="meta"
        )
        new.weight = Params4bit(
            child.weight.data, requires_grad=False, compress_statistics=double, quant_type=kind, module=new
        )
        new.bias = child.bias
        setattr(module, name, new)


def keep_packing(model: Any) -> None:
    """Keep bitsandbytes 0.50 from repacking 4-bit weights at the first evaluation on CPUs with AVX512-BF16.

    The other form has no gradients: training that goes on after an evaluation would leave the layers below untrained,
    and say nothing. It also fails on layers whose width is no multiple of 64.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
