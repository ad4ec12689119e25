"""The dataset card of a dataset folder: what is in it, where it is from, how good it is, what may be done with it."""

from __future__ import annotations

import json
import math
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from synth.export.arrow_schema import COLUMNS, DESCRIPTIONS, type_name
from synth.export.translations import Translations
from synth.ratings.calibration import DIMENSIONS, Calibration, judge_name
from synth.samples.schema import sample_fields, toxicity_fields
from synth.scorers.similarity import name_of_similarity

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
_SCORES = tuple(
    field.name for field in sorted(sample_fields(), key=lambda field: field.distribution) if field.distribution
)
_TOXICITY = toxicity_fields()
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
#: More days than this are counted by month.
_DAYS = 31
_TASKS = {"news_summary": ["summarization", "text-generation"], "translation": ["translation"]}
_SIZES = (("n<1K", 10**3), ("1K<n<10K", 10**4), ("10K<n<100K", 10**5), ("100K<n<1M", 10**6), ("1M<n<10M", 10**7))


class Tally:
    """What a card says of the samples, gathered one by one: eight bytes a sample and score, each article's link."""

    def __init__(self) -> None:
        self.rows = self.mismatched = self.edited = 0
        self.languages: Counter[str] = Counter()
        self.tasks: Counter[str] = Counter()
        self.days: Counter[str] = Counter()
        #: newspaper -> its samples; newspaper -> its articles.
        self.newspapers: Counter[str] = Counter()
        self.articles: defaultdict[str, set[str]] = defaultdict(set)
        self.article_days: defaultdict[str, set[str]] = defaultdict(set)
        self.scores: defaultdict[str, array[float]] = defaultdict(lambda: array("d"))
        #: (calibrated, field) -> values.
        self.toxicity: defaultdict[tuple[bool | None, str], array[float]] = defaultdict(lambda: array("d"))
        #: (language, score) -> its values: similarity, accuracy, 1 or 0 for an answer with all facts in its sources.
        self.by_language: defaultdict[tuple[str, str], array[float]] = defaultdict(lambda: array("d"))
        #: language -> names of the judges that scored its samples.
        self.judges: defaultdict[str, set[str]] = defaultdict(set)
        self.scored_by: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.unsupported: Counter[int] = Counter()
        self.unsupported_kinds: Counter[str] = Counter()
        self.personal: Counter[str] = Counter()
        self.contaminated: Counter[str] = Counter()
        self.translations = Translations()
        self.checked: Counter[str] = Counter()

    def add(self, sample: Mapping[str, Any]) -> None:
        self.rows += 1
        self.languages[str(sample.get("language") or "")] += 1
        self.tasks[str(sample.get("task") or "")] += 1
        self.edited += sample.get("status") == "edited"
        self.mismatched += sample.get("detected_language") not in (None, "unknown", sample.get("language"))
        if isinstance(sample.get("date"), datetime):
            self.days[f"{sample['date']:%Y-%m-%d}"] += 1
        self._add_sources(sample.get("sources") or [])
        self._add_scores(sample)
        self._add_checks(sample)
        self.translations.add(sample)
        language, facts = str(sample.get("language") or ""), sample.get("unsupported")
        supported = float(not facts) if isinstance(facts, list) else None
        for name in ("mean_similarity", "supported", "accuracy", "helpfulness"):
            value = supported if name == "supported" else _number(sample.get(name))
            if value is not None:
                self.by_language[(language, name)].append(value)

    def _add_sources(self, sources: Iterable[Mapping[str, Any]]) -> None:
        names = set()
        for source in sources:
            name = str(source.get("source_site") or "")
            names.add(name)
            self.articles[name].add(str(source.get("link") or ""))
            if isinstance(source.get("date"), datetime):
                self.article_days[name].add(f"{source['date']:%Y-%m-%d}")
        self.newspapers.update(names)

    def _add_scores(self, sample: Mapping[str, Any]) -> None:
        for name in _SCORES:
            if (value := _number(sample.get(name))) is not None:
                self.scores[name].append(value)
        for name in _TOXICITY:
            if (value := _number(sample.get(name))) is not None:
                self.toxicity[(sample.get("toxicity_calibrated"), name)].append(value)
        judge = sample.get("judge")
        if any(_number(sample.get(name)) is not None for name in DIMENSIONS):
            self.judges[str(sample.get("language") or "")].add(judge_name(judge))
        by = {
            "similarity": name_of_similarity(sample), "toxicity": sample.get("toxicity_model"),
            "judge": judge.get("model") if isinstance(judge, Mapping) else None,
        }  # fmt: skip
        for name, model in by.items():
            if model:
                self.scored_by[name][str(model)] += 1

    def _add_checks(self, sample: Mapping[str, Any]) -> None:
        if isinstance(facts := sample.get("unsupported"), list):
            self.checked["unsupported"] += 1
            self.unsupported[min(len(facts), 3)] += 1
            self.unsupported_kinds.update(map(str, sample.get("unsupported_kinds") or []))
        for name, field, counts in (
            ("personal_data", "kind", self.personal), ("contaminated", "set", self.contaminated)
        ):  # fmt: skip
            if isinstance(items := sample.get(name), list):
                self.checked[name] += 1
                # Samples, not places: one with three telephone numbers is one.
                counts.update({str(item.get(field) or "") for item in items if isinstance(item, Mapping)})


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def distribution(values: Sequence[float], rows: int) -> dict[str, Any]:
    """{scored, missing (share 0-1), low, quantiles, high, mean}; by nearest rank, None where none is scored."""
    ordered = sorted(values)
    summary: dict[str, Any] = {"scored": len(ordered), "missing": 1 - len(ordered) / rows if rows else 0.0}
    if not ordered:
        return summary | {"low": None, "quantiles": [None] * len(_QUANTILES), "high": None, "mean": None}
    places = [max(0, math.ceil(share * len(ordered)) - 1) for share in _QUANTILES]
    return summary | {
        "low": ordered[0], "quantiles": [ordered[i] for i in places], "high": ordered[-1],
        "mean": math.fsum(ordered) / len(ordered),
    }  # fmt: skip


def write_card(
    tally: Tally, manifest: Mapping[str, Any], *, title: str, license_id: str, shards: Mapping[str, int],
    calibration: Calibration | None = None,
) -> str:  # fmt: skip
    """The text of README.md.

    Args:
        manifest: the export's, with counts, filter, left_out, permission, made_by, warnings.
        license_id: as the hub knows it; `other` for none.
        shards: split -> number of its files.
        calibration: how far the store's judges were compared with people; None: nothing is known of that.
    """
    filter_text = json.dumps(manifest["filter"], ensure_ascii=False, indent=2)
    return card_environment().get_template("card.md.jinja").render(
        front=front_matter(tally, title, license_id, shards), title=title, license=license_id, manifest=manifest,
        tally=tally, filter_text=filter_text if manifest["filter"] else "",
        scores={name: distribution(tally.scores[name], tally.rows) for name in _SCORES},
        toxicity=_toxicity(tally), days=days(tally.days), newspapers=newspapers(tally),
        languages=_languages(tally, calibration or Calibration()),
        columns=[(name, type_name(kind), DESCRIPTIONS[name]) for name, kind in COLUMNS.items()],
        unchecked=_unchecked(tally), sides={name: manifest["counts"][name] for name in shards},
    )  # fmt: skip


def card_environment() -> Environment:
    """What cards are rendered with."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # No autoescape: the page is Markdown, in which `cell` escapes what would be markup.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters.update(cell=cell, whole=whole, real=real, percent=percent)
    return environment


def front_matter(tally: Tally, title: str, license_id: str, shards: Mapping[str, int]) -> str:
    """What the hub reads, in YAML."""
    import yaml

    files = [
        {"split": split, "path": f"data/{split}-*-of-{count:05}.parquet"} for split, count in shards.items() if count
    ]
    metadata: dict[str, Any] = {
        "pretty_name": title,
        # The code of Norwegian is a truth value to YAML: safe_dump quotes it.
        "language": sorted(code for code in tally.languages if re.fullmatch(r"[a-z]{2,3}", code)),
        "license": license_id,
        **({"license_name": "see-licence-note", "license_link": "#licence"} if license_id == "other" else {}),
        "task_categories": sorted(
            {category for task in tally.tasks for category in _TASKS.get(task, ["text-generation"])}
        ),
        "size_categories": [next((name for name, limit in _SIZES if tally.rows < limit), "10M<n<100M")],
        "configs": [{"config_name": "default", "data_files": files}],
    }
    return yaml.safe_dump(
        {name: value for name, value in metadata.items() if value != []},
        sort_keys=False,
        allow_unicode=True,
        width=1000,
    )


def _languages(tally: Tally, calibration: Calibration) -> list[dict[str, Any]]:
    """{name, samples, mean of each score or None, note on the judge's scores}, most samples first."""
    rows = []
    for name, samples in sorted(tally.languages.items(), key=lambda item: (-item[1], item[0])):
        means = {}
        for score in ("mean_similarity", "supported", "accuracy", "helpfulness"):
            values = tally.by_language[(name, score)]
            means[score] = math.fsum(values) / len(values) if values else None
        notes = {
            score: calibration.note(name, tally.judges[name], score) for score in DIMENSIONS if means[score] is not None
        }
        rows.append({"name": name or "unknown", "samples": samples, **means, "notes": notes})
    return rows


def _toxicity(tally: Tally) -> list[dict[str, Any]]:
    """Tables of the seven fields: of calibrated scores, of uncalibrated ones, of those that do not say."""
    names = {True: "calibrated for the language", False: "not calibrated for the language", None: "not said"}
    tables = []
    for calibrated, name in names.items():
        fields = {field: tally.toxicity[(calibrated, field)] for field in _TOXICITY}
        if any(fields.values()):
            tables.append({
                "name": name, "calibrated": calibrated,
                "fields": {field: distribution(values, len(values)) for field, values in fields.items() if values},
            })  # fmt: skip
    return tables


def _unchecked(tally: Tally) -> dict[str, float]:
    """Share (0-1) of samples that were not looked at, for each check."""
    counts = {name: tally.checked[name] for name in ("unsupported", "personal_data", "contaminated")}
    counts["toxicity"] = sum(len(values) for (_, field), values in tally.toxicity.items() if field == "toxicity")
    return {name: 1 - count / tally.rows if tally.rows else 0.0 for name, count in counts.items()}


def days(samples_by_day: Mapping[str, int]) -> list[tuple[str, int]]:
    """Samples by day, or by month where the days are many."""
    if len(samples_by_day) <= _DAYS:
        return sorted(samples_by_day.items())
    months: Counter[str] = Counter()
    for day, count in samples_by_day.items():
        months[day[:7]] += count
    return sorted(months.items())


class HasNewspapers(Protocol):
    """What is counted of newspapers."""

    newspapers: Counter[str]
    articles: defaultdict[str, set[str]]
    article_days: defaultdict[str, set[str]]


def newspapers(tally: HasNewspapers) -> list[dict[str, Any]]:
    """{name, samples, articles, first, last}, most samples first."""
    rows = []
    for name, samples in sorted(tally.newspapers.items(), key=lambda item: (-item[1], item[0])):
        dates = sorted(tally.article_days[name])
        rows.append({
            "name": name or "unknown", "samples": samples, "articles": len(tally.articles[name]),
            "first": dates[0] if dates else "–", "last": dates[-1] if dates else "–",
        })  # fmt: skip
    return rows


def cell(value: object) -> str:
    """A text that stays one cell of a Markdown table, and is no markup."""
    text = " ".join(str(value).split())
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", text) or "–"


def whole(value: int) -> str:
    """A count with commas."""
    return f"{value:,}"


def real(value: float | None) -> str:
    """A score with three digits; a dash for none."""
    return "–" if value is None else f"{value:.3f}"


def percent(share: float) -> str:
    """0.1234 -> 12.3 %."""
    return f"{share:.1%}".replace("%", " %")
