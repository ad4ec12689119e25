"""What every command line does alike: a wrong word is answered with the one that was meant, Ctrl-C with one line.

`synth` has the same module: neither package may import the other.
"""

from __future__ import annotations

import argparse
import difflib
import re
import signal
import socket
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

_CHOICE = re.compile(r"(?P<start>.*invalid choice: '(?P<word>.*?)') \(choose from (?P<choices>.*)\)", re.DOTALL)
#: ISO 639-1.
CODES = frozenset(
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el "
    "en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu "
    "ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my "
    "na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn "
    "so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh "
    "zu".split()
)
#: What people write instead: names in English and in the language, ISO 639-2, countries.
_MEANT = {
    "it": "italian italiano italiana ita", "vi": "vietnamese tiếng việt tieng viet việt viet vn vie vietnamita",
    "en": "english inglese anh eng uk us gb", "fr": "french français francese fra fre",
    "de": "german deutsch tedesco deu ger", "es": "spanish español spagnolo spa", "pt": "portuguese português por br",
    "zh": "chinese mandarin cn zho chi", "ja": "japanese jp jpn", "ko": "korean kr kor", "nl": "dutch nederlands nld",
    "pl": "polish polski pol", "ru": "russian rus", "ar": "arabic ara", "ro": "romanian ron", "tr": "turkish tur",
    "th": "thai tha", "id": "indonesian ind", "cs": "czech cz ces", "el": "greek gr ell", "uk": "ukrainian ua ukr",
    "sv": "swedish swe", "da": "danish dk dan",
}  # fmt: skip


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of the words that was probably meant; small and large letters are alike."""
    by_lower = {each.lower(): each for each in words}
    near = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[near[0]] if near else None


def language_code(text: str) -> str:
    """An ISO 639-1 code, `unknown` or nothing, for argparse."""
    code = text.strip().lower()
    if code in CODES or code in ("", "unknown"):
        return code
    meant = next((known for known, words in _MEANT.items() if code in (words, *words.split())), None)
    stem = re.split(r"[-_]", code)[0]
    meant = meant or (stem if stem in CODES else None) or _language_near(code)
    hint = f": did you mean {meant}?" if meant else ": give two letters of ISO 639-1, such as it or vi"
    raise argparse.ArgumentTypeError(f"no language {text!r}{hint}")


def _language_near(name: str) -> str | None:
    names = {word: code for code, words in _MEANT.items() for word in words.split() if len(word) > 3}
    near = nearest(name, names)
    return names[near] if near else None


class SuggestingParser(argparse.ArgumentParser):
    """A parser whose errors are one line that names what was meant."""

    _words: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse's; an unknown option ends it here, where the options that there are are known."""
        self._words = list(sys.argv[1:] if args is None else args)
        options, rest = super().parse_known_args(self._words, namespace)
        unknown = [word for word in rest if word.startswith("-") and word != "-"]
        if unknown and not self._subparsers:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return options, rest

    def error(self, message: str) -> NoReturn:
        """Print one line, and end with status 2."""
        if message.startswith(("the following arguments are required", "unrecognized arguments")):
            # A misspelt option is why a required one is not there.
            message = self._unknown() or message
        elif match := _CHOICE.fullmatch(message):
            near = nearest(match["word"], re.findall(r"'([^']*)'", match["choices"]) or match["choices"].split(", "))
            hint = f": did you mean {near}?" if near else ""
            message = f"{match['start']}{hint} (choose from {match['choices']})"
        self.exit(2, f"{self.prog}: error: {message}; see {self.prog} --help\n")

    def _unknown(self) -> str:
        """The first word that looks like an option and is none."""
        names = self._option_string_actions
        if self._subparsers:
            return ""
        for word in self._words:
            option = word.partition("=")[0]
            if word == "--":
                break
            if option.startswith("--") and not any(name.startswith(option) for name in names):
                near = nearest(option, [name for action in self._actions for name in action.option_strings])
                return f"no option {option}" + (f": did you mean {near}?" if near else "")
        return ""


def keep_reading(container: Any, action: argparse.Action, *old: str) -> None:
    """Let an option of a parser or group be given by its earlier names, too; no help lists them."""
    for name in old:
        container._option_string_actions[name] = action  # noqa: SLF001  argparse lists all others in its help


@contextmanager
def interruptible() -> Iterator[None]:
    """An error that Ctrl-C caused is that Ctrl-C: a library interrupted while it loads fails in ways of its own.

    Python's handler stays: with another, asyncio would not end its tasks in order, and replies would be lost.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = socket.socketpair()
    with reader, writer:
        reader.setblocking(False)
        writer.setblocking(False)
        before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield
        except Exception as error:
            if _has_interrupt(reader):
                raise KeyboardInterrupt from error
            raise
        finally:
            # asyncio may have set one of its own meanwhile, and taken it away.
            signal.set_wakeup_fd(before)


def _has_interrupt(reader: socket.socket) -> bool:
    """Whether Ctrl-C is among the signals that came."""
    try:
        return signal.SIGINT in reader.recv(4096)
    except BlockingIOError:
        return False
