"""Who asks: tokens of raters, the sessions for which they are exchanged, and the proof that a form is ours.

Tokens and the secret lie in one file that this account alone may read, so that links and open pages stay valid over a
restart. A session and a form's token are made of the secret, and nothing is stored of them: whoever draws a rater a new
token ends the rater's sessions with it.
"""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crawler.items import NewsmillError

#: In the folder of all that Newsmill keeps.
FILE = "review.json"
#: Random bytes of a token, and of the secret.
_BYTES = 32
#: Characters of a rater's name.
LONGEST_NAME = 60


@dataclass(frozen=True)
class Access:
    """Raters and their tokens.

    Attributes:
        secret: what sessions and forms are signed with.
        tokens: rater -> token; none: whoever asks is `owner`.
        owner: name of the rater where nobody needs a token.
    """

    secret: bytes = field(default_factory=lambda: secrets.token_bytes(_BYTES))
    tokens: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""

    def rater_of_token(self, token: str) -> str:
        """The rater whose token it is; "" where it is nobody's."""
        return _owner_of(token, self.tokens)

    def rater_of_session(self, session: str) -> str:
        """The rater whose session it is, "" where it is nobody's; `owner` where nobody needs one."""
        if not self.tokens:
            return self.owner
        return _owner_of(session, {rater: self.session(rater) for rater in self.tokens})

    def session(self, rater: str) -> str:
        """What a rater's browser shows instead of the token."""
        return self._signature("session", rater)

    def form_token(self, rater: str) -> str:
        """What each form of a rater's pages carries: no page of another site can know it."""
        return self._signature("form", rater)

    def is_form_token(self, rater: str, text: str) -> bool:
        """Whether a form is from one of the rater's pages."""
        return _are_equal(text, self.form_token(rater))

    def _signature(self, purpose: str, rater: str) -> str:
        text = json.dumps([purpose, rater, self.tokens.get(rater, "")])
        return hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()


def _owner_of(text: str, owners: Mapping[str, str]) -> str:
    """Every one is compared, so that the time does not say which one was right."""
    right = [rater for rater, value in owners.items() if _are_equal(text, value)]
    return right[0] if right else ""


def _are_equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def new_access(raters: Iterable[str] = ()) -> Access:
    """Access that lasts as long as the process, with a token for each rater."""
    return Access(tokens={rater: secrets.token_urlsafe(_BYTES) for rater in raters}, owner=user_name())


def load_access(raters: Iterable[str], folder: Path, renewed: Collection[str] = ()) -> Access:
    """Access for these raters; secret and tokens are those of the file in the folder, and new ones are added to it.

    renewed: raters whose token, and with it every session of theirs, ends and is replaced.

    Raises:
        NewsmillError: the file cannot be read or written, or is none of ours.
    """
    path = folder / FILE
    try:
        with _locked(folder):
            stored = _read(path)
            known: dict[str, str] = {
                rater: token for rater, token in stored.get("raters", {}).items() if rater not in renewed
            }
            secret = stored.get("secret") or secrets.token_hex(_BYTES)
            tokens = {rater: known.get(rater) or secrets.token_urlsafe(_BYTES) for rater in raters}
            content = {"secret": secret, "raters": known | tokens}
            if content != stored or path.stat().st_mode & 0o077:
                _write(path, content)
    except OSError as error:
        raise NewsmillError(f"cannot keep the raters' tokens in {path}: {error.strerror or error}") from error
    return Access(bytes.fromhex(secret), tokens, user_name())


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / f"{FILE}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if len(bytes.fromhex(content["secret"])) < _BYTES:
            raise ValueError
        if not all(isinstance(part, str) for pair in content["raters"].items() for part in pair):
            raise TypeError
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise NewsmillError(
            f"{path} is no file of raters' tokens: move it away, and each rater gets a new address"
        ) from error
    return dict(content)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """The whole file or, whenever it is interrupted, the one before; for this account alone."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


# ---- names


def user_name() -> str:
    """The name of this machine's user."""
    with contextlib.suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return "me"


def check_names(names: Iterable[str]) -> tuple[str, ...]:
    """The raters' names, without spaces around them.

    Raises:
        NewsmillError: one is empty, too long, has signs that cannot be seen, or is there twice.
    """
    checked: list[str] = []
    for name in (" ".join(name.split()) for name in names):
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise NewsmillError(f"--rater {name[:80]!r}: a name has 1 to {LONGEST_NAME} letters that can be seen")
        if name.casefold() in (other.casefold() for other in checked):
            raise NewsmillError(f"--rater {name}: two raters of one name cannot be told apart")
        checked.append(name)
    return tuple(checked)
