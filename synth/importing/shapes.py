"""What the rows of a file are: articles, or one of the public shapes of instruction data; what to say of others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from synth.importing.articles import NEEDED, has_value

#: Rows by whose fields a file is judged.
_LOOK = 100
#: Fields named in a message.
_NAMED = 20
#: Our field -> names that other tools and languages have for it, for a hint only: a guess is not stored.
_HINTS = {
    "link": ("href", "uri", "permalink", "source_url", "web_url", "webUrl", "address", "indirizzo", "lien", "enlace"),
    "title": ("headline", "titolo", "titre", "titulo", "título", "tieu_de", "tiêu đề", "name", "webTitle"),
    "content": ("testo", "contenuto", "articolo", "maintext", "article", "article_text", "full_text", "articleBody",
                "corpo", "texte", "contenu", "contenido", "texto", "noi_dung", "nội dung", "document"),
    "date": ("data", "published", "publish_date", "date_publish", "published_at", "publishedAt", "pub_date", "pubDate",
             "publishing_date", "timestamp", "created_at", "datePublished", "fecha", "ngay", "ngày"),
}  # fmt: skip


def _of_turns(field: str, *keys: str) -> Callable[[Mapping[str, Any]], bool]:
    def is_shape(row: Mapping[str, Any]) -> bool:
        turns = row.get(field)
        first = turns[0] if isinstance(turns, list) and turns else None
        return set(keys) <= first.keys() if isinstance(first, Mapping) else not keys and isinstance(first, str)

    return is_shape


def _of_fields(*names: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda row: set(names) <= row.keys()


#: Shape -> whether a row has it, the most special first.
SHAPES: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "ShareGPT (conversations of from and value)": _of_turns("conversations", "from", "value"),
    "OpenAI (messages of role and content)": _of_turns("messages", "role", "content"),
    "LIMA (conversations of texts)": _of_turns("conversations"),
    "preference pairs (chosen, rejected)": _of_fields("chosen", "rejected"),
    "Alpaca (instruction, input, output)": _of_fields("instruction", "output"),
    "Alpaca (instruction, response)": _of_fields("instruction", "response"),
    "prompts (prompt, completion)": _of_fields("prompt", "completion"),
    "prompts (prompt, response)": _of_fields("prompt", "response"),
    "questions (question, answer)": _of_fields("question", "answer"),
    "MURI (input, output)": _of_fields("input", "output"),
}


class Profile:
    """What is known of the rows of a file: their fields, and the shape of most."""

    def __init__(self) -> None:
        self.rows = 0
        self.fields: Counter[str] = Counter()
        self.shapes: Counter[str] = Counter()
        self.needed: Counter[str] = Counter()

    def add(self, row: Mapping[str, Any], names: Mapping[str, str]) -> None:
        """Look at a row; the first hundred say what the file is."""
        self.rows += 1
        if self.rows > _LOOK or not row:
            return
        self.fields.update(str(name) for name in row)
        self.needed.update(name for name in NEEDED if has_value(row, name, names))
        if shape := next((name for name, is_shape in SHAPES.items() if is_shape(row)), ""):
            self.shapes[shape] += 1

    def shape(self) -> tuple[str, float]:
        """(the shape of most rows, the share of rows that have it); ("", 0.0) where they have none of SHAPES."""
        if not self.shapes:
            return "", 0.0
        name, count = self.shapes.most_common(1)[0]
        return name, count / min(self.rows, _LOOK)

    def explain(self, path: str, reasons: Mapping[str, int]) -> str:
        """Why a file gave no article: its fields beside those wanted, and what to do."""
        if not self.rows:
            return f"{path} holds no rows"
        shape, share = self.shape()
        if shape and not self.needed["link"]:
            return (
                f"{path} holds no articles but instruction rows, {shape}, {share:.0%} of the first: "
                "a recipe trains on them as they are, --data.init_args.path FILE"
            )
        counted = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in sorted(reasons.items()))
        line = f"{path} holds no article: {counted}"
        if not self.fields:
            return line
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
