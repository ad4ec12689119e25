"""Numbers to one HTML page: no script, no font, no image, nothing fetched from anywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from synth.display import web
from synth.display.sample_card import SOURCE_CUT
from synth.fragments.tables import name_of_way
from synth.report.charts import draw_all, language_name
from synth.report.funnel import with_shares
from synth.report.translation_charts import draw_translations

CHECKS = {"duplicates": "Copies of other samples", "contaminated": "Found in evaluation sets",
          "personal_data": "Personal data"}  # fmt: skip
TEMPLATES = Path(__file__).parent / "templates"


def render(numbers: Mapping[str, Any]) -> str:
    """The page; every text is escaped by the template engine, charts are made here."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(
        whole=whole, real=real, day=day, moment=moment, language=language_name, words=words, paragraphs=paragraphs,
        web=web, percent=percent, share=share, seconds=seconds, gist=gist, dollars=dollars, way=name_of_way,
        signed=signed,
    )  # fmt: skip
    drawn = {**draw_all(numbers), **draw_translations(numbers["translations"])}
    charts = {name: Markup(svg) for name, svg in drawn.items()}
    style = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))
    steps = with_shares(numbers["funnel"]["steps"])
    return environment.get_template("page.html.jinja").render(
        **numbers, steps=steps, charts=charts, style=style, CHECKS=CHECKS, SOURCE_CUT=SOURCE_CUT
    )


def whole(value: int | None) -> str:
    """1234567 -> 1,234,567; a dash for what is not known."""
    return "–" if value is None else f"{value:,}"


def real(value: float | None, digits: int = 3) -> str:
    """0.7391 -> 0.739; a dash for what is not known."""
    # Adding 0.0 makes -0.0 of a rounded -0.001 plain 0.0.
    return "–" if value is None else f"{round(value, digits) + 0.0:.{digits}f}"


def signed(value: float | None) -> str:
    """0.312 -> +0.31, -0.1 -> −0.10; a dash for what is not known."""
    return "–" if value is None else f"{round(value, 2) + 0.0:+.2f}".replace("-", "\u2212")


def percent(value: float | None) -> str:
    """0.139 -> 14 %."""
    return "–" if value is None else f"{value * 100:.0f} %"


def share(value: float | None) -> str:
    """0.7254 -> 72.5 %; all but one is not 100 %."""
    if value is None:
        return "–"
    return f"{value * 100:.0f} %" if value in (0, 1) else f"{min(99.9, max(0.1, value * 100)):.1f} %"


def dollars(value: float | None, unit: str = " US$") -> str:
    """0.07483 -> 0.0748 US$, 1234.5 -> 1,234.50 US$."""
    if value is None:
        return "unknown"
    if 0 < value < 0.0001:
        return f"under 0.0001{unit}"
    return (f"{value:,.2f}" if value >= 1 or value == 0 else f"{value:.4f}") + unit


def seconds(value: float | None) -> str:
    """Seconds in words short enough for a table."""
    if value is None:
        return "–"
    if value < 100:
        return f"{value:.1f} s"
    return f"{value / 60:.0f} min" if value < 6000 else f"{value / 3600:.1f} h"


def day(value: str | None) -> str:
    """2024-01-09 -> 9 January 2024."""
    if not value:
        return ""
    when = date.fromisoformat(value)
    return f"{when.day} {when:%B %Y}"


def moment(value: str | None) -> str:
    """An ISO instant, in the zone it names -> 9 January 2024, 18:54 UTC."""
    if not value:
        return ""
    when = datetime.fromisoformat(value)
    return f"{when.day} {when:%B %Y, %H:%M %Z}"


def words(name: str) -> str:
    """in_no_event -> in no event."""
    return name.replace("_", " ").replace("/", " / ")


def paragraphs(text: str) -> list[str]:
    """The parts of a text that blank lines divide."""
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def gist(prompt: str) -> str:
    """What a prompt is about: its input, else its instruction, without the frame of the prompt style."""
    match = re.search(r"###? Input:\s*(.+?)(?=\n###? |\Z)", prompt, re.DOTALL)
    match = match or re.search(r"###? Instruction:\s*(.+?)(?=\n###? |\Z)", prompt, re.DOTALL)
    return " ".join((match.group(1) if match else prompt).split()).lstrip("-–•* ")
