"""Instructions refused under each name, on labelled pairs of our own and on sound instructions for real articles.

    python benchmarks/reverse/bench_refusals.py [--half develop|report|all] [--data ../shared/data] [--errors]

The pairs (benchmarks/reverse/pairs/it.yaml, vi.yaml) are for fragments in the style of news: rules were chosen on those
of even number (`develop`), rates are reported on the others. `repeated` and `wrong_language` are made from the sound
ones: given twice in another form, and in the other language. Real: sound instructions by us for articles of
it_news_2024 and vi_vnmds, and each headline as a request for its own article.
"""

from __future__ import annotations

import argparse
import difflib
import json
import math
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from synth.reverse.refusals import NAMES, Repeats, refusals
from synth.reverse.refusals.dangling import is_dangling
from synth.reverse.refusals.table import instruction_table

PAIRS = Path(__file__).parent / "pairs"
LANGUAGES = ("it", "vi")
HEADLINES = {"it": "Scrivi un articolo di giornale dal titolo «{}».", "vi": "Viết bài báo với tiêu đề “{}”."}
#: Characters of a real fragment at most: a short article, or its beginning.
LONGEST = 2000


class Pair(NamedTuple):
    name: str
    instruction: str
    fragment: str
    language: str


def blocks(language: str) -> list[dict[str, object]]:
    return yaml.safe_load((PAIRS / f"{language}.yaml").read_text(encoding="utf-8"))


def pairs(half: str) -> Iterator[Pair]:
    """The labelled pairs of one half."""
    for language in LANGUAGES:
        other = blocks("vi" if language == "it" else "it")
        for number, block in enumerate(blocks(language)):
            if half != "all" and (number % 2 == 0) != (half == "develop"):
                continue
            for name, instructions in block.items():
                for text in instructions if name != "text" else ():
                    yield Pair(name, text, str(block["text"]), language)
            first = str(block["clean"][0])
            yield Pair("repeated", variant(first, number, language), str(block["text"]), language)
            yield Pair("wrong_language", str(other[number]["clean"][1]), str(block["text"]), language)


def variant(instruction: str, number: int, language: str) -> str:
    """The same instruction in another form."""
    polite = {"it": "Per favore, ", "vi": "Vui lòng "}[language] + instruction[0].lower() + instruction[1:]
    return [instruction, instruction.rstrip(".?") + " !", polite, instruction.upper()][number % 4]


def real(language: str, data: Path) -> Iterator[Pair]:
    """Sound instructions for real articles: our own, and each headline as a request."""
    file, field = {"it": ("it_news_2024/articles.jsonl", "content"), "vi": ("vi_vnmds/docs.jsonl", "text")}[language]
    rows = [json.loads(line) for line in (data / file).read_text(encoding="utf-8").split("\n") if line]
    own = yaml.safe_load((PAIRS / "real.yaml").read_text(encoding="utf-8"))[language]
    for number, instruction in own.items():
        yield Pair("ours", instruction, " ".join(rows[number][field].split())[:LONGEST], language)
    for row in rows:
        text = " ".join((row[field] or "").split())
        if len(text) >= 250:
            yield Pair("headline", HEADLINES[language].format(" ".join(row["title"].split())), text, language)


def fresh(language: str, data: Path) -> Iterator[Pair]:
    """Pairs on real articles that no rule was chosen on."""
    rows = rows_of(language, data)
    lead = {"it": "Scrivi la notizia secondo cui ", "vi": "Hãy viết bản tin rằng "}[language]
    for number, block in yaml.safe_load((PAIRS / "fresh.yaml").read_text(encoding="utf-8"))[language].items():
        text = rows[number][:LONGEST]
        for name, instructions in block.items():
            for instruction in instructions:
                yield Pair(f"fresh {name}", instruction, text, language)
        yield Pair("fresh leaked", lead + " ".join(text.split()[: {"it": 16, "vi": 22}[language]]), text, language)


def later(language: str, data: Path, half: str) -> Iterator[Pair]:
    """Pairs on other real articles: rules were mended on blocks of even position, `report` takes the others."""
    rows = rows_of(language, data)
    for position, (number, block) in enumerate(load("later")[language].items()):
        if half != "all" and (position % 2 == 0) != (half == "develop"):
            continue
        text = beginning(rows[number])
        for name, instructions in block.items():
            for instruction in instructions:
                yield Pair(f"later {name}", instruction, text, language)
        yield Pair("later repeated", variant(block["clean"][0], position, language), text, language)


def pointing(language: str) -> Iterator[tuple[str, bool]]:
    """(table row, whether it is judged to dangle) of instructions in other makers' style, by themselves."""
    table = instruction_table(language)
    for when, block in yaml.safe_load((PAIRS / "pointers.yaml").read_text(encoding="utf-8"))[language].items():
        for name, instructions in block.items():
            yield from ((f"{when}: {name}", is_dangling(text, table)) for text in instructions)


def load(name: str) -> dict[str, dict[int, dict[str, list[str]]]]:
    """Language -> row of the real set -> kind -> instructions."""
    pairs_of: dict[str, dict[int, dict[str, list[str]]]] = yaml.safe_load(
        (PAIRS / f"{name}.yaml").read_text(encoding="utf-8")
    )
    return pairs_of


def beginning(text: str) -> str:
    """The first sentences of a text: of its first 460 characters, up to the last stop."""
    head = text[:460]
    return head[: max(head.rfind(". "), head.rfind('." '), 200) + 1]


def rows_of(language: str, data: Path) -> list[str]:
    """The texts of a real set, white space folded."""
    file, field = {"it": ("it_news_2024/articles.jsonl", "content"), "vi": ("vi_vnmds/docs.jsonl", "text")}[language]
    lines = (data / file).read_text(encoding="utf-8").split("\n")
    return [" ".join((json.loads(line)[field] or "").split()) for line in lines if line]


def judge(pair: Pair) -> list[str]:
    repeats = Repeats()
    if pair.name == "later repeated":
        first = (str(block["clean"][0]) for block in load("later")[pair.language].values())
        repeats.add(
            max(first, key=lambda text: difflib.SequenceMatcher(None, text.lower(), pair.instruction.lower()).ratio())
        )
    if pair.name == "repeated":
        repeats.add(next(str(b["clean"][0]) for b in blocks(pair.language) if str(b["text"]) == pair.fragment))
    return refusals(pair.instruction, pair.fragment, pair.language, repeats=repeats)


def wilson(found: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval of a share."""
    centre, spread = found + z * z / 2, z * math.sqrt(found * (total - found) / total + z * z / 4)
    return (centre - spread) / (total + z * z), (centre + spread) / (total + z * z)


def rate(found: int, total: int) -> str:
    low, high = wilson(found, total)
    return f"{found}/{total} {found / total:.2f} [{low:.2f}, {high:.2f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("develop", "report", "all"), default="report")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--headlines", action="store_true", help="also the headlines and instructions of real.yaml")
    parser.add_argument("--errors", action="store_true", help="print the pairs that are judged wrongly")
    options = parser.parse_args()
    table: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    started, count = time.perf_counter(), 0
    everything = list(pairs(options.half))
    if options.data.exists():
        for read in (real, fresh) if options.headlines else (fresh,):
            everything += [pair for language in LANGUAGES for pair in read(language, options.data)]
        everything += [pair for language in LANGUAGES for pair in later(language, options.data, options.half)]
    for language in LANGUAGES:
        for name, hit in pointing(language):
            table[(name, language)][0] += hit
            table[(name, language)][1] += 1
    for pair in everything:
        names = judge(pair)
        sound = pair.name in ("clean", "ours", "headline", "fresh clean", "later clean")
        hit = bool(names) if sound else pair.name.removeprefix("fresh ").removeprefix("later ") in names
        table[(pair.name, pair.language)][0] += hit
        table[(pair.name, pair.language)][1] += 1
        count += 1
        if options.errors and hit == sound:
            print(pair.language, pair.name, names, "|", pair.instruction, "|", pair.fragment[:150])
    print(f"{options.half}: share refused under its own name (sound: under any), with Wilson's 95 % interval")
    print(f"{'pairs':24}{'it':32}{'vi':32}")
    pointers = [f"{when}: {name}" for when in ("developed", "afterwards") for name in ("dangling", "sound")]
    for name in ("clean", "ours", "headline", *NAMES, "fresh clean", *(f"fresh {name}" for name in NAMES),
                 "later clean", *(f"later {name}" for name in NAMES),
                 *pointers):  # fmt: skip
        cells = [rate(*table[(name, language)]) for language in LANGUAGES if table[(name, language)][1]]
        if cells:
            print(f"{name:24}" + "".join(f"{cell:32}" for cell in cells))
    print(f"{count / (time.perf_counter() - started):.0f} pairs a second")


if __name__ == "__main__":
    main()
