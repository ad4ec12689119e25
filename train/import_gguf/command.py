"""`train import-gguf`: the weights, the tokenizer and the settings of a GGUF file as a checkpoint that can be tuned.

Quantised weights are made whole: a model of 4 bits is not the one that it was made of, and tuning begins there.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from train.atomic_files import folder_beside, take_place
from train.errors import TrainError
from train.licence import licences_of, pass_on
from train.models.formats.conversion import DTYPES
from train.models.gguf.folder import FORMS, RECORD, ImportRequest, import_gguf

EXAMPLE = """examples:
  train import-gguf SmolLM2-135M-Q8_0.gguf --out checkpoints/SmolLM2-135M
  train import-gguf model-00001-of-00003.gguf --out checkpoints/model --form huggingface"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `train import-gguf`."""
    parser.epilog = EXAMPLE
    parser.add_argument("file", type=Path, help="the GGUF file; of a model in parts, any of them")
    parser.add_argument("--out", type=Path, required=True, help="folder to write; replaced if this command wrote it")
    parser.add_argument("--form", choices=FORMS, default="both", help="the form to write: both (default) in one folder")
    parser.add_argument("--dtype", choices=DTYPES, help="type of the weights (the file's; bfloat16 if it is quantised)")
    parser.add_argument("--name", help="name of the model in model_config.yaml (found by sizes, else the folder's)")
    parser.add_argument("--pre", help="how the tokenizer cuts words, where an old file does not say: llama3, qwen2 …")


def main(options: argparse.Namespace) -> int:
    """Import one file."""
    check_out(options.out)
    request = ImportRequest(
        options.file, options.form, options.name or options.out.resolve().name, options.dtype, options.pre
    )
    with folder_beside(options.out) as temporary:
        record = import_gguf(request, temporary)
        # As `train convert --to gguf` puts them beside a file; a bare LICENSE may be of anything that lies there.
        if licences_of(beside := options.file.absolute().parent):
            pass_on([beside], temporary, options.out.resolve().name)
        take_place(temporary, options.out)
    if options.json:
        print(json.dumps({"out": str(options.out), **record}, ensure_ascii=False))
    else:
        print("\n".join(lines(options.out, record)))
    return 0


def check_out(out: Path) -> None:
    """Raises:
    TrainError: the folder holds something that no import wrote.
    """
    if out.exists() and not (out / RECORD).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise TrainError(f"{out} holds something that `train import-gguf` did not write: give another --out")


def lines(out: Path, record: dict[str, Any]) -> list[str]:
    """What the command prints of an import."""
    most = ", ".join(f"{name} {count / record['parameters']:.0%}" for name, count in record["quantisations"].items())
    loss = record["loss"]
    begin = f"{loss['with_begin']:.3f} with the begin token, " if "with_begin" in loss else ""
    logits = record.get("logits")
    described = record["described"]
    return [
        f"{out}: {record['model_type']}, {record['parameters']:,} weights ({most}) as {record['dtype']}",
        f"tokenizer: {record['tokenizer']['tokens']:,} tokens ({record['tokenizer']['kind']})",
        f"loss a token on {loss['tokens']} tokens of news: {begin}{loss['without_begin']:.3f} without",
        *([f"LitGPT's logits differ by {logits['max_difference']:.2g} at most"] if logits else []),
        *([f"licence, says the file: {described['license']}"] if "license" in described else []),
        *(f"note: {note}" for note in record["notes"]),
        f"{out}: {record['seconds']:.1f} s; next: train plan --config RECIPE, whose checkpoint_dir is this folder",
    ]
