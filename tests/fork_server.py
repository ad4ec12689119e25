"""`scrapy crawl` in a process of its own that does not import the same libraries again.

A crawl of the tests computes for 1.7 seconds, and 1.3 of them are imports. Here a server that has made them forks: the
command has its own process, folder, environment, limits and output, but no fresh interpreter. Tests that kill or
interrupt a crawl, or that are about its start, start `scrapy` itself.
"""

from __future__ import annotations

import functools
import importlib
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import IO

SCRAPY = Path(sys.executable).parent / "scrapy"


@functools.cache
def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.fork_imports"])
    return context


def run_scrapy(
    words: list[str], folder: Path, environment: Mapping[str, str], size: int = 0, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """What `scrapy WORDS` ended with and printed; with `size`, it can write no larger file."""
    with tempfile.TemporaryFile() as typed, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        typed.write(stdin.encode())
        typed.flush()
        paths = [f"/proc/{os.getpid()}/fd/{file.fileno()}" for file in (typed, out, err)]
        line = [str(SCRAPY), *words]
        process = _server().Process(target=_command, args=(line, str(folder), dict(environment), paths, size))
        process.start()
        process.join(120)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(line, 120, _text(out), _text(err))
        return subprocess.CompletedProcess(line, process.exitcode, _text(out), _text(err))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _command(line: list[str], folder: str, environment: dict[str, str], files: list[str], size: int) -> None:
    """In the forked process: what an interpreter does that starts with these words."""
    for number, (path, mode) in enumerate(zip(files, (os.O_RDONLY, *[os.O_WRONLY | os.O_APPEND] * 2), strict=True)):
        os.dup2(os.open(path, mode), number)
    # multiprocessing has put another in its place.
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = line
    if size:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    _customise(environment)
    runpy.run_path(line[0], run_name="__main__")


def _customise(environment: Mapping[str, str]) -> None:
    """Look for modules on PYTHONPATH first, and import its sitecustomize.py, as a fresh interpreter does."""
    folders = [folder for folder in environment.get("PYTHONPATH", "").split(os.pathsep) if folder]
    sys.path[:0] = folders
    if any((Path(folder) / "sitecustomize.py").is_file() for folder in folders):
        sys.modules.pop("sitecustomize", None)
        importlib.import_module("sitecustomize")
