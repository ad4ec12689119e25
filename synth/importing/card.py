"""What a data set says of itself: its name, licence and language, from the card beside its files, or from its hub."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth.importing.tables import is_hub_name
from synth.outages import hub_messages

#: The YAML at the head of a card.
_HEAD = re.compile(r"\A\ufeff?---\s*\n(.*?)\n---\s*(?:\n|\Z)", re.DOTALL)
#: What datasets writes beside the rows that it saves.
_INFO = ("dataset_info.json", "dataset_infos.json")


@dataclass(frozen=True)
class Card:
    """name: of the data set; license: its identifier, "" unknown; language: the one language of its rows, if one."""

    name: str = ""
    license: str = ""
    language: str | None = None


def card_of(path: str) -> Card:
    """The card of a file, a folder, or a data set on a hub."""
    if path == "-":
        return Card()
    if is_hub_name(path):
        name = path.removeprefix("hf:")
        return _read(name, _of_hub(name.partition(":")[0]))
    file = Path(path)
    folder = file if file.is_dir() else file.parent
    name = file.resolve().name if file.is_dir() else file.name.partition(".")[0]
    return _read(name, _of_folder(folder))


def _read(name: str, head: Mapping[str, Any]) -> Card:
    languages = head.get("language")
    only = languages[0] if isinstance(languages, list) and len(languages) == 1 else languages
    return Card(name, _joined(head.get("license")), only if _is_code(only) else None)


def _joined(value: Any) -> str:
    return ", ".join(str(each) for each in value) if isinstance(value, list) else str(value or "")


def _is_code(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[a-z]{2}", value) is not None


def _of_folder(folder: Path) -> Mapping[str, Any]:
    """The head of the README of a folder, and what datasets has saved of it."""
    head: dict[str, Any] = {}
    for info in (folder / name for name in _INFO):
        head |= _json(info)
    for info in sorted(folder.glob(f"*/{_INFO[0]}"))[:1]:
        head = _json(info) | head
    readme = folder / "README.md"
    text = readme.read_text(encoding="utf-8", errors="replace") if readme.is_file() else ""
    return {name: head[name] for name in ("license", "language") if name in head} | _yaml(text)


def _json(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _yaml(text: str) -> dict[str, Any]:
    import yaml

    match = _HEAD.match(text)
    try:
        value = yaml.safe_load(match[1]) if match else {}
    except yaml.YAMLError:
        return {}
    return value if isinstance(value, dict) else {}


def _of_hub(name: str) -> Mapping[str, Any]:
    """The head of a card on the hub; nothing where it cannot be reached."""
    try:
        from huggingface_hub import DatasetCard

        with hub_messages():
            data: Mapping[str, Any] = DatasetCard.load(name).data.to_dict()
    except Exception:  # noqa: BLE001  a hub that is away is no reason not to read rows that are here
        return {}
    return data
