"""The page of a sheet: one file that loads nothing, keeps marks in the browser and saves them as one CSV file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from train.blind.languages import words
from train.blind.sheets import COLUMNS, HIGHEST, LOWEST, SCALES, Item

_TEMPLATES = Path(__file__).parent / "templates"


def sheet_page(items: Mapping[str, Item], rater: int, language: str, *, guess: bool) -> str:
    """The HTML of a rater's sheet, in his order and with his sides; each text has the `lang` of its own."""
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    pairs = any(len(item.texts) == 2 for item in items.values())
    style, script = (_TEMPLATES.joinpath(f"blind.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    templates = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return templates.get_template("blind.html.jinja").render(
        words=words(language), page_language=language, rater=rater, pairs=pairs, guess=guess,
        marks=range(LOWEST, HIGHEST + 1), items=list(items.items()), policy=_policy(style, script),
        style=Markup(style), script=Markup(script), data=_data(items, rater, language, pairs=pairs, guess=guess),
    )  # fmt: skip


def _policy(style: str, script: str) -> str:
    """Only the page's own style and script, known by their hashes; no address is ever asked."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; base-uri 'none'; "
        "form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _data(items: Mapping[str, Item], rater: int, language: str, *, pairs: bool, guess: bool) -> dict[str, Any]:
    """What the script needs: the sheet's identity for the browser's storage, its questions and columns, words."""
    content = repr([rater, *((name, item.request, item.texts) for name, item in items.items())])
    fields = ["choice"] if pairs else [*SCALES, *(("guess", "confidence") if guess else ())]
    names = ("all", "one", "progress", "saved", "left", "restored", "foreign", "kept", "refused")
    return {
        "id": hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:16], "rater": rater,
        "kind": "pairs" if pairs else "texts", "file": f"rater-{rater}.csv", "fields": fields,
        "columns": list(COLUMNS["pairs" if pairs else "texts"]),
        "words": {name: words(language)[name] for name in names},
    }  # fmt: skip
