"""What is said of a file that gives neither articles nor samples: its fields beside those wanted, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from synth.importing.articles import NEEDED, has_value

#: Rows by whose fields a file is judged.
_LOOK = 100
#: What a row that prefers one answer to another holds.
_PAIR = frozenset(("chosen", "rejected"))
#: Fields named in a message.
_NAMED = 20
#: What to do with rows that are no articles.
_OF_ROWS = (
    "if they are questions and answers: --map question=NAME --map answer=NAME, or --format NAME for a known shape; "
    "if articles: --map link=NAME --map title=NAME --map content=NAME --map date=NAME"
)
#: Our field -> names that other tools and languages have for it, for a hint only: a guess is not stored.
_HINTS = {
    "link": ("href", "uri", "permalink", "source_url", "web_url", "webUrl", "address", "indirizzo", "lien", "enlace"),
    "title": ("headline", "titolo", "titre", "titulo", "título", "tieu_de", "tiêu đề", "name", "webTitle"),
    "content": ("testo", "contenuto", "articolo", "maintext", "article", "article_text", "full_text", "articleBody",
                "corpo", "texte", "contenu", "contenido", "texto", "noi_dung", "nội dung", "document"),
    "date": ("data", "time", "published", "publish_date", "date_publish", "published_at", "publishedAt", "pub_date",
             "pubDate", "publishing_date", "timestamp", "created_at", "datePublished", "fecha", "ngay", "ngày"),
}  # fmt: skip


def looks_like_article(row: Mapping[str, Any], names: Mapping[str, str]) -> bool:
    """Whether a row has a link, or a title and a text, under our names or those of other tools."""
    lower = {str(name).lower() for name in row}
    known = {
        name for name in NEEDED if has_value(row, name, names) or any(hint.lower() in lower for hint in _HINTS[name])
    }
    return "link" in known or {"title", "content"} <= known


class Profile:
    """What is known of the rows of a file: their fields, and how many are preference pairs."""

    def __init__(self) -> None:
        self.rows = 0
        self.fields: Counter[str] = Counter()
        self.pairs = 0
        self.articles = 0
        self.needed: Counter[str] = Counter()

    def add(self, row: Mapping[str, Any], names: Mapping[str, str]) -> None:
        """Look at a row; the first hundred say what the file is."""
        self.rows += 1
        if self.rows > _LOOK or not row:
            return
        self.fields.update(str(name) for name in row)
        self.needed.update(name for name in NEEDED if has_value(row, name, names))
        self.pairs += row.keys() >= _PAIR
        self.articles += looks_like_article(row, names)

    def explain(self, path: str, reasons: Mapping[str, int]) -> str:
        """Why a file gave no article: its fields beside those wanted, and what to do."""
        if not self.rows:
            return f"{path} holds no rows"
        if self.pairs and not self.needed["link"]:
            return (
                f"{path} holds preference pairs (chosen, rejected), {self.pairs / min(self.rows, _LOOK):.0%} of the "
                "first rows: a recipe trains on them as they are, --data.init_args.path FILE"
            )
        counted = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in sorted(reasons.items()))
        line = f"{path} holds no article and no sample: {counted}"
        if not self.fields:
            return line
        if not self.articles:
            return f"{line}; its fields: {self._named()}; {_OF_ROWS}"
        return f"{line}; its fields: {self._named()}; wanted: {', '.join(NEEDED)}{self._hint()}"

    def _named(self) -> str:
        names = list(self.fields)
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return ", ".join(names[:_NAMED]) + more

    def _hint(self) -> str:
        missing = [name for name in NEEDED if not self.needed[name]]
        if not missing:
            return ""
        return f"; nothing under {', '.join(missing)}: {' '.join(self._maps(missing))}"

    def _maps(self, missing: Iterable[str]) -> Iterable[str]:
        lower = {name.lower(): name for name in self.fields}
        for name in missing:
            near = next((lower[hint.lower()] for hint in _HINTS[name] if hint.lower() in lower), "NAME")
            yield f"--map {name}={near}" if " " not in near else f"--map '{name}={near}'"
