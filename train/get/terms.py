"""The terms of a model: shown, and accepted by an option or at the terminal."""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path

from train.errors import TrainError
from train.get.catalogue import PackagedModel

_YES, _READ = ("y", "yes", "sì", "si", "có", "co"), ("r", "read", "leggi", "đọc")
_WITHOUT_TEXT = re.compile(r"(?is)<(script|style|nav|svg)\b.*?</\1>")
_BLOCK = re.compile(r"(?i)</?(p|li|h[1-6]|ul|ol|div|section|br)\b[^>]*>")


def settle(model: PackagedModel, *, accepted: bool) -> str:
    """Show the terms; how they were accepted. accepted: by the option.

    Raises:
        TrainError: they were not accepted, or there is nobody to ask.
    """
    print("\n".join(summary(model)), file=sys.stderr)
    if accepted:
        return "--accept-licence"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise TrainError(
            f"the {model.licence.title} of {model.name} are not accepted: read them, then say --accept-licence"
        )
    return _asked(model)


def summary(model: PackagedModel) -> list[str]:
    """What is shown of the terms: what they come to, and where they are."""
    return [
        f"{model.name} comes under the {model.licence.title} ({model.licence.link}):",
        *(f"- {line}" for line in model.asks),
        f"The whole text: {model.terms_path()}",
    ]


def _asked(model: PackagedModel) -> str:
    while True:
        print("Accept them? yes, no, or read: ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline().strip().lower()
        if answer in _READ:
            print(plain_text(model.terms_path()), file=sys.stderr)
        elif answer in _YES:
            return "at the terminal"
        else:
            raise TrainError(f"the {model.licence.title} were not accepted: nothing is written")


def plain_text(path: Path) -> str:
    """The text of a page of terms."""
    page = path.read_text(encoding="utf-8")
    start = page.find('<div class="devsite-article-body')
    body = _WITHOUT_TEXT.sub("", page[max(start, 0) :]).partition("Send feedback")[0]
    text = html.unescape(re.sub(r"<[^>]+>", "", _BLOCK.sub("\n", body)))
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"[ \t\xa0]+", " ", text)).strip()
