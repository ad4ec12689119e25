"""The one error of this package that people see."""

from __future__ import annotations


class TrainError(Exception):
    """An error a person can act on; its message is the one line that is shown."""


def one_line(error: BaseException, most: int = 200) -> str:
    """What a library's error says, in one line of so many characters at most."""
    return " ".join(str(error).split())[:most]
