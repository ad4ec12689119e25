"""Terms of use that a model came under: kept beside it, and passed on to what is made of it.

A folder holds `licence/NAME/`: licence.json (name, title, link, notice, changes), NOTICE, and the terms themselves. Its
README.md, the model card, says so in words and in the line that hubs read.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from train.errors import TrainError

FOLDER = "licence"
_RECORD = "licence.json"
_TITLE = "## Licence"


@dataclass(frozen=True)
class Licence:
    """name: as hubs write it, such as gemma. notice: what the terms ask to be said with every copy."""

    name: str
    title: str
    link: str
    notice: str


def licences_of(folder: Path) -> dict[str, Licence]:
    """Name -> the terms that lie beside a model.

    Raises:
        TrainError: a record of them cannot be read.
    """
    licences: dict[str, Licence] = {}
    for path in sorted((folder / FOLDER).glob(f"*/{_RECORD}")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            licences[path.parent.name] = Licence(**{name: str(content[name]) for name in Licence.__dataclass_fields__})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TrainError(f"cannot read {path}, the terms that the model came under: {error}") from error
    return licences


def write_licence(licence: Licence, texts: Iterable[Path], out: Path, record: Mapping[str, str]) -> None:
    """Put the terms beside a model, and into its card. texts: the files of the terms. record: who accepted, when."""
    folder = out / FOLDER / licence.name
    folder.mkdir(parents=True)
    for text in texts:
        shutil.copyfile(text, folder / text.name)
    (folder / "NOTICE").write_text(licence.notice + "\n", encoding="utf-8")
    (folder / _RECORD).write_text(json.dumps({**asdict(licence), **record}, indent=2) + "\n", encoding="utf-8")
    write_card(out)


def pass_on(sources: Iterable[Path], out: Path, title: str | None = None) -> None:
    """The terms of all models that `out` was made of, beside it and in its card; nothing where there are none.

    Licences and notices that lie bare beside a model go along, too. title: of a card that is not there yet.
    """
    for source in sources:
        if not source.is_dir() or source.resolve() == out.resolve():
            continue
        for name in licences_of(source):
            shutil.copytree(source / FOLDER / name, out / FOLDER / name, dirs_exist_ok=True)
        for path in sorted(filter(is_licence, source.iterdir())):
            _copy(path, out)
    if licences_of(out):
        write_card(out, title)


def is_licence(path: Path) -> bool:
    """Whether a file's name says that it is a licence, a notice or terms, which go where the model goes."""
    name = path.stem.upper()
    return path.is_file() and any(word in name for word in ("LICENSE", "LICENCE", "NOTICE", "TERMS", "USE_POLICY"))


def _copy(path: Path, out: Path) -> None:
    """Under its own name, or where that is another text's beside the name of its folder."""
    target = out / path.name
    if target.is_file() and target.read_bytes() != path.read_bytes():
        target = out / f"{path.stem}-{path.parent.resolve().name}{path.suffix}"
    shutil.copyfile(path, target)


def write_card(out: Path, title: str | None = None) -> None:
    """README.md with the terms; what else stands in it stays."""
    path = out / "README.md"
    before = path.read_text(encoding="utf-8") if path.is_file() else f"# {title or out.name}\n"
    front, body = _parts(before)
    licences = licences_of(out)
    name = next(iter(licences)) if len(licences) == 1 else "other"
    front = [line for line in front if not line.startswith("license:")]
    words = [
        f"{licence.notice} It was changed from what its maker published: see the other files here. The terms "
        f"([{licence.title}]({licence.link})) lie in `{FOLDER}/{key}/` and go with every copy.\n"
        for key, licence in licences.items()
    ]
    body = body.partition(f"\n{_TITLE}\n")[0].rstrip("\n")
    head = "\n".join(["---", f"license: {name}", *front, "---"])
    path.write_text(f"{head}\n\n{body}\n\n{_TITLE}\n\n" + "\n".join(words), encoding="utf-8")


def _parts(card: str) -> tuple[list[str], str]:
    """Lines of the front matter, and the text below it."""
    if not card.startswith("---\n"):
        return [], card
    front, mark, body = card[4:].partition("\n---\n")
    return (front.splitlines(), body.lstrip("\n")) if mark else ([], card)
