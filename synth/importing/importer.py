"""An import on its way: the rows of each file are looked at, read as what they are, and stored some at a time."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from crawler.items import Article, RecordError
from synth.importing.articles import Reading, read_article
from synth.importing.card import Card, card_of
from synth.importing.conversation import Conversation
from synth.importing.formats import Format, Reader, formats
from synth.importing.recognition import ARTICLES, LOOK, Recognition, format_of, recognise, renamed
from synth.importing.rows import Row
from synth.importing.samples import Origin, sample_of, store_samples
from synth.importing.shapes import Profile, looks_like_article
from synth.importing.store import store
from synth.importing.summaries import ArticleIndex, summary_of
from synth.importing.unpack import FileError

if TYPE_CHECKING:
    from pymongo.database import Database

#: Articles or samples written together: so many, or so many characters of text.
_BATCH, _CHARACTERS = 500, 16_000_000
#: Refused rows shown on stderr before the rest is only counted.
_SHOWN = 5
#: Fields shown of a file of no format.
_NAMED = 12
#: The reason of rows in such a file.
UNKNOWN_FORMAT = "unknown_format"
#: What is said of a sample's outcome, so that it is not counted as an article's.
_OF_SAMPLES = "samples_"
#: Outcomes of a row that is an article, or a sample.
USED = ("stored", "updated", "unchanged", "taken_down", "samples_stored", "samples_updated", "samples_unchanged")


@dataclass
class Counts:
    """Outcomes of all rows, and of those that were read as samples."""

    all: Counter[str] = field(default_factory=Counter)
    samples: Counter[str] = field(default_factory=Counter)


class Target(Protocol):
    """Where the rows of a file go."""

    def add(self, name: str, row: Row) -> None:
        """Take a row.

        Raises:
            RecordError: why it is none of these.
        """

    def flush(self) -> None:
        """Write what there is."""


class Importer:
    """Reads files into a database; `counts` says what became of the rows."""

    def __init__(
        self, database: Database[dict[str, Any]], reading: Reading, run: str = "", format_name: str | None = None
    ) -> None:
        self.database, self.reading, self.run, self.format_name = database, reading, run, format_name
        self.counts = Counts()
        self.profile = Profile()
        self.readers: dict[str, SampleTarget] = {}
        self.index = ArticleIndex()
        self.articles = ArticleTarget(database, reading, self.counts, self.index)
        self._file = ""
        self._head: list[Row] = []
        self._characters = 0
        self._target: Target | None = None

    def read(self, path: str, rows: Iterable[tuple[str, Row]], format_name: str | None = None) -> None:
        """Take the rows of a path, file by file. What comes before a damage is stored.

        format_name: of these rows, whatever the import's is.
        """
        card, self._path_format = card_of(path), format_name or self.format_name
        try:
            for name, row in rows:
                if name != self._file:
                    self._begin(name, card)
                self._take(row)
        except FileError as error:
            self.counts.all[error.reason] += 1
            print(f"import: {path}: {error}; what came before it is stored", file=sys.stderr)
        self._begin("", card)
        self.articles.flush()
        for target in self.readers.values():
            target.flush()

    def finish(self) -> None:
        """Take what waited for rows of other files."""
        for target in self.readers.values():
            target.finish()

    @property
    def waiting(self) -> int:
        """Rows that were read, and of which it is not known yet what they give."""
        return sum(target.waiting for target in self.readers.values())

    def _begin(self, name: str, card: Card) -> None:
        """End the file at hand and go to another."""
        if self._target is None and self._head:
            self._decide()
        self._file, self.card, self._target = name, card, None
        self._head, self._characters = [], 0

    def _take(self, row: Row) -> None:
        self.profile.add(row.fields, self.reading.names)
        if self._target is not None:
            self._add(self._target, row)
            return
        self._head.append(row)
        self._characters += sum(len(value) for value in row.fields.values() if isinstance(value, str))
        if len(self._head) >= LOOK or self._characters >= _CHARACTERS:
            self._decide()

    def _decide(self) -> None:
        """Settle what the file's rows are, and take those that were looked at."""
        recognition = recognise((row.fields for row in self._head if row.error is None), self.reading.names)
        name = self._path_format or recognition.format or ARTICLES
        self._show(recognition, name)
        self._target = self.articles if name == ARTICLES else self._samples(formats()[name])
        if not recognition.format and not self._path_format and self._is_unknown():
            self._target = NoTarget()
        for row in self._head:
            self._add(self._target, row)
        self._head = []

    def _is_unknown(self) -> bool:
        """Whether the rows are of no format and no articles either; said once, with their fields."""
        rows = [row.fields for row in self._head if row.error is None and row.fields]
        if not rows or any(looks_like_article(row, self.reading.names) for row in rows):
            return False
        fields = ", ".join(list(dict.fromkeys(str(name) for row in rows for name in row))[:_NAMED])
        print(f"import: {self._file}: no known format; its fields: {fields}", file=sys.stderr)
        return True

    def _show(self, recognition: Recognition, name: str) -> None:
        """Say what the file is taken for, where that may be wrong: articles alone need no word."""
        if name != ARTICLES or self._path_format or recognition.mixture:
            print(f"import: {self._file}: {replace(recognition, format=name).line()}", file=sys.stderr)

    def _samples(self, form: Format) -> SampleTarget:
        origin = Origin(self.run, self._file, form.name, self.card.name, self.card.license,
                        self.reading.language or self.card.language)  # fmt: skip
        if form.name not in self.readers:
            self.readers[form.name] = SampleTarget(self.database, form, self.reading.names, self.counts, self.index)
        self.readers[form.name].origin = origin
        return self.readers[form.name]

    def _add(self, target: Target, row: Row) -> None:
        try:
            if row.error is not None:
                raise row.error
            target.add(self._file, row)
        except RecordError as error:
            refuse(self.counts, place_of(self._file, row.place), error, of_samples=target is not self.articles)


class NoTarget:
    """Where rows go that are of no format: they are counted."""

    def add(self, name: str, row: Row) -> None:  # noqa: ARG002  the file was named with its fields
        raise RecordError(UNKNOWN_FORMAT)

    def flush(self) -> None:
        """There is nothing to write."""


class ArticleTarget:
    """Articles on their way into the store, some at a time."""

    def __init__(
        self, database: Database[dict[str, Any]], reading: Reading, counts: Counts, index: ArticleIndex
    ) -> None:
        self.collection, self.reading, self.counts, self.index = database.articles, reading, counts, index
        self.batch: dict[str, Article] = {}
        self.characters = 0

    def add(self, name: str, row: Row) -> None:  # noqa: ARG002  samples name their file
        article = read_article(row.fields, self.reading)
        self.index.add(renamed(row.fields, self.reading.names), article.link)
        self.counts.all["repeated"] += article.link in self.batch
        self.batch[article.link] = article
        self.characters += len(article.content)
        if len(self.batch) >= _BATCH or self.characters >= _CHARACTERS:
            self.flush()

    def flush(self) -> None:
        """Write what there is."""
        self.counts.all += store(self.collection, self.batch)
        self.batch, self.characters = {}, 0


class SampleTarget:
    """Samples of one format on their way into the store."""

    def __init__(
        self, database: Database[dict[str, Any]], form: Format, names: Mapping[str, str], counts: Counts,
        index: ArticleIndex,
    ) -> None:  # fmt: skip
        self.database, self.form, self.names, self.counts, self.index = database, form, names, counts, index
        self.reader: Reader = form.reader()
        self.origin = Origin("", "", form.name)
        self.batch: dict[str, dict[str, Any]] = {}
        #: (place, origin, what is made of articles) of rows that wait for those.
        self.late: list[tuple[str, Origin, Conversation]] = []
        self.characters = self.waiting = 0

    def add(self, name: str, row: Row) -> None:
        fields = renamed(row.fields, self.names)
        if not self.form.fits(fields):
            raise RecordError("other_format", self._other(row.fields))
        position = place_of(name, row.place)
        conversations = list(self.reader.parse(fields, position))
        # Articles may still come: they are looked up at the end.
        late = [conversation for conversation in conversations if conversation.references]
        self.late += [(position, self.origin, conversation) for conversation in late]
        self.waiting += not conversations or bool(late)
        for conversation in conversations:
            if not conversation.references:
                self._put(conversation, row.place.removeprefix("row "), self.origin)

    def finish(self) -> None:
        """Take what waited."""
        for position, origin, conversation in self.late:
            self._put_late(position, origin, conversation)
        for position, item in self.reader.finish():
            self._put_late(position, replace(self.origin, file=position.rpartition(":")[0]), item)
        self.waiting, self.late = 0, []
        self.flush()

    def _put_late(self, position: str, origin: Origin, item: Conversation | RecordError) -> None:
        try:
            if isinstance(item, RecordError):
                raise item
            self._put(item, position.rpartition(":")[2], origin)
        except RecordError as error:
            refuse(self.counts, position, error, of_samples=True)

    def flush(self) -> None:
        """Write what there is."""
        outcomes = store_samples(self.database.samples, self.batch)
        self.counts.samples += outcomes
        self.counts.all += Counter({_OF_SAMPLES + name: count for name, count in outcomes.items()})
        self.batch, self.characters = {}, 0

    def _put(self, conversation: Conversation, position: str, origin: Origin) -> None:
        if conversation.references:
            sample = summary_of(self.database, conversation, position, origin, self.index)
        else:
            sample = sample_of(conversation, position, origin)
        if sample["key"] in self.batch:
            self.counts.samples["repeated"] += 1
            self.counts.all["repeated"] += 1
            return
        self.batch[sample["key"]] = sample
        self.characters += len(sample["question"]) + len(sample["answer"])
        if len(self.batch) >= _BATCH or self.characters >= _CHARACTERS:
            self.flush()

    def _other(self, fields: Mapping[str, Any]) -> str:
        name = format_of(fields, self.names)
        if name:
            return f"this is {name}, not {self.form.name}: read it with --format {name}"
        return f"not {self.form.title}; its fields: {', '.join(list(map(str, fields))[:12])}"


def place_of(name: str, position: str) -> str:
    """FILE:LINE."""
    return f"{name}:{position.removeprefix('row ')}"


def refuse(counts: Counts, position: str, error: RecordError, *, of_samples: bool) -> None:
    """Count a refused row, and name it as long as its reason has not come often."""
    counts.all[error.reason] += 1
    if of_samples:
        counts.samples[error.reason] += 1
    # Empty bodies are a fact of news sites and come in hundreds; anything else is the file's fault.
    count = counts.all[error.reason]
    if error.reason in ("empty_body", UNKNOWN_FORMAT) or count > _SHOWN:
        return
    more = f" (more such rows: only counted as {error.reason})" if count == _SHOWN else ""
    print(f"import: {position}: {error}{more}".encode(errors="backslashreplace").decode(), file=sys.stderr)
