"""The one error of this package that people see."""

from __future__ import annotations


class TrainError(Exception):
    """An error a person can act on; its message is the one line that is shown."""
