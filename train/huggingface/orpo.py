"""ORPO's loss (arXiv 2403.07691) on mean log probabilities of the answers, and trl's trainer brought in line with it.

    L = L_SFT + beta * L_OR          L_OR = -log sigmoid(log odds(chosen) - log odds(rejected))
    odds(p) = p / (1 - p)            p = exp(mean over the answer's tokens of log p(token | prompt, tokens before))

trl 1.16 computes L_OR as the paper does. Its L_SFT differs in three ways, corrected in `PaperLoss`: it runs over the
prompt's tokens too; it averages over all tokens of a batch, so that long answers weigh more and the loss depends on how
pairs are batched; and its gradient is not a number where the model is certain of an answer (p = 1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
    from trl.experimental.orpo import ORPOTrainer as _Base
else:
    _Base = object

#: Largest mean log probability: the odds of a certain answer are infinite, and 32-bit floats lose 1 - p below this.
CERTAIN = -1e-6


def mean_log_probabilities(logits: Tensor, labels: Tensor) -> Tensor:
    """float32 [rows]: the mean log probability of each row's learned tokens.

    logits: [rows, tokens, vocabulary], of the token after each. labels: int64 [rows, tokens], -100 where not learned.
    Only learned positions are brought to 32 bits: prompts make most of the rows and the vocabulary is large.
    """
    import torch

    following, targets = logits[:, :-1], labels[:, 1:]
    learned = targets != -100
    scores = torch.nn.functional.cross_entropy(following[learned].float(), targets[learned], reduction="none")
    row = learned.nonzero()[:, 0]
    total = torch.zeros(len(labels), device=scores.device).index_add(0, row, -scores)
    return (total / learned.sum(1).clamp(min=1)).clamp(max=CERTAIN)


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
        router = {"output_router_logits": True} if self.aux_loss_enabled else {}
        outputs = model(
            joined["concatenated_input_ids"],
            attention_mask=joined["concatenated_attention_mask"],
            use_cache=False,
            **router,
        )
        means = mean_log_probabilities(outputs.logits, joined["concatenated_labels"])
        pairs = batch["chosen_labels"].shape[0]
        logits = outputs.logits.detach()
        outcome = (means[:pairs], means[pairs:], logits[:pairs], logits[pairs:], -means[:pairs].mean())
        return (*outcome, outputs.aux_loss) if self.aux_loss_enabled else outcome
