"""ORPO's loss (arXiv 2403.07691) on mean log probabilities of the answers, and trl's trainer brought in line with it.

    L = L_SFT + beta * L_OR          L_OR = -log sigmoid(log odds(chosen) - log odds(rejected))
    odds(p) = p / (1 - p)            p = exp(mean over the answer's tokens of log p(token | prompt, tokens before))

trl 1.16 computes L_OR as the paper does. Its L_SFT differs in three ways, corrected in `PaperLoss`: it runs over the
prompt's tokens too; it averages over all tokens of a batch, so that long answers weigh more and the loss depends on how
pairs are batched; and its gradient is not a number where the model is certain of an answer (p = 1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from train.huggingface.learned_tokens import losses_of

if TYPE_CHECKING:
    from torch import Tensor
    from trl.experimental.orpo import ORPOTrainer as _Base
else:
    _Base = object

#: Largest mean log probability: the odds of a certain answer are infinite, and 32-bit floats lose 1 - p below this.
CERTAIN = -1e-6


def mean_log_probabilities(losses: Tensor, rows: Tensor, labels: Tensor) -> Tensor:
    """float32 [rows]: the mean log probability of each row's learned tokens.

    losses: float32 [n] of the learned tokens. rows: int64 [n], the row of each. labels: int64 [rows, tokens], -100
    where not learned.
    """
    import torch

    total = torch.zeros(len(labels), device=losses.device).index_add(0, rows, -losses)
    return (total / (labels[:, 1:] != -100).sum(1).clamp(min=1)).clamp(max=CERTAIN)


def log_odds(mean: Tensor) -> Tensor:
    """log(p / (1 - p)) of p = exp(mean), by way of expm1: 1 - p of a likely answer would cancel."""
    import torch

    return mean - torch.log(-torch.expm1(mean))


def orpo_loss(chosen: Tensor, rejected: Tensor, beta: float) -> Tensor:
    """The paper's loss of each pair, from mean log probabilities [pairs]."""
    import torch

    return -chosen - beta * torch.nn.functional.logsigmoid(log_odds(chosen) - log_odds(rejected))


class PaperLoss(_Base):
    """A mixin before trl's ORPOTrainer: L_SFT is the mean over pairs of the chosen answer's mean token loss."""

    def concatenated_forward(self, model: Any, batch: dict[str, Any]) -> tuple[Any, ...]:
        """(mean log probabilities chosen, rejected, logits chosen, rejected, L_SFT), as the trainer expects them."""
        joined = self.concatenated_inputs(batch, padding_value=self.padding_value, device=self.accelerator.device)
        inputs = {name: joined[f"concatenated_{name}"] for name in ("input_ids", "attention_mask")}
        router = {"output_router_logits": True} if self.aux_loss_enabled else {}
        labels, head = joined["concatenated_labels"], self.accelerator.unwrap_model(model).get_output_embeddings()
        result = losses_of(model, head, labels, inputs | router, self.accelerator.autocast())
        means = mean_log_probabilities(result.losses, result.rows, labels)
        pairs = batch["chosen_labels"].shape[0]
        # trl shows means of the logits; of the learned tokens here.
        logits, chosen = result.outputs.logits.detach(), result.rows < pairs
        shown = (logits[chosen], logits[~chosen]) if len(logits) else (logits, logits)
        outcome = (means[:pairs], means[pairs:], *shown, -means[:pairs].mean())
        return (*outcome, result.outputs.aux_loss) if self.aux_loss_enabled else outcome
