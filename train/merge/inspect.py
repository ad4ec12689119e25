"""What a model's folder holds, read from its headers: sizes, shapes, vocabulary, chat template; no weight is loaded."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from train.errors import TrainError
from train.models.checkpoint import base_folder, kind, merge_fault, read_json, read_pickle, read_yaml

#: A size as we call it -> its names in model_config.yaml (LitGPT) and config.json (Hugging Face).
_SIZES = {
    "layers": ("num_hidden_layers", "n_layer", "n_layers"),
    "width": ("hidden_size", "n_embd", "d_model"),
    "heads": ("num_attention_heads", "n_head", "n_heads"),
    "key/value heads": ("num_key_value_heads", "n_query_groups"),
    "head size": ("head_dim", "head_size"),
    "MLP width": ("intermediate_size", "n_inner"),
}
_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "I8": 1, "U8": 1, "I64": 8, "I32": 4}
_DTYPES = {"F32": "float32", "BF16": "bfloat16", "F16": "float16", "F64": "float64"}
_ADAPTERS = ("litgpt-adapter", "peft")


@dataclass(frozen=True)
class Facts:
    """A model as its folder describes it.

    kind: as `checkpoint.kind` calls it. sizes: layers, width, … where known. shapes: Hugging Face tensors by
    name, empty for other kinds. rows: of the embedding, 0 unknown. parameters: how many weights, 0 unknown.
    vocabulary: token -> id, None where it cannot be known yet. special: eos, bos, pad as text. base: of an adapter.
    remark: what a person should know.
    """

    folder: Path
    kind: str
    architecture: str = ""
    sizes: Mapping[str, int] = field(default_factory=dict)
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    dtype: str = "float32"
    rows: int = 0
    parameters: int = 0
    stored: int = 0
    vocabulary: Mapping[str, int] | None = None
    chat_template: str | None = None
    special: Mapping[str, str] = field(default_factory=dict)
    remote_code: bool = False
    base: Path | None = None
    remark: str = ""

    @property
    def is_adapter(self) -> bool:
        return self.kind in _ADAPTERS


def facts_of(folder: Path, base: Path | None = None) -> Facts:
    """What the folder holds; for an adapter, what its base holds, in the adapter's words where it has them.

    base: of an adapter, where it is not the one that the adapter names.

    Raises:
        TrainError: the folder is missing, is of no known kind, or is incomplete; names the file.
    """
    form = kind_of(folder)
    if form.startswith("litgpt") and (remark := why_merge_again(folder)):
        return replace(_of_adapter(folder, "litgpt-adapter", base), remark=remark)
    if form in _ADAPTERS:
        return _of_adapter(folder, form, base)
    # `litgpt download` leaves both forms: what needs no conversion is taken.
    both = form == "litgpt" and any(folder.glob("model*.safetensors")) and (folder / "config.json").is_file()
    return _of_huggingface(folder) if both or form == "huggingface" else _of_litgpt(folder)


def why_merge_again(folder: Path) -> str:
    """Why the adapter beside LitGPT's merged model must be merged again; empty where it need not."""
    if not (folder / "lit_model.pth.lora").is_file() or not (folder / "lit_model.pth").is_file():
        return ""
    if fault := merge_fault(folder):
        return f"{fault}, so its adapter is merged again"
    try:
        read_pickle(folder / "lit_model.pth")
    except TrainError:
        return "LitGPT's own merge was torn off, so its adapter is merged again"
    return ""


def adapter_facts(folder: Path, base: Path | None = None) -> Facts:
    """The same of an adapter, even where LitGPT left the merged model beside it.

    Raises:
        TrainError: the folder holds no adapter.
    """
    form = kind_of(folder)
    if form == "litgpt" and (folder / "lit_model.pth.lora").is_file():
        form = "litgpt-adapter"
    if form not in _ADAPTERS:
        raise TrainError(f"{folder} is a whole model: method lora takes the folder of an adapter")
    return _of_adapter(folder, form, base)


def kind_of(folder: Path) -> str:
    """The kind of the folder, or one line that says what to do where it is none."""
    if not folder.is_dir():
        hub = str(folder).count("/") == 1 and not str(folder).startswith((".", "/"))
        fetch = f": a model of the hub is fetched with `hf download {folder} --local-dir {folder}`" if hub else ""
        raise TrainError(f"{folder} is no folder{fetch}")
    return kind(folder)


def _of_adapter(folder: Path, name: str, base: Path | None) -> Facts:
    try:
        base = base_folder(folder, base)
    except TrainError as error:
        raise TrainError(str(error).replace("--base FOLDER", "`base: FOLDER`").replace("--base", "base")) from error
    under = facts_of(base)
    if under.is_adapter:
        raise TrainError(f"{folder} is an adapter of {base}, which is an adapter itself: merge that one first")
    if (name == "peft") != (under.kind == "huggingface"):
        raise TrainError(f"{folder} is a {name} folder, its base {base} a {under.kind} folder: convert one of them")
    own = style_template_of(folder) if name == "litgpt-adapter" else None
    return replace(
        under,
        folder=folder,
        kind=name,
        vocabulary=vocabulary_of(folder) or under.vocabulary,
        chat_template=own or chat_template_of(folder) or under.chat_template,
        special=special_tokens_of(folder) or under.special,
        base=base,
    )


def _of_litgpt(folder: Path) -> Facts:
    config = read_yaml(folder / "model_config.yaml")
    weights = read_pickle(folder / "lit_model.pth")
    embedding = weights.get("transformer.wte.weight")
    if embedding is None:
        raise TrainError(f"{folder}/lit_model.pth holds no embedding: it is no whole model")
    return Facts(
        folder=folder,
        kind="litgpt",
        architecture=_architecture(folder),
        sizes=_sizes(config),
        dtype=str(embedding.dtype).removeprefix("torch."),
        rows=embedding.shape[0],
        parameters=sum(weight.numel() for weight in weights.values()),
        stored=(folder / "lit_model.pth").stat().st_size,
        vocabulary=vocabulary_of(folder),
        chat_template=style_template_of(folder) or chat_template_of(folder),
        special=special_tokens_of(folder),
    )


def _architecture(folder: Path) -> str:
    config = read_json(folder / "config.json") if (folder / "config.json").is_file() else {}
    return ",".join(config.get("architectures") or ())


def _of_huggingface(folder: Path) -> Facts:
    config = read_json(folder / "config.json")
    text = config.get("text_config") or config
    headers = dict(tensors_of(folder))
    if not config.get("architectures"):
        raise TrainError(f"{folder}/config.json names no architectures: it is no model that can be merged")
    rows = [shape[0] for name, (_, shape) in headers.items() if _is_embedding(name, shape)]
    dtypes = [dtype for dtype, shape in headers.values() if len(shape) > 1]
    return Facts(
        folder=folder,
        kind="huggingface",
        architecture=_architecture(folder),
        sizes=_sizes(text),
        shapes={name: shape for name, (_, shape) in headers.items()},
        dtype=_DTYPES.get(max(set(dtypes), key=dtypes.count, default="F32"), "float32"),
        rows=max(rows, default=text.get("vocab_size") or 0),
        parameters=sum(math.prod(shape) for _, shape in headers.values()),
        stored=sum(math.prod(shape) * _BYTES.get(dtype, 4) for dtype, shape in headers.values()),
        vocabulary=vocabulary_of(folder),
        chat_template=chat_template_of(folder),
        special=special_tokens_of(folder),
        remote_code=bool(config.get("auto_map")),
    )


def _is_embedding(name: str, shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 and name.endswith(("embed_tokens.weight", "word_embeddings.weight", "wte.weight"))


def _sizes(config: Mapping[str, Any]) -> dict[str, int]:
    sizes = {}
    for name, keys in _SIZES.items():
        value = next((config[key] for key in keys if config.get(key) is not None), None)
        if isinstance(value, int):
            sizes[name] = value
    if "heads" in sizes:
        sizes.setdefault("key/value heads", sizes["heads"])
    return sizes


def tensors_of(folder: Path) -> Iterator[tuple[str, tuple[str, tuple[int, ...]]]]:
    """Name, dtype (as safetensors write it) and shape of every tensor, from the headers of the files.

    Raises:
        TrainError: a file of weights is missing, or shorter than its header says.
    """
    for path in weight_files(folder):
        if not path.is_file():
            raise TrainError(f"{path} is missing: the folder is an incomplete download or a torn write")
        yield from _safetensors(path) if path.suffix == ".safetensors" else _pickled(path)


def weight_files(folder: Path) -> list[Path]:
    """The files that hold the weights of a Hugging Face folder, as its index names them."""
    for stem in ("model.safetensors", "pytorch_model.bin"):
        index = folder / f"{stem}.index.json"
        if index.is_file():
            return [folder / name for name in sorted(set(read_json(index)["weight_map"].values()))]
        if (folder / stem).is_file():
            return [folder / stem]
    raise TrainError(f"{folder} holds no weights: neither model.safetensors nor pytorch_model.bin, nor an index")


def _safetensors(path: Path) -> Iterator[tuple[str, tuple[str, tuple[int, ...]]]]:
    # The format: 8 bytes of length, a JSON header of that length, the data.
    size = path.stat().st_size
    with path.open("rb") as handle:
        start = handle.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        try:
            header = json.loads(handle.read(min(length, size)))
            header.pop("__metadata__", None)
            tensors = {name: (str(entry["dtype"]), tuple(map(int, entry["shape"]))) for name, entry in header.items()}
            end = max((int(entry["data_offsets"][1]) for entry in header.values()), default=0)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
            raise TrainError(
                f"{path} is no safetensors file ({type(error).__name__}): fetch or write it again"
            ) from error
    if size < 8 + length + end:
        raise TrainError(f"{path} is torn: {size} bytes of {8 + length + end}; fetch or write it again")
    yield from tensors.items()


def _pickled(path: Path) -> Iterator[tuple[str, tuple[str, tuple[int, ...]]]]:
    names = {dtype: name for name, dtype in _DTYPES.items()}
    for name, tensor in read_pickle(path).items():
        dtype = str(tensor.dtype).removeprefix("torch.")
        yield name, (names.get(dtype, "F32"), tuple(tensor.shape))


def vocabulary_of(folder: Path) -> dict[str, int] | None:
    """Every token and its id, the added ones too; None where the folder holds no tokenizer."""
    if not (folder / "tokenizer.json").is_file():
        return _slow_vocabulary(folder) if (folder / "tokenizer.model").is_file() else None
    tokenizer = read_json(folder / "tokenizer.json")
    tokens = tokenizer.get("model", {}).get("vocab") or {}
    if isinstance(tokens, list):
        # Unigram: pairs of token and score, the place is the id.
        tokens = {entry[0]: number for number, entry in enumerate(tokens)}
    return tokens | {entry["content"]: entry["id"] for entry in tokenizer.get("added_tokens") or ()}


def _slow_vocabulary(folder: Path) -> dict[str, int]:
    from transformers import AutoTokenizer

    return dict(AutoTokenizer.from_pretrained(folder, local_files_only=True).get_vocab())


def style_template_of(folder: Path) -> str | None:
    """The chat template of the prompt style that LitGPT tuned the folder's model with."""
    from train.data.encode import tokenizer_of
    from train.models.formats.equivalence import begins
    from train.styles import style_of

    style = style_of(folder)
    return None if style is None else style.template(begins(style, tokenizer_of(folder))).strip()


def chat_template_of(folder: Path) -> str | None:
    """The chat template of a model folder; None where it has none."""
    path = folder / "chat_template.jinja"
    if path.is_file():
        return path.read_text(encoding="utf-8").strip()
    config = folder / "tokenizer_config.json"
    template = read_json(config).get("chat_template") if config.is_file() else None
    if isinstance(template, list):
        template = next((entry["template"] for entry in template if entry.get("name") == "default"), None)
    return template.strip() if isinstance(template, str) else None


def special_tokens_of(folder: Path) -> dict[str, str]:
    """eos, bos, pad and unk as the tokenizer's settings name them."""
    path = folder / "tokenizer_config.json"
    config = read_json(path) if path.is_file() else {}
    tokens = {}
    for name in ("bos", "eos", "pad", "unk"):
        token = config.get(f"{name}_token")
        token = token.get("content") if isinstance(token, Mapping) else token
        if token:
            tokens[name] = str(token)
    return tokens
