"""`python -m crawler.page`. Covers page/__main__.py.

Covers crawler.page.__main__.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crawler.items import Article
from crawler.page import NotAnArticle
from crawler.page.__main__ import main
from tests.crawler.page.snippets import BODIES, URLS, P


def run(tmp_path: Path, page: bytes, newspaper: str = "open", *more: str) -> int:
    file = tmp_path / "page.html"
    file.write_bytes(page)
    return main(["--newspaper", newspaper, "--url", URLS.get(newspaper, "x"), *more, str(file)])


def test_the_command_prints_an_article(tmp_path: Path, capsysbinary: Any) -> None:
    assert run(tmp_path, BODIES["open"].format(P + "<p>perché</p>").encode()) == 0
    told = json.loads(capsysbinary.readouterr().out.decode("utf-8"))
    assert set(told) == set(Article.__slots__)
    assert told["link"] == URLS["open"]
    assert told["date"] == "2026-06-30T00:00:00+02:00"
    assert told["content"].endswith("perché")


def test_the_command_names_a_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, b"") == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", "open: garbage: no element of a page\n")
    with pytest.raises(NotAnArticle):
        run(tmp_path, b"", "open", "--debug")


def test_the_command_says_what_is_wrong_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, b"", "nowhere") == 2
    assert "unknown newspaper 'nowhere'" in capsys.readouterr().err
    for missing in (tmp_path, tmp_path / "none.html"):
        assert main(["--newspaper", "open", "--url", URLS["open"], str(missing)]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_the_command_reads_standard_input_in_any_locale(root: Path) -> None:
    command = [sys.executable, "-m", "crawler.page", "--newspaper", "ansa", "--url", URLS["ansa"], "-"]
    page = BODIES["ansa"].format(P + "<p>perché</p>").encode()
    environment = {"PYTHONIOENCODING": "ascii", "PATH": ""}
    done = subprocess.run(command, input=page, capture_output=True, cwd=root, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["content"].endswith("perché")
