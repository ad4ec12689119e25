"""Choosing the next token: top-k, top-p and temperature, with one stream of random numbers per row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from train.errors import TrainError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Sampling:
    """How tokens are chosen: temperature 0 takes the likeliest; top_k and top_p bound the choice.

    Order as in LitGPT and transformers: top_k, temperature, top_p (https://arxiv.org/abs/1904.09751).

    Raises:
        TrainError: a value outside its range.
    """

    temperature: float = 0.8
    top_k: int | None = 50
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if self.temperature < 0 or (self.top_k is not None and self.top_k < 1) or not 0 < self.top_p <= 1:
            raise TrainError("temperature must be 0 at least, top_k 1 at least, top_p above 0 and 1 at most")


def draws(seeds: Sequence[int], length: int) -> torch.Tensor:
    """Uniform random numbers [rows, length], float64 on the CPU: a row's depend on its own seed alone."""
    import torch

    rows = [torch.rand(length, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) for seed in seeds]
    return torch.stack(rows) if rows else torch.empty(0, length, dtype=torch.float64)


def choose(logits: torch.Tensor, numbers: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """The next token of each row, int64 [rows]: the inverse of the cumulated probabilities at the row's number.

    logits: [rows, vocabulary]; numbers: [rows] in [0, 1). Tokens are cumulated in the order of their ids, never by
    probability: two tokens that are nearly as likely would change places with the rounding of another batch size.
    """
    import torch

    logits = logits.float()
    if sampling.temperature == 0:
        return logits.argmax(dim=-1)
    ids = None
    if sampling.top_k is not None and sampling.top_k < logits.shape[-1]:
        # The few that are left are all that is worked on: a tenth of the time at 32,000 tokens.
        ids = logits.topk(sampling.top_k, dim=-1, sorted=False).indices.sort(dim=-1).values
        logits = logits.gather(-1, ids)
    shares = torch.softmax(logits.double() / sampling.temperature, dim=-1)
    if sampling.top_p < 1:
        shares = nucleus(shares, sampling.top_p)
    cumulated = shares.cumsum(dim=-1)
    point = numbers.to(cumulated.device).unsqueeze(-1) * cumulated[:, -1:]
    # right=True: a token without probability is never met, even by the number 0.
    index = torch.searchsorted(cumulated, point, right=True).clamp(max=logits.shape[-1] - 1)
    return (index if ids is None else ids.gather(-1, index)).squeeze(-1)


def nucleus(shares: torch.Tensor, top_p: float) -> torch.Tensor:
    """Probabilities [rows, vocabulary] with all but the fewest likeliest that reach `top_p` set to 0."""
    ordered, places = shares.sort(dim=-1, descending=True, stable=True)
    # What came before a token decides: the token that crosses the bound stays.
    unlikely = ordered.cumsum(dim=-1) - ordered >= top_p
    return shares.masked_fill(unlikely.scatter(-1, places, unlikely), 0.0)
