"""What LitGPT's fine-tuning gets wrong, put right before it builds its model: embeddings, validation, tracebacks.

Tokenizer. A data module gets the tokenizer of a model and not the folder it is from, in which its chat template is.

Embeddings. LitGPT 0.5.13 (since its pull request 1770) replaces the input embeddings of a quantised model by
bitsandbytes' `StableEmbedding`. That layer normalises what it looks up: the adapter learns on inputs that the base
model never had and that the merged model will not have. On a tiny Llama, the loss of the same weights is 0.001 without
the layer and 3.9 with it. Its weights also ask for a gradient that nothing uses, as large as the embeddings themselves.

Validation. LitGPT takes the mean of the batches' means, so the loss depends on the batch size and on which rows share a
batch. The Hugging Face backend and `train evaluate` count every token once; so does LitGPT's validation of our rows.

Tracebacks. LitGPT's command shows fifty lines of its own for an error that a person can act on in one.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError
from train.litgpt.learned_tokens import head_at, learned, token_losses

#: A variable that `train finetune` alone sets, for the processes that LitGPT starts.
FROM_TRAIN = "NEWSMILL_BEST_WEIGHTS"
#: LitGPT's fine-tuning scripts, each with a validation of its own.
_SCRIPTS = ("lora", "lora_legacy", "full", "adapter", "adapter_v2")

if TYPE_CHECKING:
    import torch


def remember_folders() -> None:
    """Let LitGPT's tokenizers say which folder they are from, as `checkpoint_dir`, in this process."""
    from litgpt import Tokenizer

    begin = Tokenizer.__init__
    if getattr(begin, "remembers", False):
        return

    def remembering(self: Any, checkpoint_dir: Path | str) -> None:
        begin(self, checkpoint_dir)
        self.checkpoint_dir = Path(checkpoint_dir)

    setattr(remembering, "remembers", True)  # noqa: B010
    setattr(Tokenizer, "__init__", remembering)  # noqa: B010


def keep_output_apart() -> None:
    """Let the processes that LitGPT starts for `train finetune` write to stderr: stdout is for the outcome alone."""
    if FROM_TRAIN in os.environ and os.environ.get("LOCAL_RANK", "0") != "0":
        sys.stdout = sys.stderr


def keep_embeddings() -> bool:
    """Let LitGPT's next quantised model keep its embeddings as they are; whether anything was changed.

    LitGPT looks the layer up by name when it builds the model, after the data module was connected: that name gives
    frozen, plain embeddings from now on, in this process.
    """
    if importlib.util.find_spec("bitsandbytes") is None:
        return False
    import bitsandbytes

    if getattr(bitsandbytes.nn.StableEmbedding, "keeps", False):
        return False
    setattr(bitsandbytes.nn, "StableEmbedding", _plain_embedding())  # noqa: B010
    return True


def _plain_embedding() -> type[torch.nn.Embedding]:
    import torch

    class PlainEmbedding(torch.nn.Embedding):
        """Embeddings that are looked up and nothing else, frozen as every base weight."""

        keeps = True

        def __init__(self, *sizes: Any, **settings: Any) -> None:
            super().__init__(*sizes, **settings)
            self.weight.requires_grad_(False)

    return PlainEmbedding


def weigh_tokens(ours: type) -> None:
    """Let LitGPT's validation of rows of the class `ours` count every learnt token once, in this process."""
    for name in _SCRIPTS:
        script = sys.modules.get(f"litgpt.finetune.{name}")
        if script is not None and not hasattr(script.validate, "of_batches"):
            setattr(script, "validate", _by_tokens(script.validate, ours))  # noqa: B010


def _by_tokens(of_batches: Any, ours: type) -> Any:
    import torch

    @torch.no_grad()
    def validate(fabric: Any, model: Any, val_dataloader: Any, eval: Any, verbose: bool = True) -> Any:
        if not isinstance(val_dataloader.dataset, ours):
            return of_batches(fabric, model, val_dataloader, eval, verbose)
        if verbose:
            fabric.print("Validating ...")
        model.eval()
        loss = _loss_of_tokens(model, val_dataloader, eval.max_iters)
        model.train()
        return loss

    setattr(validate, "of_batches", of_batches)  # noqa: B010
    return validate


def _loss_of_tokens(model: Any, batches: Any, most: int) -> torch.Tensor:
    """Mean loss of a learnt token over the first `most` batches, a number on the CPU, as LitGPT's own."""
    import torch

    total, tokens = torch.zeros((), dtype=torch.float64), 0
    for _, batch in zip(range(most), batches, strict=False):
        places, targets = learned(batch["labels"])
        with head_at(model.lm_head, places):
            total += token_losses(model(batch["input_ids"]), targets).sum().double().cpu()
        tokens += len(targets)
    return (total / max(tokens, 1)).float()


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Within: an error of ours ends LitGPT's command in one line with status 2; in Python it stays an exception.

    Raises:
        SystemExit: LitGPT's command runs, and the error was shown.
    """
    try:
        yield
    except TrainError as error:
        if not _is_litgpt_command():
            raise
        print(f"litgpt: {error}", file=sys.stderr, flush=True)
        raise SystemExit(2) from None


def _is_litgpt_command() -> bool:
    """Whether this process was started as `litgpt` or `python -m litgpt`."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return Path(sys.argv[0]).stem == "litgpt" or getattr(spec, "name", "") == "litgpt.__main__"
