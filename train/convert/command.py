"""`train convert`: LitGPT's checkpoints to Hugging Face's form and back, adapters merged or apart; both to GGUF.

What is written is compared with its source before it gets its name: `train.models.formats.equivalence`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from train.atomic_files import folder_beside, take_place
from train.convert.outcome import next_command, report
from train.errors import TrainError
from train.licence import pass_on
from train.models.checkpoint import sources_of
from train.models.formats.conversion import DTYPES, RECORD, ConversionRequest
from train.models.formats.folder import Converted, convert_folder

_UNITS = {"MB": 10**6, "GB": 10**9}
EXAMPLE = """examples:
  train convert --checkpoint out/tiny-news/final --out hf/tiny-news --to huggingface
  train convert --checkpoint out/tiny-news/final --out hf/tiny-news-lora --to huggingface --adapter apart --base hf/tiny
  train convert --checkpoint hf/tiny-news --out checkpoints/tiny-news --to litgpt
  train convert --checkpoint hf/tiny-news --out gguf/tiny-news --to gguf --dtype q8_0"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `train convert`."""
    parser.epilog = EXAMPLE
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder of a model or of an adapter")
    parser.add_argument("--out", type=Path, required=True, help="folder to write; replaced if this command wrote it")
    parser.add_argument(
        "--to", choices=("huggingface", "litgpt", "gguf"), required=True,
        help="the form to write; gguf: one file for llama.cpp, with a Modelfile for Ollama",
    )  # fmt: skip
    parser.add_argument(
        "--adapter", choices=("merged", "apart"), default="merged",
        help="of LoRA: the whole model (default), or the adapter alone (PEFT's form, LitGPT's .lora)",
    )  # fmt: skip
    parser.add_argument("--base", type=Path, help="the adapter's base model, in either form (as its settings name it)")
    parser.add_argument("--texts", type=Path, help="texts to compare on: an export, JSON lines, plain text (own ones)")
    parser.add_argument(
        "--tolerance", type=float, help="largest difference of a logit (default: what rounding explains; it is printed)"
    )
    parser.add_argument(
        "--dtype", type=dtype_named, metavar="{float32,bfloat16,float16,q8_0}",
        help="type of the weights (as they are); q8_0, half the size of float16, in GGUF only",
    )  # fmt: skip
    parser.add_argument("--style", help="prompt style it was tuned with (of prompt_style.yaml, or the chat template)")
    parser.add_argument("--name", help="name of the model in model_config.yaml, by which LitGPT goes (found by sizes)")
    parser.add_argument("--shard-size", default="2GB", help="largest file of weights: 500MB, 2GB (2GB)")


def check(options: argparse.Namespace) -> int:
    """Bytes of a file of weights, once the options are found sensible.

    Raises:
        TrainError: an option is out of range, or `out` is the source, a file, or a folder of something else.
    """
    shard = shard_bytes(options.shard_size)
    if options.dtype == "q8_0" and options.to != "gguf":
        raise TrainError("--dtype q8_0 is GGUF's: give --to gguf, or another type")
    if options.tolerance is not None and not options.tolerance >= 0:
        raise TrainError("--tolerance must be 0 at least")
    out = options.out
    if out.resolve() == options.checkpoint.resolve():
        raise TrainError(f"--out {out} is the checkpoint itself: give another folder")
    for folder in (out, out.with_name(f"{out.name}.failed")):
        if folder.exists() and not (folder / RECORD).is_file() and (not folder.is_dir() or any(folder.iterdir())):
            raise TrainError(f"{folder} holds something that `train convert` did not write: give another --out")
    return shard


def dtype_named(text: str) -> str:
    """The type of that name, llama.cpp's short names included (f32, f16, bf16, q8_0).

    Raises:
        argparse.ArgumentTypeError: there is none.
    """
    name = {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}.get(text.lower(), text.lower())
    if name not in (*DTYPES, "q8_0"):
        raise argparse.ArgumentTypeError(f"no type is called {text!r}: take one of {', '.join(DTYPES)}, q8_0")
    return name


def shard_bytes(text: str) -> int:
    """Bytes of 500MB or 2GB.

    Raises:
        TrainError: it is no such size.
    """
    number, unit = text.strip().upper()[:-2], text.strip().upper()[-2:]
    try:
        size = int(float(number) * _UNITS[unit])
    except (KeyError, ValueError, OverflowError):
        size = 0
    if size < 1:
        raise TrainError(f"--shard-size {text!r} is no size: give 500MB or 2GB")
    return size


def _convert(
    request: ConversionRequest, out: Path, options: argparse.Namespace, texts: list[str] | None, shard: int
) -> Converted:
    if request.to != "gguf":
        return convert_folder(request, out, texts=texts, tolerance=options.tolerance, shard=shard)
    from train.models.gguf.write import convert_to_gguf

    return convert_to_gguf(request, out, options.out.resolve().name, texts=texts, tolerance=options.tolerance)


def main(options: argparse.Namespace) -> int:
    """Convert one folder; status 1 where the result is not the source's equal."""
    shard = check(options)
    texts = None
    if options.texts is not None:
        from train.data.export_files import read_corpus

        texts = read_corpus([options.texts])
    request = ConversionRequest(
        options.checkpoint, options.to, options.adapter, options.base, options.dtype, options.style, options.name
    )
    with folder_beside(options.out) as temporary:
        result = _convert(request, temporary, options, texts, shard)
        pass_on(sources_of(options.checkpoint, options.base), temporary)
        out = options.out if not result.problems else options.out.with_name(f"{options.out.name}.failed")
        take_place(temporary, out)
    report(result, out, options.out, as_json=options.json, follow_up=next_command(result, out))
    return 1 if result.problems else 0
