"""A model's folder as one GGUF file with an Ollama Modelfile, read back and compared before anybody uses it."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError, one_line
from train.licence import is_licence
from train.models.formats.conversion import RECORD, Conversion, ConversionRequest, prepare
from train.models.formats.folder import Converted, conversion_record
from train.models.gguf.names import ARCHITECTURES
from train.models.gguf.write_modelfile import chat_frame, licence_text, modelfile
from train.models.gguf.write_settings import (
    add_description,
    add_model,
    add_tokenizer,
    check_computable,
    frequency_factors,
    model_card,
)
from train.models.gguf.write_tokenizer import GgufTokenizer, check_pieces, gguf_tokenizer
from train.models.gguf.write_weights import TYPES, StoredTensors, differences, written_weights

if TYPE_CHECKING:
    from train.models.formats.equivalence import EquivalenceCheck

#: Longest context that the Modelfile asks for: Ollama sets aside memory for all of it.
_CONTEXT = 8192
_MARGIN = 60 * 10**6


@dataclass(frozen=True)
class _Parts:
    """Everything that is written, made before the first byte is."""

    conversion: Conversion
    settings: dict[str, Any]
    tensors: StoredTensors
    tokenizer: GgufTokenizer
    tokenizer_folder: Path
    kind: str


def convert_to_gguf(
    request: ConversionRequest, out: Path, name: str, *, texts: Sequence[str] | None = None,
    tolerance: float | None = None,
) -> Converted:  # fmt: skip
    """Write the model of the request into `out`, a folder that exists and is empty, and compare the two.

    name: of the model. texts, tolerance: as of `convert_folder`.

    Raises:
        TrainError: the source cannot be converted, or the folder cannot be written. What the comparison finds wrong is
        no error but in `problems`.
    """
    from train.models.formats.equivalence import TEXTS

    _check_installed()
    began = time.monotonic()
    parts = _parts(request)
    path = out / f"{name}.{TYPES[parts.kind][0]}.gguf"
    try:
        _write(parts, path, name)
        _write_beside(parts, out, path.name)
    except OSError as error:
        message = error.strerror or one_line(error)
        raise TrainError(f"cannot write into {out.parent}: {message}; nothing is left of it") from error
    texts = TEXTS if texts is None else texts
    check = _compare(parts, path, texts, tolerance)
    problems = [*check.problems, *differences(path, parts.tensors)]
    problems += check_pieces(parts.tokenizer, parts.tokenizer_folder, texts)
    record = conversion_record(request, parts.conversion, {"as written": check}, problems)
    record |= {"file": path.name, "type": parts.kind, "seconds": round(time.monotonic() - began, 2)}
    (out / RECORD).write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return Converted(parts.conversion, {"as written": check}, problems, record)


def _check_installed() -> None:
    try:
        import gguf  # noqa: F401
    except ImportError as error:
        raise TrainError(f"train convert --to gguf needs pip install 'newsmill[train]' ({error})") from error


def _parts(request: ConversionRequest) -> _Parts:
    from train.data.encode import tokenizer_of
    from train.models.formats.equivalence import begins
    from train.models.formats.families import to_huggingface

    kind = request.dtype
    conversion = prepare(ConversionRequest(**{**asdict(request), "dtype": None}))
    kind = kind or str(conversion.weights["model.embed_tokens.weight"].dtype).removeprefix("torch.")
    settings = to_huggingface(
        conversion.config, conversion.family, conversion.source_config, tied=conversion.tied, dtype=kind
    )
    check_computable(settings)
    folder = _tokenizer_folder(conversion)
    tokens, style = tokenizer_of(folder), conversion.style
    adds_bos = begins(style, tokens) if style is not None else bool(tokens.adds_bos)
    tokenizer = gguf_tokenizer(
        folder, settings["vocab_size"], adds_bos=adds_bos, end_of_turn=style.end_of_turn if style is not None else ""
    )
    tensors = StoredTensors(conversion.weights, settings, kind, tied=conversion.tied)
    return _Parts(conversion, settings, tensors, tokenizer, folder, kind)


def _tokenizer_folder(conversion: Conversion) -> Path:
    has = any((conversion.source / name).is_file() for name in ("tokenizer.json", "tokenizer.model"))
    return conversion.source if has or conversion.base is None else conversion.base


def _write(parts: _Parts, path: Path, name: str) -> None:
    import numpy as np
    from gguf import GGUFWriter, LlamaFileType

    _check_room(parts, path)
    writer = GGUFWriter(path, ARCHITECTURES[parts.settings["model_type"]])
    try:
        add_description(writer, name, model_card(*_folders(parts.conversion)))
        writer.add_file_type(LlamaFileType[TYPES[parts.kind][1]])
        writer.add_quantization_version(2)
        add_model(writer, parts.settings)
        add_tokenizer(writer, parts.tokenizer, _template(parts))
        factors = frequency_factors(parts.settings)
        if factors is not None:
            writer.add_tensor_info("rope_freqs.weight", factors.shape, np.dtype(np.float32), factors.nbytes)
        parts.tensors.declare(writer)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for tensor in [*([factors] if factors is not None else []), *parts.tensors]:
            writer.write_tensor_data(tensor)
    finally:
        writer.close()


def _check_room(parts: _Parts, path: Path) -> None:
    bits = {"float32": 32, "float16": 16, "bfloat16": 16, "q8_0": 8.5}[parts.kind]
    size = sum(math.prod(parts.tensors.weights[name].shape) for name in parts.tensors.names) * bits / 8 + _MARGIN
    free = shutil.disk_usage(path.parent).free
    if free < size:
        raise TrainError(f"{path.parent.parent} has {free / 1e9:.2f} GB free, the folder will take {size / 1e9:.2f} GB")


def _folders(conversion: Conversion) -> list[Path]:
    return [conversion.source, *([conversion.base] if conversion.base else [])]


def _template(parts: _Parts) -> str | None:
    """The chat template: the prompt style's, else the one that lies beside the model."""
    style = parts.conversion.style
    if style is not None:
        return style.template(parts.tokenizer.adds_bos)
    folder = parts.tokenizer_folder
    path, settings = folder / "chat_template.jinja", folder / "tokenizer_config.json"
    if path.is_file():
        return path.read_text(encoding="utf-8")
    template = json.loads(settings.read_text(encoding="utf-8")).get("chat_template") if settings.is_file() else None
    return template if isinstance(template, str) else None


def _write_beside(parts: _Parts, out: Path, weights: str) -> None:
    """The Modelfile, and the licence and notices that the model came with."""
    from train.models.formats.write import read_generation

    conversion = parts.conversion
    licence = ""
    for folder in _folders(conversion)[::-1]:
        for path in filter(is_licence, folder.iterdir()):
            shutil.copyfile(path, out / path.name)
        licence = licence or licence_text(folder)
    style, frame = conversion.style, None
    if style is not None:
        eos = parts.tokenizer.special.get("eos")
        frame = chat_frame(style, parts.tokenizer.tokens[eos] if eos is not None else "")
    conversion.notes += list(_notes(parts, framed=frame is not None))
    text = modelfile(
        weights, style, frame, context=min(_CONTEXT, parts.settings["max_position_embeddings"]),
        generation=read_generation(conversion.source), licence=licence,
    )  # fmt: skip
    (out / "Modelfile").write_text(text, encoding="utf-8")


def _notes(parts: _Parts, *, framed: bool) -> Iterator[str]:
    style = parts.conversion.style
    if style is not None and not framed:
        yield f"prompt style {style.name} cannot be said in Ollama's template language: the Modelfile has none"
    tensors = parts.tensors
    if parts.kind == "q8_0" and any(
        len(shape := tensors.weights[name].shape) > 1 and shape[-1] % 32 for name in tensors.names
    ):
        yield "rows whose length is no multiple of 32 are written in float16: q8_0 has no place for them"


def _compare(parts: _Parts, path: Path, texts: Sequence[str], tolerance: float | None) -> EquivalenceCheck:
    """The logits of the source and of what the file holds."""
    from train.models.formats.equivalence import compare
    from train.models.formats.streamed import from_weights, open_adapter, open_model

    conversion = parts.conversion
    source = (
        open_adapter(conversion.source, conversion.base)
        if conversion.base is not None
        else open_model(conversion.source)
    )
    weights = written_weights(path, parts.tensors)
    second = from_weights(weights, path.parent, conversion.config, conversion.family, to="litgpt")
    stored = str(conversion.weights["model.embed_tokens.weight"].dtype).removeprefix("torch.")
    rounded = "" if parts.kind in (stored, "float32") and conversion.lora is None else parts.kind
    return compare(source, second, texts, tokenizer=parts.tokenizer_folder, tolerance=tolerance, rounded=rounded)
