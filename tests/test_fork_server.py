"""A forked `scrapy` has what a started one has: folder, environment, modules of PYTHONPATH, limits, status, output."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.fork_server import run_scrapy

SITE = """
import os
from pathlib import Path
Path("site.txt").write_text(os.environ["OF_THE_TEST"])
"""
SETTINGS = """
import os
BOT_NAME = os.environ["OF_THE_TEST"]
print("x" * int(os.environ.get("SIZE", 0)), file=open("large.txt", "w"))
"""


def environment(folder: Path, **more: str) -> dict[str, str]:
    (folder / "sitecustomize.py").write_text(SITE)
    (folder / "my_settings.py").write_text(SETTINGS)
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH", ""))))
    return os.environ | {"PYTHONPATH": path, "SCRAPY_SETTINGS_MODULE": "my_settings", "OF_THE_TEST": "mine"} | more


def test_it_has_its_folder_environment_and_modules(tmp_path: Path) -> None:
    done = run_scrapy(["settings", "--get", "BOT_NAME"], tmp_path, environment(tmp_path))
    assert (done.returncode, done.stdout) == (0, "mine\n"), done.stderr
    assert (tmp_path / "site.txt").read_text() == "mine"
    again = run_scrapy(["settings", "--get", "BOT_NAME"], tmp_path, environment(tmp_path, OF_THE_TEST="another"))
    assert again.stdout == "another\n"
    assert "OF_THE_TEST" not in os.environ


def test_it_has_its_status_and_limit(tmp_path: Path) -> None:
    done = run_scrapy(["no-such-command"], tmp_path, environment(tmp_path))
    assert done.returncode == 2
    assert "no-such-command" in done.stdout + done.stderr
    full = run_scrapy(["list"], tmp_path, environment(tmp_path, SIZE="9999"), size=100)
    assert full.returncode in (1, -signal.SIGXFSZ)
    assert (tmp_path / "large.txt").stat().st_size == 100
