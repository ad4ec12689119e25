"""Quality of a translation without a reference: COMET-Kiwi (wmt22-cometkiwi-da), read without its makers' package.

unbabel-comet 2.2 pins transformers below 5 and numpy below 2, which nothing else here can live with; what it does for
one score is little: `<s> translation </s></s> source </s>` through XLM-R, the layers mixed by learnt weights, the first
token through three linear layers (Rei et al., "CometKiwi: IST-Unbabel 2022 submission for the quality estimation shared
task", 2022). The weights are under CC-BY-NC-SA 4.0.

A model is a folder as its makers publish it, `hparams.yaml` and `checkpoints/model.ckpt`, with the encoder's
configuration and tokenizer in `encoder/` or at the hub name that hparams.yaml gives; or the hub name of such a folder.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crawler.items import NewsmillError
from synth.outages import hub_messages

LICENCE = "the weights of COMET-Kiwi are under CC-BY-NC-SA 4.0: not for commercial use"
_LETTER = re.compile(r"[^\W\d_]")
_BATCH = 16
#: Tokens of both texts that the encoder takes.
_LONGEST = 512
#: Before the encoder's weights in a checkpoint.
_ENCODER = "encoder.model."


@dataclass
class QualityModel:
    """Scores translations; the higher the better, about 0 to 1."""

    tokenizer: Any
    encoder: Any
    #: weights of the layers, and the factor of their sum.
    mix: Any
    gamma: Any
    #: [(weight, bias)] of the linear layers.
    layers: list[tuple[Any, Any]]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def score(self, pairs: Sequence[tuple[str, str]]) -> float | None:
        """The mean over (source, translation) of a row; None where no text has letters."""
        scored = [pair for pair in pairs if _LETTER.search(pair[0]) and _LETTER.search(pair[1])]
        if not scored:
            return None
        with self._lock:
            scores = [
                value
                for start in range(0, len(scored), _BATCH)
                for value in self._batch(scored[start : start + _BATCH])
            ]
        return round(sum(scores) / len(scores), 4)

    def _batch(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        import torch

        sources, translations = zip(*pairs, strict=True)
        inputs = self.tokenizer(
            list(translations), list(sources), return_tensors="pt", padding=True, truncation=True, max_length=_LONGEST
        ).to(self.encoder.device)
        tensors = {name: inputs[name] for name in ("input_ids", "attention_mask")}
        with torch.inference_mode():
            states = self.encoder(**tensors, output_hidden_states=True).hidden_states
            first = torch.stack([state[:, 0] for state in states])
            values = self.gamma * torch.einsum("l,lbh->bh", self.mix, first)
            for number, (weight, bias) in enumerate(self.layers):
                values = torch.nn.functional.linear(values, weight, bias)
                values = torch.tanh(values) if number < len(self.layers) - 1 else values
        return [float(value) for value in values[:, 0]]


def load_quality_model(name: str, device: str = "") -> QualityModel:
    """
    Raises:
        NewsmillError: there is no such model, or it is of another kind.
    """
    try:
        import torch
        from transformers import AutoConfig, AutoModel, AutoTokenizer
        from transformers.utils import logging
    except ImportError as error:
        raise NewsmillError(f"--qe needs {error.name}: pip install 'newsmill[train]'") from error
    logging.disable_progress_bar()
    folder = _folder(name)
    try:
        hparams = _hparams(folder)
        base = str(folder / "encoder") if (folder / "encoder").is_dir() else hparams["pretrained_model"]
        state = torch.load(folder / "checkpoints" / "model.ckpt", map_location="cpu", weights_only=True)["state_dict"]
        encoder = AutoModel.from_config(AutoConfig.from_pretrained(base), add_pooling_layer=False)
        own = {key.removeprefix(_ENCODER): value for key, value in state.items() if key.startswith(_ENCODER)}
        problems = encoder.load_state_dict(own, strict=False)
        if problems.missing_keys:
            raise ValueError(f"the checkpoint lacks {problems.missing_keys[0]}")
        target = device or ("cuda" if torch.cuda.is_available() else "cpu")
        head = _head(state, hparams, target)
        return QualityModel(AutoTokenizer.from_pretrained(base), encoder.to(target).eval(), *head)
    except (OSError, ValueError, LookupError, RuntimeError, TypeError) as error:
        line = " ".join(str(error).split())[:200]
        raise NewsmillError(f"--qe {name}: no model of COMET-Kiwi's kind: {line}") from error


def _folder(name: str) -> Path:
    """A local folder, or the hub's copy of one."""
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    try:
        from huggingface_hub import snapshot_download

        with hub_messages():
            return Path(snapshot_download(name))
    except Exception as error:
        # The hub's client raises what its transport, its cache and its own checks raise.
        raise NewsmillError(f"--qe {name}: no such folder, and the hub does not give it") from error


def _hparams(folder: Path) -> Mapping[str, Any]:
    import yaml

    hparams: Mapping[str, Any] = yaml.safe_load((folder / "hparams.yaml").read_text(encoding="utf-8"))
    if list(hparams.get("input_segments") or []) != ["mt", "src"]:
        raise ValueError(f"it reads {hparams.get('input_segments')} and not a translation and its source alone")
    return hparams


def _head(state: Mapping[str, Any], hparams: Mapping[str, Any], device: str) -> tuple[Any, Any, list[tuple[Any, Any]]]:
    """(weights of the layers, their factor, linear layers)."""
    import torch

    scalars = [
        state[f"layerwise_attention.scalar_parameters.{number}"]
        for number in range(sum(key.startswith("layerwise_attention.scalar_parameters.") for key in state))
    ]
    values = torch.cat(scalars).float()
    is_sparse = hparams.get("layer_transformation", "sparsemax") == "sparsemax"
    mix = sparsemax(values) if is_sparse else torch.softmax(values, 0)
    names = sorted({key.rpartition(".")[0] for key in state if key.startswith("estimator.ff.")}, key=_number)
    layers = [(state[f"{name}.weight"].to(device), state[f"{name}.bias"].to(device)) for name in names]
    return mix.to(device), state["layerwise_attention.gamma"].to(device), layers


def _number(name: str) -> int:
    return int(name.rpartition(".")[2])


def sparsemax(values: Any) -> Any:
    """The nearest point of the simplex (Martins and Astudillo, "From softmax to sparsemax", 2016); a vector."""
    import torch

    ordered, _ = torch.sort(values, descending=True)
    sums = torch.cumsum(ordered, 0)
    ranks = torch.arange(1, len(values) + 1, dtype=values.dtype)
    support = int((1 + ranks * ordered > sums).sum())
    threshold = (sums[support - 1] - 1) / support
    return torch.clamp(values - threshold, min=0)
