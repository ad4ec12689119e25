"""`train blind --texts`: the folder of sheets and their key."""

from __future__ import annotations

import argparse
import json
import re
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from train.atomic_files import write_whole
from train.blind.making import REFERENCES, asks_guess
from train.blind.page import sheet_page
from train.blind.pairing import comparisons, sides
from train.blind.ratings import is_marked
from train.blind.sheets import (
    HUMAN,
    REFERENCE,
    Item,
    Texts,
    draw,
    gather,
    names_of,
    order,
    sheet_csv,
    sheet_lines,
    sheet_rows,
    shuffled,
    spoken,
)  # fmt: skip
from train.blind.texts.forms import neutral, paragraphs
from train.blind.texts.human import MATCHES, Prompt, draw_articles, read_articles, request_shown
from train.blind.texts.lengths import equal, shorter, spread
from train.errors import TrainError

_VERSION = 2
_OURS = re.compile(r"rater-\d+\.(?:csv|jsonl|html)")


@dataclass
class _Material:
    """What sheets are made of: author -> prompt -> text, the prompts, the authors who are people."""

    texts: Texts
    prompts: dict[str, Prompt]
    left_out: int
    people: list[str] = field(default_factory=list)
    #: Prompt -> how it came to its article.
    matches: dict[str, str] = field(default_factory=dict)


def write_sheets(options: argparse.Namespace) -> dict[str, Any]:
    """The sheets in every form and their key; what was written, as `--json` prints it.

    Raises:
        TrainError: the texts or the export cannot be read, or a sheet that would be overwritten holds marks.
    """
    material = _material(options)
    _unify(material, options)
    items = shuffled(_pairs(material, options) if options.pairs else _texts(material, options), options.seed)
    names = names_of(items)
    turns = _sides(names, options)
    _clear(options.out)
    for rater in range(1, options.raters + 1):
        _write_sheet(names, turns.get(rater, {}), rater, options)
    # Last: sheets without their key are nobody's, sheets with another's would be read wrongly.
    write_whole(options.out / "key.json", _json(_key(material, names, turns, options)))
    return _outcome(material, items, options)


def _material(options: argparse.Namespace) -> _Material:
    material = _Material(*gather(options.texts, reference=not options.no_reference))
    if not options.pairs:
        names = draw(list(material.prompts), options.limit, options.seed)
        material.prompts = {name: material.prompts[name] for name in names}
    if options.human == REFERENCES:
        if REFERENCE not in material.texts:
            raise TrainError("the texts have no `reference`: give --human the export whose articles people wrote")
        material.people = [REFERENCE]
    elif options.human:
        _add_articles(material, Path(options.human), options.seed)
    return material


def _add_articles(material: _Material, path: Path, seed: int) -> None:
    """People's texts as one more author; requests that would tell them are shortened, or not shown."""
    draws = draw_articles(read_articles(path), list(material.prompts.values()), seed)
    articles = {name: article for name, (_, article) in draws.items()}
    material.matches = {name: how for name, (how, _) in draws.items()}
    if not articles:
        raise TrainError(f"{path} has no article of {_words(material)} for the prompts: give another export to --human")
    material.left_out += len(material.prompts) - len(articles)
    material.prompts = {name: prompt for name, prompt in material.prompts.items() if name in articles}
    material.texts[HUMAN] = {name: articles[name].text for name in material.prompts}
    _drop_same_reference(material)
    material.people = [HUMAN]
    for name, prompt in material.prompts.items():
        texts = [answers[name] for answers in material.texts.values()]
        shown = "" if material.matches[name] != MATCHES[0] else request_shown(prompt.request, texts)
        material.prompts[name] = replace(prompt, request=shown)


def _words(material: _Material) -> str:
    return " or ".join(sorted({prompt.language or "any language" for prompt in material.prompts.values()}))


def _drop_same_reference(material: _Material) -> None:
    """Where the reference is the article itself, it is one author and not two."""
    references, human = material.texts.get(REFERENCE, {}), material.texts[HUMAN]
    if any("".join(references.get(name, "").split()) == "".join(text.split()) for name, text in human.items()):
        del material.texts[REFERENCE]


def _unify(material: _Material, options: argparse.Namespace) -> None:
    """Give all texts one form, unless they are to stay as they were written."""
    for answers in material.texts.values():
        for name, prompt in material.prompts.items():
            text = _tidy(answers[name])
            answers[name] = text if options.as_written else neutral(text, prompt.language)


def _tidy(text: str) -> str:
    """Without white space around it and without runs of blank lines."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n")]
    return "\n".join(line for number, line in enumerate(lines) if line or (number and lines[number - 1]))


def _cut(texts: Sequence[str], language: str, options: argparse.Namespace) -> list[str]:
    """The texts that a rater compares, of one length unless told otherwise."""
    if not options.full_length:
        cut = equal(texts, language, options.max_words)
    elif options.max_words:
        cut = [shorter(text, options.max_words, language) for text in texts]
    else:
        cut = list(texts)
    return cut if options.as_written else [paragraphs(text, language) for text in cut]


def _texts(material: _Material, options: argparse.Namespace) -> list[Item]:
    items = []
    for name, prompt in material.prompts.items():
        texts = _cut([answers[name] for answers in material.texts.values()], prompt.language, options)
        items += [
            Item(name, (author,), prompt.request, (text,), prompt.language)
            for author, text in zip(material.texts, texts, strict=True)
        ]
    return items


def _pairs(material: _Material, options: argparse.Namespace) -> list[Item]:
    if len(material.texts) < 2:
        raise TrainError("--pairs needs two authors: two files, or one with references or --human")
    items = []
    for comparison in comparisons(list(material.prompts), list(material.texts), options.limit, options.seed):
        prompt = material.prompts[comparison.prompt]
        texts = _cut(
            [material.texts[author][comparison.prompt] for author in comparison.authors], prompt.language, options
        )
        items.append(Item(comparison.prompt, comparison.authors, prompt.request, (texts[0], texts[1]), prompt.language))
    return items


def _sides(names: Mapping[str, Item], options: argparse.Namespace) -> dict[int, dict[str, str]]:
    if not options.pairs:
        return {}
    authors = {name: (item.authors[0], item.authors[1]) for name, item in names.items()}
    return sides(authors, options.raters, options.seed)


def _clear(out: Path) -> None:
    """Take away the key and the sheets that an earlier run left.

    Raises:
        TrainError: a sheet of the folder holds marks; they would be lost, or be read with another key.
    """
    sheets = sorted(path for path in out.glob("rater-*") if path.is_file())
    for sheet in sheets:
        if is_marked(sheet):
            raise TrainError(f"{sheet} holds marks already: give another --out")
    try:
        for path in (out / "key.json", *(sheet for sheet in sheets if _OURS.fullmatch(sheet.name))):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise TrainError(f"cannot write {out}: {error.strerror or error}") from error


def _key(
    material: _Material, names: Mapping[str, Item], turns: Mapping[int, Mapping[str, str]], options: argparse.Namespace
) -> dict[str, Any]:
    key: dict[str, Any] = {
        "version": _VERSION, "kind": "pairs" if options.pairs else "texts", "seed": options.seed,
        "raters": options.raters, "authors": list(material.texts), "human": material.people,
        "items": {name: item.key_entry() for name, item in names.items()},
    }  # fmt: skip
    if options.pairs:
        key["sides"] = {str(rater): dict(sorted(by_item.items())) for rater, by_item in turns.items()}
    return key


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _write_sheet(names: Mapping[str, Item], turns: Mapping[str, str], rater: int, options: argparse.Namespace) -> None:
    """A rater's sheet as CSV, JSON lines and a page."""
    listed = order(list(names), options.seed, rater)
    turned = {name: names[name].turned(turns.get(name, "xy")) for name in listed}
    guess = asks_guess(options)
    rows = sheet_rows(turned, listed, rater, guess=guess)
    path = options.out / f"rater-{rater}"
    write_whole(path.with_suffix(".csv"), sheet_csv(rows))
    write_whole(path.with_suffix(".jsonl"), sheet_lines(rows))
    language = options.language or spoken(list(names.values()))
    write_whole(path.with_suffix(".html"), sheet_page(turned, rater, language, guess=guess))


def _outcome(material: _Material, items: Sequence[Item], options: argparse.Namespace) -> dict[str, Any]:
    by_prompt: dict[str, list[int]] = {}
    for item in items:
        by_prompt.setdefault(item.id, []).extend(len(text.split()) for text in item.texts)
    matches = Counter(how for name, how in material.matches.items() if name in by_prompt)
    spreads = [spread(counts) for counts in by_prompt.values() if min(counts)]
    return {
        "out": str(options.out), "kind": "pairs" if options.pairs else "texts", "texts": len(items),
        "prompts": len(by_prompt), "authors": sorted(material.texts), "human": material.people,
        "articles": {name: matches[name] for name in MATCHES if matches[name]},
        "left_out": material.left_out, "raters": options.raters, "guess": asks_guess(options),
        "length_difference": round(statistics.median(spreads), 3) if spreads else None,
    }  # fmt: skip


def summary(outcome: Mapping[str, Any]) -> str:
    """What was written, and what to do with it, for people."""
    out, left_out, pairs = outcome["out"], outcome["left_out"], outcome["kind"] == "pairs"
    what = f"{outcome['texts']} {'pairs of texts' if pairs else 'texts'} by {len(outcome['authors'])} authors"
    lines = [
        f"{out}: {what}, {outcome['raters']} sheets, key.json",
        f"{left_out} prompts left out that not every author answers" if left_out else "every prompt is answered by all",
    ]
    if outcome["articles"]:
        matches = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in outcome["articles"].items())
        lines.append(f"articles by people: {matches}")
    if outcome["guess"] and not outcome["human"]:
        lines.append("no author is a person: guesses will say whose texts pass for a person's; --human adds people's")
    if outcome["length_difference"]:
        lines.append(f"lengths of the texts of a prompt differ by {outcome['length_difference']:.0%} (median)")
    return "\n".join([
        *lines,
        f"next: give out the sheets, keep the key; then train blind --read {out}/rater-*.csv --key {out}/key.json",
    ])  # fmt: skip
