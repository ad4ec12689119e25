"""One summariser of the package sumy, alone in an environment of its own: sentences in, the chosen ones out.

    python benchmarks/helpers/summary_peers.py lexrank|textrank < events.jsonl > summaries.jsonl

A line in is {"sentences": [one text a sentence, in reading order], "words": the most that the summary may have}; a line
out is {"summary": text}. Sentences come in rank order where they still fit, and stand in reading order.

    python -m venv PEERS && PEERS/bin/pip install sumy numpy
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_WORD = re.compile(r"[^\W_]+")


class Words:
    """In place of sumy's tokenizers, which want data that nltk would download, and know no Vietnamese."""

    def to_sentences(self, text: str) -> tuple[str, ...]:
        return (text,)

    def to_words(self, text: str) -> tuple[str, ...]:
        return tuple(_WORD.findall(text))


def summariser(name: str) -> Any:
    if name == "lexrank":
        from sumy.summarizers.lex_rank import LexRankSummarizer

        return LexRankSummarizer()
    from sumy.summarizers.text_rank import TextRankSummarizer

    return TextRankSummarizer()


def summary(rank: Any, sentences: Sequence[str], limit: int) -> str:
    from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence

    document = ObjectDocumentModel([Paragraph([Sentence(text, Words()) for text in sentences])])
    return " ".join(str(sentence) for sentence in rank(document, room(limit)))


def room(limit: int) -> Callable[[Sequence[Any]], list[Any]]:
    """Takes the best-ranked while they fit."""

    def take(ranked: Sequence[Any]) -> list[Any]:
        fitting, total = [], 0
        for each in ranked:
            length = len(_WORD.findall(str(each.sentence)))
            if total + length <= limit:
                fitting.append(each)
                total += length
        return fitting

    return take


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("tool", choices=("lexrank", "textrank"))
    rank = summariser(parser.parse_args().tool)
    for line in sys.stdin:
        event = json.loads(line)
        print(json.dumps({"summary": summary(rank, event["sentences"], event["words"])}, ensure_ascii=False))


if __name__ == "__main__":
    # The folder of this file has modules of ours that shadow a peer's.
    sys.path[0] = str(Path.cwd())
    main()
