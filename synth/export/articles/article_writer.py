"""Writing an export of articles: texts, their card, which articles they are, and the manifest."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from crawler.mongo import name_of
from synth.export.articles.article_selection import ArticleSelection, full_articles, select_articles
from synth.export.articles.article_text import article_text
from synth.export.dataset_card import card_environment, days, newspapers
from synth.export.formats import Layout
from synth.export.manifest import Settings, empty_message, manifest_of
from synth.export.writer import Writer, replace_export, sizes_of, write_text
from synth.stages.progress import progress_bar

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

_SIZES = (("n<1K", 10**3), ("1K<n<10K", 10**4), ("10K<n<100K", 10**5), ("100K<n<1M", 10**6))
#: Why an article is in no file, for people.
REASONS = {
    "taken_down": "it was taken down",
    "opted_out": "its site reserved its rights to text and data mining, in a way that machines can read",
    "teaser": "only its beginning can be read",
    "empty": "no text is left without captions and markup",
    "duplicate": "its body is that of another one",
    "near_duplicate": "it is a near copy of one that was published before",
    "over_limit": "more were found than asked for",
    "copy_in_training": "of the days held out, and a near copy of a training article",
    "event_in_training": "of the days held out, and on an event that a training article reports",
}


def export_articles(
    database: Store, folder: Path, settings: Settings, query: Mapping[str, Any], *, dry_run: bool = False
) -> dict[str, Any]:
    """Write the export of articles; its manifest. dry_run: only say what would be written.

    Raises:
        NewsmillError: the filter is wrong, names no article that can be exported, or the folder cannot be written.
    """
    selection = select_articles(database, query, settings)
    if not selection.rows:
        raise NewsmillError(empty_message(settings.filter, selection.left_out, name_of(database), of_articles=True))
    manifest = manifest_of(selection, selection.sides, settings, query)
    if dry_run:
        return manifest | {"files": {}}

    def write(partial: Path) -> dict[str, Any]:
        layout = Layout(partial, sizes_of(manifest))
        tally = ArticleTally()
        with Writer(layout, settings.formats) as writer:
            for article in _each(database, selection):
                writer.add(article, selection.sides[article["key"]])
                tally.add(article)
            files = writer.close()
        outcome = manifest | {"characters": tally.characters, "words": tally.words}
        card = write_article_card(outcome, tally, settings)
        return outcome | {"files": {**files, "text/README.md": write_text(partial / "text/README.md", card)}}

    return replace_export(folder, write)


def _each(database: Store, selection: ArticleSelection) -> Iterator[dict[str, Any]]:
    """The articles with their texts, and a progress bar.

    Raises:
        NewsmillError: some were removed or changed since they were selected: nothing is written.
    """
    count = 0
    with progress_bar("export", len(selection.rows)) as advance:
        for article in full_articles(database, selection.rows):
            text = article_text(article, selection.repeated)
            if text:
                yield {**article, "text": text, "sources": [{"link": article["link"]}]}
                count += 1
                advance(1)
    if count != len(selection.rows):
        raise NewsmillError(
            f"articles removed from the store meanwhile: {len(selection.rows) - count:,}: run it again; the export is "
            "unchanged"
        )


class ArticleTally:
    """What the card says of the articles, gathered one by one."""

    def __init__(self) -> None:
        self.characters = self.words = 0
        self.languages: Counter[str] = Counter()
        self.days: Counter[str] = Counter()
        self.newspapers: Counter[str] = Counter()
        self.articles: defaultdict[str, set[str]] = defaultdict(set)
        self.article_days: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, article: Mapping[str, Any]) -> None:
        site = str(article.get("source_site") or "")
        self.characters += len(article["text"])
        self.words += len(article["text"].split())
        self.languages[str(article.get("language") or "")] += 1
        self.newspapers[site] += 1
        self.articles[site].add(article["link"])
        if article.get("date"):
            day = f"{article['date']:%Y-%m-%d}"
            self.days[day] += 1
            self.article_days[site].add(day)


def write_article_card(manifest: Mapping[str, Any], tally: ArticleTally, settings: Settings) -> str:
    """The text of text/README.md, which the hub and `datasets` read."""
    import json

    import yaml

    rows = manifest["counts"]["rows"]
    sides = {name: side for name, side in manifest["counts"].items() if name != "rows"}
    front = {
        "pretty_name": settings.title,
        "language": sorted(code for code in tally.languages if 2 <= len(code) <= 3 and code.isascii()),
        "license": settings.license, "task_categories": ["text-generation"], "tags": ["news", "pretraining"],
        "size_categories": [next((size for size, limit in _SIZES if rows < limit), "1M<n<10M")],
        "configs": [{"config_name": "default", "data_files": [
            {"split": name, "path": f"{name}.jsonl"} for name, side in sides.items() if side["rows"]
        ]}],
    }  # fmt: skip
    return card_environment().get_template("text_card.md.jinja").render(
        front=yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=1000), title=settings.title,
        manifest=manifest, sides=sides, tally=tally, newspapers=newspapers(tally), days=days(tally.days),
        license=settings.license, filter_text=json.dumps(manifest["filter"], ensure_ascii=False, indent=2),
        reasons=[(REASONS[reason], count) for reason, count in manifest["left_out"].items()],
    )  # fmt: skip
