"""Facts that no source has: how many of the errors made on purpose are found, and how many alarms are false.

Summaries of real events (people's of vi_vnmds, Mixtral's of it_news_2024, and extractive ones of both) get one number,
one name or one sentence of another event put in; found means that this very place is named. "Elsewhere" leaves out the
errors whose words stand in the sources anyway, which no look-up can find. Alarms on a summary as it was are false or
real errors of its writer; extractive ones have none, so each of theirs is false. Alarms beside the error in a corrupted
sentence of theirs are false, too. What was tuned was tuned on every other event; the others are reported.

Beside it a baseline: digits and capitalised words that stand in no source as they are.
And the time of it, for texts that are meant to take long as well.
Run: python benchmarks/scores/bench_faithful.py [--half report|tuning] [--limit N] [--show N] [--shared FOLDER]
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.helpers.corruptions import KINDS, Corrupted, corrupt
from crawler.items import parse_date
from synth.language.segmentation import sentences
from synth.llm.extractive.summarizer import Document, summarize
from synth.scorers.faithful.evidence import Evidence
from synth.scorers.faithful.judgement import WEAK, sentence_support

ROOT = Path(__file__).resolve().parents[2]
HALVES = {"tuning": slice(0, None, 2), "report": slice(1, None, 2)}

#: (start, end) of what is wrong in an answer.
Alarms = list[tuple[int, int]]


class Case(NamedTuple):
    """An answer and its sources; `key` is its event."""

    key: str
    answer: str
    sources: list[dict[str, Any]]
    language: str


def vietnamese(folder: Path) -> Iterator[Case]:
    """People's summaries of vi_vnmds, two an event."""
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    articles: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in (folder / "docs.jsonl").open(encoding="utf-8"):
        row = json.loads(line)
        date = datetime.strptime(row["time"], "%d/%m/%Y %H:%M").replace(tzinfo=zone)
        articles[row["cluster"]].append({"title": row["title"], "content": row["text"], "date": date})
    for row in map(json.loads, (folder / "refs.jsonl").open(encoding="utf-8")):
        for name in ("ref1", "ref2"):
            yield Case(row["cluster"], row[name], articles[row["cluster"]], "vi")


def italian(folder: Path) -> Iterator[Case]:
    """Mixtral's summaries, those in Italian; their sources are as they were given to it, some of other events."""
    articles = [json.loads(line) for line in (folder / "articles.jsonl").open(encoding="utf-8")]
    for number, row in enumerate(map(json.loads, (folder / "reference_samples.jsonl").open(encoding="utf-8"))):
        sources = [articles[index] for index in row["sources"]]
        documents = [
            {"title": each["title"], "content": each["content"] or "", "date": _date(each["date"])} for each in sources
        ]
        if re.search(r"\b(?:il|che|della)\b", row["answer"]) and not re.search(r"\bthe\b", row["answer"]):
            yield Case(str(number), row["answer"], documents, "it")


def _date(printed: str) -> datetime | None:
    try:
        return parse_date(printed, "Europe/Rome")  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return None


def extractive(cases: Sequence[Case]) -> Iterator[Case]:
    """The same events, summarised in the sources' own sentences."""
    keys = set()
    for case in cases:
        if case.key not in keys:
            keys.add(case.key)
            documents = [Document(each["title"], each["content"], each["date"]) for each in case.sources]
            if answer := summarize(documents, case.language):
                yield case._replace(answer=answer)


# ---- what names errors


def ours(case: Case) -> Alarms:
    return [
        (fact.start, fact.end)
        for fact in Evidence(case.sources).facts(case.answer, case.language)
        if not fact.supported
    ]


_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]\w*")


def naive(case: Case) -> Alarms:
    """Digits, and capitalised words that begin no sentence, that no source has letter by letter."""
    source_tokens = {token for each in case.sources for token in _TOKEN.findall(f"{each['title']} {each['content']}")}
    alarms = []
    for match in _TOKEN.finditer(case.answer):
        begins = match.start() == 0 or case.answer[: match.start()].rstrip()[-1:] in ".!?:\n"
        fact = match.group()[0].isdigit() or (match.group()[0].isupper() and not begins)
        if fact and match.group() not in source_tokens:
            alarms.append(match.span())
    return alarms


METHODS: dict[str, Callable[[Case], Alarms]] = {"ours": ours, "as they stand": naive}


def support_alarms(case: Case, threshold: float = WEAK) -> Alarms:
    """Sentences that no source supports."""
    _, support = sentence_support(case.answer, case.sources, case.language)
    alarms, at = [], 0
    for sentence, value in zip(sentences(case.answer, case.language), support, strict=True):
        at = max(at, case.answer.find(sentence, at))
        if value < threshold:
            alarms.append((at, at + len(sentence)))
        at += len(sentence)
    return alarms


# ---- counting


def corrupted_cases(cases: Sequence[Case], seed: int = 5) -> Iterator[tuple[Case, Corrupted]]:
    """Each case with each kind of error once, where it can have it."""
    rng = random.Random(seed)
    for case in cases:
        donors = [rng.choice(cases) for _ in range(8)]
        texts = [donor.answer for donor in donors if donor.key != case.key]
        for kind in KINDS:
            corruption = corrupt(case.answer, kind, texts, case.language, rng)
            if corruption is not None:
                yield case._replace(answer=corruption.text), corruption


def overlaps(alarms: Alarms, corruption: Corrupted) -> bool:
    return any(start < corruption.end and corruption.start < end for start, end in alarms)


def is_elsewhere(case: Case, corruption: Corrupted) -> bool:
    """Whether all the words that were put in stand in the sources anyway."""
    source_text = " ".join(f"{each['title']} {each['content']}" for each in case.sources)
    words = corruption.text[corruption.start : corruption.end].split()
    return all(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", source_text) for word in words)


def measure(cases: Sequence[Case], method: Callable[[Case], Alarms]) -> dict[str, float]:
    """Recall by kind of error, and alarms a summary as it was."""
    hits: Counter[str] = Counter()
    total: Counter[str] = Counter()
    beside = 0
    before = {(case.key, case.answer): len(method(case)) for case in cases}
    for case, corruption in corrupted_cases(cases):
        alarms = method(case)
        hit = overlaps(alarms, corruption)
        for name in (
            corruption.kind,
            *(() if is_elsewhere(case, corruption) else (f"{corruption.kind}, not elsewhere",)),
        ):
            total[name] += 1
            hits[name] += hit
        if corruption.kind == "sentence":
            total["sentence, or its support"] += 1
            hits["sentence, or its support"] += hit or overlaps(support_alarms(case), corruption)
        else:
            beside += sum(not (start < corruption.end and corruption.start < end) for start, end in alarms)
    result = {name: hits[name] / total[name] for name in sorted(total)}
    result["alarms a summary"] = sum(before.values()) / max(1, len(before))
    result["summaries without"] = sum(not count for count in before.values()) / max(1, len(before))
    result["alarms beside an error"] = beside / max(1, total["number"] + total["name"])
    return result


def print_measures(name: str, cases: Sequence[Case]) -> None:
    results = {label: measure(cases, method) for label, method in METHODS.items()}
    print(f"\n{name}: {len(cases)} summaries\n")
    print(f"| | {' | '.join(results)} |")
    print("|---|" + "---:|" * len(results))
    for row in results["ours"]:
        print(f"| {row} | {' | '.join(f'{values[row]:.3f}' for values in results.values())} |")


def print_support(cases: Sequence[Case]) -> None:
    """How sentences of the summary and of other events lie apart by their support."""
    from sklearn.metrics import roc_auc_score

    mine, theirs = [], []
    for case, corruption in corrupted_cases(cases):
        if corruption.kind == "sentence":
            _, support = sentence_support(case.answer, case.sources, case.language)
            texts = sentences(case.answer, case.language)
            new = set(sentences(corruption.text[corruption.start : corruption.end], case.language))
            for sentence, value in zip(texts, support, strict=True):
                (theirs if sentence in new else mine).append(value)
    area = roc_auc_score([1] * len(mine) + [0] * len(theirs), mine + theirs)
    below = sum(value < WEAK for value in mine) / len(mine), sum(value < WEAK for value in theirs) / len(theirs)
    shares = f"below {WEAK}: {below[0]:.1%} of the summary's, {below[1]:.1%} of others'"
    print(f"support of sentences: AUC {area:.4f}; {shares}")


def print_times(cases: Sequence[Case]) -> None:
    """Seconds for the summaries, and for texts of 100 kB that are meant to take long."""
    started = time.perf_counter()
    for case in cases:
        ours(case)
    took = time.perf_counter() - started
    print(f"\ntime: {1000 * took / max(1, len(cases)):.1f} ms a summary and its sources")
    hostile = {
        "digits": "1" * 100_000, "groups": "1 234 " * 16_000, "quotes": "\"a “«" * 20_000,
        "numbers": "tre mila " * 11_000, "elisions": "l'A" * 33_000, "names": "Anna De " * 12_500,
        "stops": "A. " * 33_000, "ranges": "1-2/3." * 16_000,
    }  # fmt: skip
    for name, text in hostile.items():
        started = time.perf_counter()
        ours(Case("", text, [{"title": "", "content": text[1:]}], "it"))
        print(f"{name}: {time.perf_counter() - started:.2f} s for 100 kB")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--half", choices=HALVES, default="report", help="which events (report)")
    parser.add_argument("--limit", type=int, help="events of each set, at most")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print N errors of each kind that were missed")
    parser.add_argument("--shared", type=Path, default=ROOT / "../shared", help="the folder of real articles")
    options = parser.parse_args()
    if not (options.shared / "data").is_dir():
        print(f"no data: {options.shared / 'data'} is not there; give --shared", file=sys.stderr)
        return
    sets = {"vi_vnmds, people's": vietnamese(options.shared / "data/vi_vnmds"),
            "it_news_2024, Mixtral's": italian(options.shared / "data/it_news_2024")}  # fmt: skip
    for name, cases in sets.items():
        every = list(cases)
        keys = set(list(dict.fromkeys(case.key for case in every))[HALVES[options.half]][: options.limit])
        selection = [case for case in every if case.key in keys]
        for label, part in ((name, selection), (f"{name.split(',')[0]}, extractive", list(extractive(selection)))):
            print_measures(label, part)
            print_support(part)
            show(part, options.show)
    print_times(selection)


def show(cases: Sequence[Case], count: int) -> None:
    """Print errors that were missed, and alarms on summaries as they were."""
    remaining = Counter(dict.fromkeys(KINDS, count))
    for case, corruption in corrupted_cases(cases) if count else ():
        if remaining[corruption.kind] and not overlaps(ours(case), corruption) and not is_elsewhere(case, corruption):
            remaining[corruption.kind] -= 1
            context = corruption.text[max(0, corruption.start - 40) : corruption.end + 30]
            print(f"missed {corruption.kind}: {corruption.was!r} -> …{context!r}")


if __name__ == "__main__":
    main()
