"""What can measure toxicity: Detoxify's models, and any `text-classification` model; loaded whole or not at all."""

from __future__ import annotations

import functools
import json
import os
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.scorers.classifiers import (
    Use,
    folder_identity,
    is_exclusive,
    is_terminal,
    labels_of,
    load_classifier,
    quiet_loading,
    short_digest,
    short_reason,
)

if TYPE_CHECKING:
    from synth.scorers.toxicity.batching import Scorer

#: The fields of a sample; one that a model does not have is null.
FIELDS = ("toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat", "sexual_explicit")
#: Detoxify's models, and the languages of what they were trained on.
DETOXIFY: dict[str, frozenset[str]] = {
    "original": frozenset({"en"}),
    "original-small": frozenset({"en"}),
    "unbiased": frozenset({"en"}),
    "unbiased-small": frozenset({"en"}),
    "multilingual": frozenset("en fr es it pt tr ru".split()),
}
#: Names that labels have for the fields, beside the fields' own.
_ALIASES = {"toxic": "toxicity", "severe_toxic": "severe_toxicity", "identity_hate": "identity_attack"}
#: Labels that say "toxic" in models that were made for something near it, lower case, with underscores.
_TOXIC = frozenset(
    "toxic toxicity hate hateful hate_speech hatespeech offensive offensive_language abusive abuse harassment"
    " insult obscene threat identity_attack severe_toxicity sexual_explicit".split()
)
#: The beginnings of the sha256 of the weights that Detoxify publishes.
_PUBLISHED = {
    "original": "c1212f89", "original-small": "0e1d6498", "unbiased": "c7548aa0", "unbiased-small": "c8519128",
    "multilingual": "0b549669",
}  # fmt: skip


class ToxicityUnavailable(NewsmillError):
    """The weights of a toxicity model cannot be had; the message names the option that helps."""

    #: Options without which `synth run` goes on: what cannot be measured is left out, with a warning.
    without = ("toxicity", "toxicity_for", "toxicity_checkpoint", "toxicity_config")


#: What models of one's own are loaded for.
USE = Use(
    "toxicity", "toxicity", "--toxicity-for LANGUAGE=FOLDER takes a folder with config, weights and tokenizer",
    ToxicityUnavailable,
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """What measures a language: one of DETOXIFY, or a hub name or folder of a `text-classification` model.

    Attributes:
        labels: which labels of that model count as toxic; () for those that say so by their names.
        checkpoint: Detoxify's weights as a file, instead of the download.
        config: folder with config and tokenizer, instead of the hub model that the checkpoint names.
        half: half precision.
        int8: linear layers in whole numbers of eight bits.
    """

    name: str
    labels: tuple[str, ...] = ()
    checkpoint: Path | None = None
    config: Path | None = None
    half: bool = False
    int8: bool = False

    @functools.cached_property
    def identity(self) -> str:
        """As stored in `toxicity_model`: the name, and for files of one's own the beginning of their sha256.

        Raises:
            ToxicityUnavailable: a file is not there.
        """
        label = self.name
        if self.checkpoint is not None:
            digest = short_digest([_existing_file(self.checkpoint, "--toxicity-checkpoint FILE")], USE)
            label = self.name if digest == _PUBLISHED.get(self.name) else f"{self.name}:{digest}"
        elif self.name not in DETOXIFY and Path(self.name).is_dir():
            label = folder_identity(self.name, USE)
        return (
            label
            + (f"[{','.join(self.labels)}]" if self.labels else "")
            + ("+half" if self.half else "")
            + ("+int8" if self.int8 else "")
        )

    def calibrated(self, language: str) -> bool:
        """Whether it was made for the language; who sets a model of his own for a language says that it was."""
        return language in DETOXIFY.get(self.name, (language,))

    def load(self) -> Scorer:
        """The model, on the GPU where there is one.

        Raises:
            ToxicityUnavailable: its weights, config or tokenizer cannot be had.
            NewsmillError: none of its labels is known to be toxic, or a chosen one is not there.
        """
        from synth.scorers.toxicity.batching import Scorer

        with quiet_loading(USE) as heard:
            if self.name in DETOXIFY:
                model, tokenizer, labels = _load_detoxify(self, heard)
                return Scorer(model, tokenizer, columns_of(labels, self), self.half, int8=self.int8)
            model, tokenizer = load_classifier(self.name, USE, heard)
        labels = labels_of(model.config)
        exclusive = is_exclusive(model.config, self.name, USE)
        return Scorer(model, tokenizer, columns_of(labels, self, exclusive), self.half, exclusive, self.int8)


def columns_of(labels: Sequence[str], choice: Choice, exclusive: bool = False) -> dict[str, list[int]]:
    """Field -> the columns of a model's output that make it.

    Where none is chosen, `toxicity` is the label of that name, else (or where labels exclude each other) each that says
    so in one way or another.

    Raises:
        NewsmillError: a chosen label is not there, or none is chosen and none says "toxic".
    """
    plain = [_plain(label) for label in labels]
    columns = {name: [number for number, label in enumerate(plain) if label == name] for name in FIELDS}
    if absent := [label for label in choice.labels if label not in labels]:
        raise NewsmillError(
            f"toxicity: {choice.name} has no label {', '.join(absent)}, only {', '.join(labels)}: "
            f"--toxicity-for LANGUAGE={choice.name}:LABEL,LABEL"
        )
    if choice.labels:
        columns["toxicity"] = [labels.index(label) for label in choice.labels]
    elif exclusive or not columns["toxicity"]:
        columns["toxicity"] = [number for number, label in enumerate(plain) if label in _TOXIC]
    if not columns["toxicity"]:
        raise NewsmillError(
            f"toxicity: no label of {choice.name} says that it is toxic ({', '.join(labels)}): "
            f"name those that are, --toxicity-for LANGUAGE={choice.name}:LABEL,LABEL"
        )
    return {name: numbers for name, numbers in columns.items() if numbers}


def _plain(label: str) -> str:
    plain = re.sub(r"[\W_]+", "_", label.casefold()).strip("_")
    return _ALIASES.get(plain, plain)


def _existing_file(path: Path, option: str) -> Path:
    if not path.is_file():
        raise ToxicityUnavailable(f"toxicity: no file {path}: {option}")
    return path


def _release(name: str) -> str:
    """Where Detoxify's weights are published."""
    try:
        with quiet_loading(USE):
            from detoxify.detoxify import MODEL_URLS
    except ImportError as error:
        raise ToxicityUnavailable(f"toxicity: {name} needs pip install 'newsmill[toxicity]' ({error})") from error
    return str(MODEL_URLS[name])


def _load_detoxify(choice: Choice, heard: list[str]) -> tuple[Any, Any, list[str]]:
    """(model, tokenizer, labels) made by Detoxify's own code, but from weights that ran no program when read."""
    release = _release(choice.name)
    from detoxify.detoxify import get_model_and_tokenizer

    path = choice.checkpoint or _download(choice.name, release)
    weights, arguments, labels = _checkpoint_parts(
        _read_checkpoint(_existing_file(path, "--toxicity-checkpoint FILE")), path
    )
    if choice.config is not None:
        if not (choice.config / "config.json").is_file():
            raise ToxicityUnavailable(f"toxicity: no config.json in {choice.config}: --toxicity-config FOLDER")
        arguments["model_type"] = str(choice.config)
    try:
        model, tokenizer = get_model_and_tokenizer(**arguments, state_dict=weights)
    except Exception as error:
        raise ToxicityUnavailable(
            f"toxicity: cannot make {choice.name} of {arguments['model_type']}: {short_reason(error, heard)}: "
            "--toxicity-config FOLDER takes config and tokenizer from a folder"
        ) from error
    _check_weights(model, weights, path)
    return model, tokenizer, labels


def _download(name: str, release: str) -> Path:
    """Detoxify's weights in torch's cache, fetched where they are not yet, and checked by their sha256."""
    import torch

    path = Path(torch.hub.get_dir()) / "checkpoints" / release.rpartition("/")[2]
    if path.is_file():
        return path
    advice = "--toxicity-checkpoint FILE takes a file"
    if any(os.environ.get(each, "").upper() in {"1", "ON", "YES", "TRUE"} for each in _OFFLINE):
        raise ToxicityUnavailable(
            f"toxicity: the weights of {name} are not in {path.parent}, and this is offline: {advice}"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    before = socket.getdefaulttimeout()
    try:
        # torch waits for ever where packets are dropped.
        socket.setdefaulttimeout(30)
        digits = path.stem.rpartition("-")[2]
        torch.hub.download_url_to_file(release, str(path), digits, progress=is_terminal())
    except Exception as error:
        raise ToxicityUnavailable(f"toxicity: cannot fetch {release}: {short_reason(error, [])}: {advice}") from error
    finally:
        socket.setdefaulttimeout(before)
    return path


_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


def _read_checkpoint(path: Path) -> Any:
    """A checkpoint as {config, state_dict}: torch's pickle of tensors and plain values only, or safetensors."""
    try:
        if path.suffix == ".safetensors":
            return _read_safetensors(path)
        import torch

        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        if match := re.search(r"Unsupported (?:global|class|operand)[^\n]*?((?:[\w]+\.)+\w+)", str(error)):
            raise ToxicityUnavailable(
                f"toxicity: {path} holds more than tensors ({match[1]}), and such a pickle can run any program: "
                "convert it (docs/toxicity.md), then --toxicity-checkpoint FILE.safetensors"
            ) from error
        raise _broken(path, short_reason(error, [])) from error


def _read_safetensors(path: Path) -> dict[str, Any]:
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        config = (file.metadata() or {}).get("config")
        if config is None:
            raise _broken(path, "its metadata have no config")
        return {"config": json.loads(config), "state_dict": {name: file.get_tensor(name) for name in file.keys()}}  # noqa: SIM118


def _checkpoint_parts(loaded: Any, path: Path) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """(weights, arguments of Detoxify's `get_model_and_tokenizer`, labels) of a checkpoint."""
    try:
        weights, config = dict(loaded["state_dict"]), loaded["config"]
        arguments = dict(config["arch"]["args"])
        labels = [str(label) for label in config["dataset"]["args"]["classes"]]
        architecture = [str(arguments[name]) for name in ("model_type", "model_name", "tokenizer_name")]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise _broken(path, f"it has no {error}" if isinstance(error, KeyError) else short_reason(error, [])) from error
    if not (architecture[1].endswith("ForSequenceClassification") and "Tokenizer" in architecture[2]):
        raise _broken(path, f"it names {architecture[1]} and {architecture[2]}")
    if len(labels) > int(arguments.get("num_classes", 0)):
        raise _broken(path, f"{len(labels)} classes for {arguments.get('num_classes')} outputs")
    return weights, {**dict(zip(("model_type", "model_name", "tokenizer_name"), architecture, strict=True)),
                     "num_classes": int(arguments["num_classes"])}, labels  # fmt: skip


def _check_weights(model: Any, weights: Mapping[str, Any], path: Path) -> None:
    """Transformers fills what is absent with random numbers, whose scores would be made up."""
    expected, names = set(model.state_dict()), {name for name in weights if not name.endswith("position_ids")}
    if absent := sorted(expected - names):
        raise _broken(path, f"it lacks {len(absent)} of {len(expected)} weights ({absent[0]})")
    if unknown := sorted(names - expected):
        raise _broken(path, f"{len(unknown)} of its weights have no place in the model ({unknown[0]})")


def _broken(path: Path, reason: str) -> ToxicityUnavailable:
    return ToxicityUnavailable(
        f"toxicity: {path} is no checkpoint of Detoxify that can be used: {reason}: --toxicity-checkpoint FILE"
    )
