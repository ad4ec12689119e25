"""What `synth query` says beside a judge's score: how far the judge was compared with people in that language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from synth.ratings.calibration import DIMENSIONS, Calibration, calibration_of, judge_name, score_of, unknown

if TYPE_CHECKING:
    from pymongo.database import Database

#: What a note is made from, besides the score.
_NEEDED = ("language", "judge.model", "judge.prompt")


class JudgeNotes:
    """Notes on rows of samples; ratings are read when the first score is shown."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self.database = database

    @cached_property
    def calibration(self) -> Calibration:
        return calibration_of(self.database)

    def needed(self, fields: Sequence[str]) -> list[str]:
        """Fields to ask for beside those that are shown, where a judge's score is among them."""
        if not any(name.partition(".")[0] in (*DIMENSIONS, "judge") for name in fields):
            return []
        return [name for name in _NEEDED if not {name, name.partition(".")[0]} & {*fields}]

    def card(self, sample: Mapping[str, Any], fields: Sequence[str] = ()) -> dict[str, Any]:
        """A sample for a card, each score with its note; what was asked for beside `fields` is taken out."""
        row = dict(sample)
        for name in DIMENSIONS:
            if note := self._note(sample, name):
                row[name] = f"{sample[name]}; {note}" if name in sample else note
        for name in self.needed(fields):
            row.pop(name.partition(".")[0], None)
        if "judge" in sample and any(name.startswith("judge.") for name in fields):
            shown = {name.partition(".")[2] for name in fields if name.startswith("judge.")}
            row["judge"] = {name: value for name, value in sample["judge"].items() if name in shown}
        return row

    def footnote(self, samples: Sequence[Mapping[str, Any]]) -> str:
        """One line on the scores of a table; "" where nothing must be said."""
        rows: dict[tuple[str, str], int] = {}
        for sample in samples:
            for name in DIMENSIONS:
                if self._note(sample, name):
                    language = str(sample.get("language") or "")
                    compared = self.calibration.compared(language, [judge_name(sample.get("judge"))], name)
                    key = (name, language or "no language")
                    rows[key] = min(compared, rows.get(key, compared))
        parts = [f"{name} in {language} {unknown(count)}" for (name, language), count in sorted(rows.items())]
        return f"agreement of the judge with people: {', '.join(parts)}; see synth judge --agreement" if parts else ""

    def _note(self, sample: Mapping[str, Any], dimension: str) -> str:
        judge = sample.get("judge")
        scores = judge.get(dimension) if isinstance(judge, Mapping) else None
        if score_of(sample.get(dimension)) is None and not scores:
            return ""
        return self.calibration.note_of(sample, dimension)
