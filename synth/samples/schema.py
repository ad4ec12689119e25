"""Every field of the stored documents, stated once: samples, events, fragments and articles.

Filters and their hints, the Arrow schema of exports, the dataset card, `synth query`, the report, the types in
`synth.samples.documents` and docs/data-model.md are derived from these rows:

    python -m synth.samples.schema --write

Without `--write` the page goes to standard output, with `--types` the types. A redirect empties
`documents.py` before this starts, so nothing here reads that module.

A score states its fields beside its code: a module `synth.scorers.NAME` has `FIELDS`, a tuple of `Field`.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import inspect
import pkgutil
import typing
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import ModuleType, UnionType

from crawler.items import NEWSPAPERS, Article
from synth.samples.field import Field, Heading, dotted

__all__ = ["COLLECTIONS", "Field", "Heading", "dotted", "fields_of", "known_fields", "sample_fields"]

TASKS = ("news_summary", "translation", "reverse_instruction", "import")
STATUSES = ("new", "accepted", "edited", "rejected")
_SITES = tuple(sorted(newspaper.source_site for newspaper in NEWSPAPERS.values()))
#: Headings of the data model, in the order of the exported columns; those of new scores follow.
GROUPS = (
    "sample", "translation", "similarity", "coverage", "language", "faithful", "entailment", "toxicity", "judge",
    "duplicates", "evaluation sets", "personal data", "quality", "judge calls", "review",
)  # fmt: skip

_SOURCE = (
    Field("title", "string", "headline"),
    Field("link", "string", "canonical address"),
    Field("date", "timestamp", "instant of publication", optional=True),
    Field("content", "string", "paragraphs, joined by a blank line", column=False),
    Field("tags", "string", "topics", many=True, column=False),
    Field("source_site", "string", "newspaper, or host of an imported article", values=_SITES),
    Field("id", "string", "of the article in the store", column=False),
)
_PROVENANCE = (
    Field("run", "string", "run of the stage that made it"),
    Field("cluster", "any", "event in `clusters`"),
    Field("articles", "any", "articles of the event", many=True),
    Field("texts", "string", "sha256 of the event's texts"),
    Field("left_out", "record", "articles of the event that are no source", many=True, record="LeftOut", fields=(
        Field("link", "string", "address of the article"), Field("reason", "string", "why it is no source"),
    )),
    Field("calls", "string", "calls in `llm_calls`", many=True),
    Field("prompt", "string", "name and version of the prompt", column="prompt_version"),
    Field("model", "string", "what wrote the answer", column="model"),
    Field("translated_from", "string", "key of the sample that it was translated from"),
    Field("rewritten", "string", "kind of a request about words that was made anew, not translated"),
    Field("fragment", "string", "sha256 of the part of an article that is the answer"),
    Field("method", "string", "how the instruction was written: detour (by English) or native"),
    Field("task_prompt", "string", "kind of instruction, of synth/prompts/reverse_tasks.yaml", column="task_prompt"),
    Field("judge_model", "string", "what scored the instruction"),
    Field("translator", "string", "what translated it"),
    Field("score", "float64", "the score of the instruction", unit="0 to 5", column="instruction_score"),
    Field("tokens_by", "string", "what counted `question_tokens`"),
    Field("file", "string", "file that the row was imported from"),
    Field("line", "string", "its line, or number, there"),
    Field("format", "string", "what the row was read as", column="imported_as"),
    Field("dataset", "string", "name of the data set", column="dataset"),
    Field("license", "string", "licence of the row or of its data set", column="license"),
    Field("columns", "any", "other cells of the row"),
)  # fmt: skip

#: What a new sample holds, in the order of the exported columns.
NEW_SAMPLE = (
    Field("key", "string", "sha256 of what the sample is made from", required=1, card="first",
          table=Heading(10, "key")),
    Field("task", "string", "what the answer does", values=TASKS, required=2, card="head", table=Heading(40, "task")),
    Field("language", "string", "ISO 639-1 code of question and answer", required=5, optional=True, card="head",
          table=Heading(30, "in")),
    Field("date", "timestamp", "instant of the event's newest article, UTC", optional=True, card="first",
          table=Heading(20, "date")),
    Field("event", "string", "sha256 of the event's links", card="hidden"),
    Field("messages", "record", "system message, earlier turns, question and answer", many=True, stored=False, fields=(
        Field("role", "string", "system, user or assistant"), Field("content", "string", "its text"),
    )),
    Field("instruction", "string", "the short request; with the sources it makes up the question", card="hidden"),
    Field("system", "string", "system message; empty for none", column=False, card="first"),
    Field("history", "record", "earlier turns", many=True, record="Turn", column=False, card="hidden", fields=(
        Field("role", "string", "system, user or assistant"), Field("content", "string", "its text"),
    )),
    Field("conversation", "record", "messages that are more than texts: weights, tools, names, parts",
          record="Conversation", column=False, card="hidden", fields=(
        Field("roles", "string", "of each message: system, developer, user, assistant, tool, function", many=True),
        Field("weights", "float64", "of each message; null where it has none", many=True, optional=True),
        Field("calls", "int64", "messages that call a tool"),
        Field("messages", "string", "the messages in OpenAI's form, as JSON (synth/samples/turns.py)"),
        Field("extra", "string", "what stands beside them, such as tools, as JSON"),
    )),
    Field("question", "string", "the request, sources included", required=3, card="first"),
    Field("answer", "string", "what a model is to learn", required=4, card="first", table=Heading(130, "answer")),
    Field("tags", "string", "of the articles", many=True),
    Field("sources", "record", "the articles, without their texts, which the question holds", many=True,
          record="Source", fields=_SOURCE, card="merged", table=Heading(70, "src")),
    Field("injection", "string", "what in the sources tells a model what to do: prompt injection", many=True),
    Field("doubts", "string", "named reasons why a translation or an instruction may be wrong", many=True),
    Field("source_language", "string", "ISO 639-1 code of the language that the row was translated from"),
    Field("cluster_size", "int64", "articles in the event, near copies included", unit="articles", card="hidden"),
    Field("question_tokens", "int64", "tokens of the question for the model that answered", unit="tokens",
          optional=True),
    Field("status", "string", "new, accepted or edited", values=STATUSES, card="head", table=Heading(50, "status")),
    Field("superseded", "bool", "whether a newer sample of the same event took its place", column=False,
          card="merged"),
    Field("provenance", "record", "what made the sample", record="Provenance", fields=_PROVENANCE, column=False,
          card="hidden"),
    Field("created_at", "timestamp", "instant at which it was made", optional=True, column=False, card="hidden"),
)  # fmt: skip

_JUDGE = (
    Field("model", "string", "what judged", column="judge_model"),
    Field("prompt", "string", "name and version of its prompt", column="judge_prompt"),
    Field("repeats", "int64", "times it was asked", column="judge_repeats"),
    Field("accuracy", "float64", "every score it gave for accuracy", many=True, unit="0 to 5"),
    Field("helpfulness", "float64", "every score it gave for helpfulness", many=True, unit="0 to 5"),
    Field("calls", "string", "calls in `llm_calls`", many=True),
    Field("unread", "int64", "replies without a readable score"),
)
_UNTRANSLATED = (
    Field("language", "string", "ISO 639-1 code of the language that was wanted"),
    Field("engine", "string", "what was to translate it"),
    Field("prompt", "string", "name and version of what it was asked with"),
    Field("reason", "string", "language_bound, nothing_to_translate, refusal, truncated, untranslated …"),
    Field("detail", "string", "the reason in a sentence"),
    Field("calls", "string", "calls in `llm_calls` that were paid for it", many=True),
)
_REVIEW = (
    Field("decision", "string", "the decision that counts", values=("accept", "edit", "reject")),
    Field("raters", "string", "who decided so", many=True),
    Field("seconds", "float64", "time that they took together", unit="seconds"),
    Field("decided_at", "timestamp", "instant of the decision, by the server's clock"),
)
#: What judging, translation, deduplication and curation add, and what is computed of a new sample.
_ADDED = (
    Field("answer_length", "int64", "length of the answer", unit="characters", column=False, card="hidden",
          group="sample"),
    Field("qe", "float64", "quality of the translation by a model that needs no reference (COMET-Kiwi)", unit="0 to 1",
          group="translation", distribution=7),
    Field("round_trip_chrf", "float64", "chrF of the source and its translation back", unit="0 to 100",
          group="translation"),
    Field("round_trip_similarity", "float64", "cosine of the words of the source and its translation back",
          unit="0 to 1", group="translation"),
    Field("untranslated", "record", "why the row has no translation into a language: not tried again", many=True,
          record="Untranslated", column=False, card="hidden", group="translation", fields=_UNTRANSLATED),
    Field("accuracy", "float64", "the judge's mean score for accuracy, 0 to 5", unit="0 to 5", group="judge",
          distribution=5, table=Heading(110, "acc")),
    Field("acc_explanation", "string", "what the judge said of it", group="judge"),
    Field("helpfulness", "float64", "the judge's mean score for helpfulness, 0 to 5", unit="0 to 5", group="judge",
          distribution=6),
    Field("help_explanation", "string", "what the judge said of it", group="judge"),
    Field("judge", "record", "the judge's calls and all its scores", record="Judge", fields=_JUDGE, column=False,
          card="hidden", group="judge calls"),
    Field("duplicate_of", "string", "key of the sample that is kept instead", group="duplicates"),
    Field("duplicate_kind", "string", "exact, near or semantic", values=("exact", "near", "semantic"), card="hidden",
          group="duplicates"),
    Field("duplicate_score", "float64", "how alike the two are, 0 to 1", unit="0 to 1", card="hidden",
          group="duplicates"),
    Field("translation_group", "string", "the same for a sample and its translations: the smallest of their keys",
          card="hidden", group="duplicates"),
    Field("contaminated", "record", "[{set, row, overlap}] rows of evaluation sets that the sample repeats", many=True,
          record="Contamination", group="evaluation sets", fields=(
        Field("set", "string", "name of the evaluation set"), Field("row", "int64", "number of its row"),
        Field("overlap", "float64", "share of the row that the sample has", unit="0 to 1"),
    )),
    Field("superseded_by", "string", "key of the sample that took its place", column=False, group="duplicates"),
    Field("original_question", "string", "the question before a person first edited the sample", column=False,
          card="hidden", group="review"),
    Field("original_answer", "string", "the answer before a person first edited the sample", column=False,
          group="review"),
    Field("review", "record", "what people decided (synth review)", record="Review", column=False, card="hidden",
          group="review", fields=_REVIEW),
)  # fmt: skip

CLUSTER = (
    Field("event", "string", "sha256 of the links of its articles", card="first"),
    Field("first_date", "timestamp", "instant of its oldest article", optional=True, card="first",
          table=Heading(20, "first")),
    Field("last_date", "timestamp", "instant of its newest article", optional=True, card="first",
          table=Heading(30, "last")),
    Field("run", "string", "run that found it", card="first"),
    Field("links", "string", "addresses of its articles", many=True, card="first", table=Heading(60, "links")),
    Field("language", "string", "ISO 639-1 code", optional=True, card="head", table=Heading(40, "in")),
    Field("size", "int64", "articles in the event", unit="articles", card="head", table=Heading(50, "size")),
    Field("number", "int64", "of the event in its run", table=Heading(10, "number")),
    Field("fingerprint", "string", "of what the vectors were made with"),
    Field("articles", "any", "ids of its articles", many=True, card="hidden"),
    Field("texts", "string", "sha256 of the texts of its articles", card="hidden"),
    Field("embedder", "string", "what made the vectors", card="hidden"),
    Field("linkage", "string", "average, complete or single", card="hidden"),
    Field("threshold", "float64", "distance below which articles belong together", unit="cosine distance",
          card="hidden"),
    Field("window", "float64", "days within which articles are compared", unit="days", optional=True, card="hidden"),
    Field("created_at", "timestamp", "instant at which it was found", card="hidden"),
    Field("current", "bool", "whether it is of the newest run of its language", card="hidden"),
    Field("pending", "bool", "whether its run is still writing", card="hidden"),
)  # fmt: skip

FRAGMENT = (
    Field("key", "string", "sha256 of the fragment, the way of asking, the models and the prompts", card="first",
          table=Heading(10, "key")),
    Field("fragment", "string", "sha256 of the link, of where it stands and of its text", card="hidden"),
    Field("article", "string", "id of the article that it is from", card="hidden"),
    Field("link", "string", "address of the article", card="first"),
    Field("title", "string", "headline of the article", card="first"),
    Field("source_site", "string", "newspaper, or host of an imported article", card="head",
          table=Heading(30, "newspaper")),
    Field("section", "string", "section of the newspaper", card="head"),
    Field("date", "timestamp", "instant of publication", optional=True, card="first", table=Heading(20, "date")),
    Field("tags", "string", "topics of the article", many=True),
    Field("language", "string", "ISO 639-1 code", card="head", table=Heading(40, "in")),
    Field("start", "int64", "where it begins in the article's content", unit="characters"),
    Field("end", "int64", "where it ends", unit="characters"),
    Field("text", "string", "the fragment, to the byte", card="first"),
    Field("kind", "string", "article, lead or paragraph", table=Heading(50, "kind")),
    Field("genre", "string", "news, interview, opinion, sport, business, science or culture"),
    Field("words", "int64", "length", unit="words"),
    Field("event", "string", "sha256 of the links of its event; empty for none", card="hidden"),
    Field("method", "string", "detour (by English) or native", values=("detour", "native"), card="head"),
    Field("task_prompt", "string", "kind of instruction, of synth/prompts/reverse_tasks.yaml", card="head",
          table=Heading(60, "task prompt")),
    Field("single_prompt", "string", "name of the one task prompt of all fragments of a comparison; else empty"),
    Field("seed", "int64", "what drew it", card="hidden"),
    Field("turn", "int64", "place in the draw", card="hidden"),
    Field("llm", "string", "what wrote the instruction"),
    Field("judge_llm", "string", "what scored it"),
    Field("translator", "string", "what translated; empty without a detour"),
    Field("prompt", "string", "names and versions of the prompts"),
    Field("state", "string", "how far it is", card="head", table=Heading(70, "state"),
          values=("drawn", "judged", "kept", "below_lambda", "refused", "unread", "unusable", "excluded")),
    Field("reason", "string", "why it is no sample; empty for none", card="first", table=Heading(90, "reason")),
    Field("refusals", "string", "all that is wrong with the instruction", many=True),
    Field("english", "string", "the fragment in English"),
    Field("instruction_english", "string", "the instruction in English"),
    Field("instruction", "string", "the instruction in the fragment's language", card="first",
          table=Heading(100, "instruction")),
    Field("score", "float64", "the judge's score", unit="0 to 5", optional=True, table=Heading(80, "score")),
    Field("explanation", "string", "what the judge said of it"),
    Field("calls", "record", "calls in `llm_calls`, by step", record="FragmentCalls", card="hidden", fields=(
        Field("translation", "string", "the fragment into English", many=True),
        Field("instruction", "string", "the instruction", many=True), Field("judge", "string", "its score", many=True),
        Field("translation_back", "string", "the instruction into the fragment's language", many=True),
    )),
    Field("run", "string", "run that asked", card="hidden"),
    Field("drawn_at", "timestamp", "instant of the draw", card="hidden"),
    Field("finished_at", "timestamp", "instant at which it was finished", card="hidden"),
)  # fmt: skip

#: What the store adds to `crawler.items.Article`.
_ARTICLE_ADDED = (
    Field("also_at", "string", "other addresses of the same text", many=True),
    Field("permission", "record", "what the site permits", record="Permission", card="hidden", fields=(
        Field("robots", "bool", "whether robots.txt allows it", optional=True),
        Field("opt_out", "bool", "whether rights to text and data mining are reserved", optional=True),
        Field("evidence", "any", "where that stands"),
        Field("checked_at", "timestamp", "instant of the check", optional=True),
    )),
)  # fmt: skip
#: How `synth query` shows an article: the item itself says nothing of that.
_ARTICLE_CARD = {
    "head": ("source_site", "language", "section"),
    "first": ("link", "title", "description", "date", "authors", "tags", "content"),
    "hidden": ("content_hash", "crawled_at", "kind", "permission", "date_modified", "location", "revision"),
}  # fmt: skip
_ARTICLE_TABLE = {
    "date": Heading(10, "date"), "source_site": Heading(20, "newspaper"), "language": Heading(30, "in"),
    "section": Heading(40, "section"), "title": Heading(50, "title"), "link": Heading(60, "link"),
}  # fmt: skip
_ARTICLE_VALUES = {"source_site": _SITES, "access": ("free", "teaser")}


@functools.cache
def sample_fields() -> tuple[Field, ...]:
    """Every field of a sample, in the order of the exported columns."""
    fields = [dataclasses.replace(field, group="sample") for field in NEW_SAMPLE]
    order = {group: rank for rank, group in enumerate(GROUPS)}
    return tuple(sorted((*fields, *_scorer_fields(), *_ADDED), key=lambda field: order.get(field.group, len(order))))


def toxicity_fields() -> tuple[str, ...]:
    """Names of the scores of toxicity, the general one first."""
    return tuple(field.name for field in sample_fields() if field.group == "toxicity" and field.type == "float64")


def _scorer_fields() -> Iterator[Field]:
    """`FIELDS` of each module in the folder of scorers: no list of them stands anywhere."""
    package = importlib.import_module("synth.scorers")
    for name in sorted(module.name for module in pkgutil.iter_modules(package.__path__)):
        for field in getattr(importlib.import_module(f"synth.scorers.{name}"), "FIELDS", ()):
            yield dataclasses.replace(field, group=field.group or name.replace("_", " "))


@functools.cache
def article_fields() -> tuple[Field, ...]:
    """Every field of an article: those of `crawler.items.Article`, in the order in which a card shows them."""
    added = {field.name: field for field in _ARTICLE_ADDED}
    own = {item.name: _of_item(item) for item in dataclasses.fields(Article) if item.name not in added}
    fields = own | added
    ordered = [name for names in _ARTICLE_CARD.values() for name in names]
    order = [*ordered, *(name for name in fields if name not in ordered)]
    return tuple(_shown_article_field(fields[name]) for name in order)


def _shown_article_field(field: Field) -> Field:
    card = next((card for card, names in _ARTICLE_CARD.items() if field.name in names), "rest")
    values = _ARTICLE_VALUES.get(field.name, ())
    return dataclasses.replace(field, card=card, table=_ARTICLE_TABLE.get(field.name), values=values)


def _of_item(item: dataclasses.Field[object]) -> Field:
    """A field of the article's dataclass: its type from the annotation, its description from the metadata."""
    hint = typing.get_type_hints(Article)[item.name]
    inner = [part for part in typing.get_args(hint) if part is not type(None)]
    optional = isinstance(hint, UnionType) and len(inner) == 1
    many = typing.get_origin(hint) is list
    names: dict[object, str] = {
        str: "string", float: "float64", int: "int64", bool: "bool", datetime: "timestamp",
    }  # fmt: skip
    kind = names.get(inner[0] if optional or many else hint, "any")
    description = item.metadata.get("description") or _comments().get(item.name, "")
    return Field(item.name, kind, description, many=many, optional=optional)


@functools.cache
def _comments() -> dict[str, str]:
    """Field of Article -> the `#:` comment above it."""
    comments: dict[str, str] = {}
    lines: list[str] = []
    for line in inspect.getsource(Article).splitlines():
        if (text := line.strip()).startswith("#:"):
            lines.append(text.removeprefix("#:").strip())
        else:
            comments[text.partition(":")[0]] = " ".join(lines).rstrip(".")
            lines = []
    return comments


#: Collections whose fields are known.
COLLECTIONS = ("articles", "clusters", "fragments", "samples")


def fields_of(collection: str) -> tuple[Field, ...]:
    """The rows of a collection's documents."""
    if collection in ("clusters", "fragments"):
        return CLUSTER if collection == "clusters" else FRAGMENT
    return article_fields() if collection == "articles" else sample_fields()


@functools.cache
def known_fields(collection: str = "samples") -> frozenset[str]:
    """Names that a filter may use, inner ones as `sources.title`."""
    return frozenset(name for name, _ in dotted(fields_of(collection))) | {"_id"}


def _main(words: list[str]) -> None:
    """Print the page or, with --types, the types; with --write [ROOT] put both in their places in a checkout."""
    from synth.samples.data_model import page, types, write_both

    tables = {collection: fields_of(collection) for collection in COLLECTIONS}
    if "--write" in words:
        root = words[words.index("--write") + 1 :] or [str(Path(__file__).parents[2])]
        write_both(Path(root[0]), tables, NEW_SAMPLE)
    else:
        print(types(tables, NEW_SAMPLE) if "--types" in words else page(tables), end="")


if __name__ == "__main__":
    import sys

    # Scorers import `synth.samples.sample`, and that one what is written here: it may be empty or broken by now.
    stand_in = ModuleType("synth.samples.documents")
    stand_in.NewSample = type("NewSample", (), {})  # type: ignore[attr-defined]
    sys.modules[stand_in.__name__] = stand_in
    _main(sys.argv[1:])
