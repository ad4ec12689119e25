"""Folders of models: which of four kinds one is, what it lacks, and its weights, read one at a time.

Nothing here loads a model. Weights are mapped from disk: a tensor costs memory once it is looked at, and only then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError, one_line

if TYPE_CHECKING:
    import torch

#: Files by which a kind is known, the most distinctive first.
_MARKS = {
    "litgpt": ("lit_model.pth",),
    "litgpt-adapter": ("lit_model.pth.lora",),
    "peft": ("adapter_config.json",),
    "huggingface": (
        "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
    ),
}  # fmt: skip
_TOKENIZER = ("tokenizer.json", "tokenizer.model")
#: What a folder of each kind must hold; of several names in one entry, one is enough.
_NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "litgpt": (("lit_model.pth",), ("model_config.yaml",), _TOKENIZER, ("tokenizer_config.json",)),
    "litgpt-adapter": (("lit_model.pth.lora",), ("model_config.yaml",), ("hyperparameters.yaml",), _TOKENIZER),
    "huggingface": (_MARKS["huggingface"], ("config.json",), _TOKENIZER),
    "peft": (("adapter_config.json",), ("adapter_model.safetensors", "adapter_model.bin")),
}
#: Files of a tokenizer, in both forms.
TOKENIZER_FILES = (
    "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "merges.txt", "chat_template.jinja",
)  # fmt: skip

#: Endings of the files, at the top of a model's folder, that its answers depend on.
_DIGESTED = (".pth", ".lora", ".safetensors", ".bin", ".json", ".yaml", ".model", ".jinja")


def kind(folder: Path) -> str:
    """litgpt, litgpt-adapter, huggingface or peft.

    A folder that LoRA left behind holds the adapter and, mostly, the merged model too: it is `litgpt`, unless the merge
    is at fault (`merge_fault`): then it is `litgpt-adapter`. One with both LitGPT's and Hugging Face's weights, as
    `litgpt download` leaves it, is `litgpt`.

    Raises:
        TrainError: it is none, or lacks files that its kind needs; names them.
    """
    if not folder.is_dir():
        raise TrainError(f"{folder} is no folder: give that of a checkpoint or an adapter")
    for name, marks in _MARKS.items():
        if any((folder / mark).is_file() for mark in marks):
            check(folder, name)
            return "litgpt-adapter" if name == "litgpt" and merge_fault(folder) else name
    names = ", ".join(mark for marks in _MARKS.values() for mark in marks[:1])
    inside = next((path.parent for path in sorted(folder.glob("*/*")) if path.name in names.split(", ")), None)
    raise TrainError(f"{folder} holds no model (none of {names})" + (f"; {inside} does" if inside else ""))


def merge_fault(folder: Path) -> str:
    """What is wrong with the merged model that LitGPT 0.5.13 left beside an adapter; empty where nothing is.

    Trained again into the same folder, LitGPT finds a lit_model.pth and leaves it: the merged model is the earlier
    run's. And it adds in place: where head and embedding are one (SmolLM2, Gemma, Llama 3.2, small Qwen 3) they are one
    tensor in the base's file, so a head's LoRA gets into the embedding too.
    """
    merged, adapter = folder / "lit_model.pth", folder / "lit_model.pth.lora"
    if lacks(folder, "litgpt-adapter") or not merged.is_file():
        return ""
    try:
        if merged.stat().st_mtime < adapter.stat().st_mtime:
            # Or the two were copied in this order: on a base that is there, the adapter gives the same model then.
            base_folder(folder)
            return "LitGPT's merged model is older than its adapter"
        adapts_head = read_yaml(folder / "hyperparameters.yaml").get("lora_head")
        weights = read_pickle(merged) if adapts_head else {}
    except TrainError:
        # No base, or torn weights: whoever reads them says so.
        return ""
    head, embedding = weights.get("lm_head.weight"), weights.get("transformer.wte.weight")
    shared = head is not None and embedding is not None and head.data_ptr() == embedding.data_ptr()
    return "LitGPT's own merge spoilt its embedding" if shared else ""


def lacks(folder: Path, name: str) -> list[str]:
    """What a folder of that kind needs and this one has not, one line each."""
    return [" or ".join(names) for names in _NEEDS[name] if not any((folder / part).is_file() for part in names)]


def check(folder: Path, name: str) -> None:
    """Raises:
    TrainError: the folder lacks what its kind needs.
    """
    if absent := lacks(folder, name):
        raise TrainError(f"{folder} is no whole {name} folder: it lacks {', '.join(absent)}")


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        TrainError: it cannot be read, or is none.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    if not isinstance(content, dict):
        raise TrainError(f"{path} holds no JSON object")
    return content


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file.

    Raises:
        TrainError: it cannot be read, or is none.
    """
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        line = " ".join(str(error).split())
        raise TrainError(f"cannot read {path}: {getattr(error, 'strerror', None) or line}") from error
    if not isinstance(content, dict):
        raise TrainError(f"{path} holds no settings")
    return content


def litgpt_config(folder: Path) -> Any:
    """litgpt.Config of model_config.yaml.

    Raises:
        TrainError: the file cannot be read, or describes no model.
    """
    from litgpt import Config

    settings = read_yaml(folder / "model_config.yaml")
    try:
        return Config(**settings)
    except (TypeError, ValueError, AssertionError) as error:
        raise TrainError(f"{folder / 'model_config.yaml'} describes no model: {error or 'sizes do not fit'}") from error


def huggingface_config(folder: Path) -> Any:
    """transformers' configuration of config.json; of a model of texts and images, that of its text part.

    Raises:
        TrainError: it is none that transformers knows.
    """
    from transformers import AutoConfig

    read_json(folder / "config.json")
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # Whatever a class of configuration makes of senseless settings.
        line = one_line(error)
        raise TrainError(f"{folder / 'config.json'} describes no model that transformers knows: {line}") from error
    return config.get_text_config(decoder=True)


class Lazy(Mapping[str, "torch.Tensor"]):
    """Tensors by name, each made when it is asked for and kept by nobody here.

    sources: name -> what `make` makes the tensor of.
    """

    def __init__(self, sources: Mapping[str, Any], make: Callable[[Any], torch.Tensor]) -> None:
        self._sources, self._make = dict(sources), make

    def __getitem__(self, name: str) -> torch.Tensor:
        return self._make(self._sources[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)


Weights = Mapping[str, "torch.Tensor"]


def read_pickle(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a .pth, .lora or .bin file, mapped from disk. Nothing in the file is executed.

    Raises:
        TrainError: the file is torn, no checkpoint, or holds code instead of tensors.
    """
    import torch

    try:
        content = torch.load(path, map_location="cpu", mmap=True, weights_only=True)
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        raise TrainError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:  # zipfile, pickle and torch each have their own.
        raise TrainError(
            f"{path} is torn or no checkpoint of tensors ({type(error).__name__}): copy it again"
        ) from error
    # Training saves {"model": …, optimizer and counters beside it}; the rest, the names alone.
    tensors = content.get("model", content) if isinstance(content, dict) else None
    if not isinstance(tensors, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in tensors.values()):
        raise TrainError(f"{path} holds no tensors by name: is it a checkpoint?")
    return dict(tensors)


def litgpt_weights_type(folder: Path) -> str:
    """Type of the weights of lit_model.pth, such as bfloat16."""
    return str(read_pickle(folder / "lit_model.pth")["transformer.wte.weight"].dtype).removeprefix("torch.")


class _Safetensors(Mapping[str, "torch.Tensor"]):
    """Tensors of one or several safetensors files; a file is opened when one of its tensors is asked for first."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = dict(files)
        self._open: dict[Path, Any] = {}

    def __getitem__(self, name: str) -> torch.Tensor:
        path = self._files[name]
        if path not in self._open:
            self._open[path] = _open_safetensors(path)
        tensor: torch.Tensor = self._open[path].get_tensor(name)
        return tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def _open_safetensors(path: Path) -> Any:
    from safetensors import SafetensorError, safe_open

    try:
        return safe_open(path, framework="pt", device="cpu")
    except OSError as error:
        raise TrainError(f"cannot read {path}: {error.strerror or error}") from error
    except SafetensorError as error:
        raise TrainError(f"{path} is torn or no safetensors file ({error}): copy it again") from error


def huggingface_weights(folder: Path, stem: str = "model") -> Weights:
    """All tensors of a folder in Hugging Face form, from one file or its shards; `stem`: model or adapter_model.

    Raises:
        TrainError: a file is missing, torn, or lacks what the index says it has.
    """
    index, whole = folder / f"{stem}.safetensors.index.json", folder / f"{stem}.safetensors"
    if index.is_file():
        return _Safetensors(_indexed(folder, index))
    if whole.is_file():
        return _Safetensors(dict.fromkeys(_open_safetensors(whole).keys(), whole))
    pickled = "pytorch_model" if stem == "model" else stem
    if (index := folder / f"{pickled}.bin.index.json").is_file():
        tensors: dict[str, torch.Tensor] = {}
        for name in sorted(set(read_json(index).get("weight_map", {}).values())):
            tensors |= read_pickle(folder / name)
        return tensors
    return read_pickle(folder / f"{pickled}.bin")


def _indexed(folder: Path, index: Path) -> dict[str, Path]:
    file_of = read_json(index).get("weight_map")
    if not isinstance(file_of, dict) or not file_of:
        raise TrainError(f"{index} names no weights")
    files = {name: folder / str(shard) for name, shard in file_of.items()}
    for path in sorted(set(files.values())):
        if not path.is_file():
            raise TrainError(f"{path} is missing, which {index.name} names: copy it again")
        names = set(_open_safetensors(path).keys())
        if absent := [name for name, shard in files.items() if shard == path and name not in names]:
            raise TrainError(f"{path} lacks {absent[0]}, which {index.name} says it has: copy it again")
    return files


def sources_of(folder: Path, base: Path | None = None) -> list[Path]:
    """The folder, and the model beneath the adapter in it where that is still there."""
    names = ("adapter_config.json", "hyperparameters.yaml")
    if base is None and not any((folder / name).is_file() for name in names):
        return [folder]
    try:
        return [folder, base_folder(folder, base)]
    except TrainError:
        return [folder]


def base_folder(folder: Path, base: Path | None = None) -> Path:
    """The folder of the base model under an adapter: `base`, else the one that the adapter's settings name.

    A relative path in the settings is looked for here and in each folder above the adapter.

    Raises:
        TrainError: there is none.
    """
    if base is not None:
        if not base.is_dir():
            raise TrainError(f"--base {base} is no folder")
        return base
    if (folder / "adapter_config.json").is_file():
        reference = read_json(folder / "adapter_config.json").get("base_model_name_or_path")
    else:
        reference = read_yaml(folder / "hyperparameters.yaml").get("checkpoint_dir")
    if not reference:
        raise TrainError(f"{folder} does not say which model it was made on: give --base FOLDER")
    # LitGPT itself looks under checkpoints/ for what is not where it was said to be.
    candidates = [
        Path(reference),
        *(above / reference for above in folder.resolve().parents),
        Path("checkpoints") / reference,
    ]
    for path in candidates:
        if path.is_dir():
            return path
    raise TrainError(f"the base model {reference} of {folder} is not there: give --base FOLDER")


def base_beneath(folder: Path, base: Path | None = None) -> Path | None:
    """`base_folder` of an adapter; None for a whole model.

    Raises:
        TrainError: as `kind` and `base_folder`.
    """
    return base_folder(folder, base) if kind(folder) in ("litgpt-adapter", "peft") else None


def model_digest(folder: Path, *, base: Path | None = None) -> str:
    """sha256 (16 digits) of all that a model's answers depend on; of an adapter, its base included.

    Raises:
        TrainError: a file cannot be read.
    """
    digest = hashlib.sha256()
    for part in [folder, *([base] if base else [])]:
        for path in sorted(part.iterdir()):
            if path.is_file() and path.name.endswith(_DIGESTED):
                digest.update(f"{path.name}\0".encode())
                try:
                    with path.open("rb") as data:
                        digest.update(hashlib.file_digest(data, "sha256").digest())
                except OSError as error:
                    raise TrainError(f"cannot read {path}: {error.strerror or error}") from error
    return digest.hexdigest()[:16]
