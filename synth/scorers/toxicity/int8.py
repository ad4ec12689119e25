"""Linear layers in whole numbers of eight bits, for processors that multiply these faster (VNNI, AMX).

Weights have a scale for each output, activations one for each token: the score of a text is the same in any batch.
"""

from __future__ import annotations

from typing import Any

_LARGEST = 127


def quantize(model: Any) -> None:
    """Every linear layer of the encoder, in place; the head, which costs nothing, stays as it is."""
    import torch

    base = getattr(model, model.base_model_prefix)
    for module in list(getattr(base, "encoder", base).modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.Linear):
                setattr(module, name, int8_linear(child))


def int8_linear(linear: Any) -> Any:
    """A module that does nearly what `linear` does: [tokens, inputs] or [batch, tokens, inputs] -> outputs."""
    import torch

    class Int8Linear(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            weight, scale = eight_bits(linear.weight.detach().float())
            self.weight, self.scale, self.bias = weight.t(), scale.t(), linear.bias

        def forward(self, states: torch.Tensor) -> torch.Tensor:
            rows, scale = eight_bits(states.reshape(-1, states.shape[-1]))
            # torch's own int8 packages call it, too; there is no public name for it.
            result = torch._int_mm(rows, self.weight).float().mul_(scale).mul_(self.scale)  # noqa: SLF001
            if self.bias is not None:
                result.add_(self.bias)
            return result.view(*states.shape[:-1], -1)

    return Int8Linear()


def eight_bits(rows: Any) -> tuple[Any, Any]:
    """(whole numbers [rows, columns] of -127 to 127, what each row of them is to be multiplied by [rows, 1])."""
    import torch

    scale = rows.abs().amax(1, keepdim=True).clamp_(min=1e-30).div_(_LARGEST)
    return (rows / scale).round_().to(torch.int8), scale
