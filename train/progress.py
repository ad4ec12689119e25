"""A progress bar on stderr, where that is a terminal."""

from __future__ import annotations

from typing import Any


def progress(steps: Any, title: str) -> Any:
    """The steps, with a bar on stderr where that is a terminal."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(steps, description=title, console=console, transient=True) if console.is_terminal else steps
