"""What lies beside a tuned model of the prompts it was tuned with: its style, the language in it, the system prompt.

LitGPT's prompt_style.yaml holds the name of a class and nothing else, and each command and library that copies a model
copies it. So a system prompt of the recipe's own is part of that name, as in an address: `ChatMLIt?system=Sii+breve`,
and so is the chat template of a model that was tuned in its own: `Own?template=eJx9…`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote_plus

#: Where runs before December 2026 kept the system prompt, and nobody read it: LitGPT's settings and ours.
_SETTINGS = ("hyperparameters.yaml", "recipe.yaml")


def tuned_name(style: str, system: str) -> str:
    """The name of a style's class with the system prompt in it; without a dot, at which LitGPT divides names."""
    return f"{style}{'&' if '?' in style else '?'}system={quote_plus(system).replace('.', '%2E')}"


def read_name(name: str) -> tuple[str, str | None]:
    """(class of the style, system prompt or None) of such a name."""
    return name.partition("?")[0], _part(name, "system")


def template_in(name: str) -> str:
    """The packed chat template in such a name; "" where there is none."""
    return _part(name, "template") or ""


def _part(name: str, key: str) -> str | None:
    query = name.partition("?")[2]
    return next(iter(parse_qs(query, keep_blank_values=True).get(key, ())), None)


def class_of(folder: Path) -> tuple[str, str]:
    """(module, class) that `prompt_style.yaml` of a folder names; ("", "") where there is none."""
    module, _, name = str(_read(folder / "prompt_style.yaml").get("class_path", "")).rpartition(".")
    return module, name


def system_of(folder: Path) -> str | None:
    """The system prompt that the folder's model was tuned with; "": with none; None: with its style's own."""
    _, system = read_name(class_of(folder)[1])
    return system if system is not None else next(_systems_in_settings(folder), None)


def _systems_in_settings(folder: Path) -> Iterator[str]:
    for name in _SETTINGS:
        data = _read(folder / name).get("data")
        settings = data.get("init_args") if isinstance(data, dict) else None
        if isinstance(settings, dict) and isinstance(settings.get("system"), str):
            yield settings["system"]


def _read(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; empty where there is none."""
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) else {}
