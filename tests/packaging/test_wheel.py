"""What pip installs works by itself: built from the source distribution, in an environment and a folder of its own.

The environment has the wheel and, through a .pth file, the packages that are installed here; nothing is downloaded.
Covers crawler.__main__.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tarfile
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import pytest

from crawler.items import NEWSPAPERS
from tests.chromium import CHROMIUM
from tests.conftest import MadeOnce

PACKAGES = ("crawler", "synth", "train")
#: What a working copy has beside the sources.
LEFT_BEHIND = (".git", ".venv", ".newsmill", "__pycache__", "build", "dist", "*.egg-info", ".*_cache", ".hypothesis")

#: What points at this source tree or its store.
OURS = ("PYTHONPATH", "SCRAPY_SETTINGS_MODULE", "MONGODB_URI")


def run(*words: str | Path, folder: Path, **environment: str) -> str:
    """What a program prints, run without this source tree on its path."""
    outside = {name: value for name, value in os.environ.items() if name not in OURS}
    result = subprocess.run(
        [str(word) for word in words], cwd=folder, env=outside | environment,
        capture_output=True, text=True, check=False, timeout=250,
    )  # fmt: skip
    assert result.returncode == 0, f"{words}: {result.stdout[-1000:]}{result.stderr[-3000:]}"
    return result.stdout


def build(kind: str, source: Path, out: Path) -> Path:
    """The file that setuptools, as pip and `build` call it, makes of a source tree."""
    out.mkdir()
    call = f"import setuptools.build_meta as backend; backend.build_{kind}({str(out)!r})"
    run(sys.executable, "-c", call, folder=source)
    return next(out.iterdir())


@pytest.fixture(scope="module")
def distributions(made_once: MadeOnce, root: Path) -> Path:
    """A folder with sdist/, unpacked/ (the sdist) and wheel/, built from the unpacked one."""

    def make(folder: Path) -> None:
        source = shutil.copytree(root, folder / "source", ignore=shutil.ignore_patterns(*LEFT_BEHIND), symlinks=True)
        sdist = build("sdist", source, folder / "sdist")
        with tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")
        (folder / sdist.name.removesuffix(".tar.gz")).rename(folder / "unpacked")
        build("wheel", folder / "unpacked", folder / "wheel")

    return made_once("distributions", make)


@pytest.fixture(scope="module")
def scripts(distributions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment in which the wheel is installed."""
    folder = tmp_path_factory.mktemp("wheel") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", folder, folder=distributions)
    library = next(folder.glob("lib/python*/site-packages"))
    # A .pth file of a folder that a .pth file names is not read: an editable installation stays out.
    (library / "here.pth").write_text(sysconfig.get_path("purelib") + "\n")
    wheel = next((distributions / "wheel").iterdir())
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin/python", "install", "--no-deps", "--no-index", "-qq"]
    run(*pip, wheel, folder=distributions)
    return folder / "bin"


@pytest.fixture
def own_folder(tmp_path: Path) -> Path:
    """A user's folder, with files of theirs that have the names of our packages."""
    for name in PACKAGES:
        (tmp_path / f"{name}.py").write_text("raise SystemExit('this is not Newsmill')\n")
    return tmp_path


def files_of(folder: Path) -> set[str]:
    paths = (path for package in PACKAGES for path in (folder / package).rglob("*"))
    return {path.relative_to(folder).as_posix() for path in paths if path.is_file() and "__pycache__" not in path.parts}


def test_the_wheel_has_every_file_of_the_packages_and_no_other(distributions: Path, root: Path) -> None:
    with zipfile.ZipFile(next((distributions / "wheel").iterdir())) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert names == files_of(root)
    assert {f"{package}/py.typed" for package in PACKAGES} <= names


def test_the_source_distribution_can_be_tested(distributions: Path, root: Path) -> None:
    unpacked = distributions / "unpacked"
    for name in ("scrapy.cfg", "constraints.txt", "Makefile", "pyproject.toml", "demo/articles.jsonl", ".ci/run"):
        assert (unpacked / name).read_bytes() == (root / name).read_bytes()
    for folder in ("tests", "demo", "benchmarks", "docs"):
        ours = {path.relative_to(root) for path in (root / folder).rglob("*") if path.is_file()}
        theirs = {path.relative_to(unpacked) for path in (unpacked / folder).rglob("*") if path.is_file()}
        assert {path for path in ours - theirs if "__pycache__" not in path.parts} == set()
    output = run(sys.executable, "-m", "pytest", "-q", "tests/synth/prompts", "-p", "no:cacheprovider", folder=unpacked)
    assert "passed" in output


@pytest.mark.parametrize("program", ["synth", "train"])
def test_the_programs_answer_and_name_the_same_version(
    scripts: Path, own_folder: Path, distributions: Path, program: str
) -> None:
    assert "examples:" in run(scripts / program, "--help", folder=own_folder)
    # The line of --version is the wheel's version, which is setup.cfg's.
    wheel = next((distributions / "wheel").iterdir()).name
    assert run(scripts / program, "--version", folder=own_folder).split() == wheel.split("-")[:2]


def test_the_crawler_finds_its_settings(scripts: Path, own_folder: Path) -> None:
    assert run(scripts / "newsmill", "list", folder=own_folder).split() == sorted(NEWSPAPERS)
    assert "--accept-drift" in run(scripts / "newsmill", "crawl", "--help", folder=own_folder)


def test_the_packages_come_from_the_wheel(scripts: Path, own_folder: Path) -> None:
    source = "import crawler, synth, train; print(crawler.__file__, synth.__file__, train.__file__)"
    paths = run(scripts / "python", "-P", "-c", source, folder=own_folder).split()
    assert all(Path(path).is_relative_to(scripts.parent) for path in paths), paths


def test_articles_are_read_clustered_and_counted(
    scripts: Path, own_folder: Path, database_uri: str, root: Path
) -> None:
    shutil.copy(root / "demo/articles.jsonl", own_folder)
    call = {"folder": own_folder, "MONGODB_URI": database_uri}
    for line in ("import articles.jsonl", "cluster", "summarize --llm extractive"):
        run(scripts / "synth", *line.split(), **call)  # type: ignore[arg-type]
    result = json.loads(run(scripts / "synth", "query", "{}", "--count", "--json", **call))  # type: ignore[arg-type]
    assert result["count"] > 30


def test_the_embedded_server_starts_beside_files_of_the_user(scripts: Path, own_folder: Path) -> None:
    environment = {"NEWSMILL_HOME": str(own_folder / "home"), "NEWSMILL_LINGER": "0.1"}
    result = run(scripts / "synth", "query", "{}", "--count", "--json", folder=own_folder, **environment)
    assert json.loads(result)["count"] == 0


def test_the_pages_of_review_are_whole(scripts: Path, own_folder: Path, database_uri: str) -> None:
    """Every template, file of words, style and script comes from the wheel, and a browser has nothing to say."""
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    environment |= {"MONGODB_URI": database_uri, "NEWSMILL_HOME": str(own_folder / "home")}
    server = subprocess.Popen(
        [scripts / "synth", "review", "--port", "0", "--json"],
        cwd=own_folder, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        address = json.loads(server.stdout.readline())["address"]
        for language, title in (("it", "L’archivio"), ("vi", "Kho dữ liệu")):
            request = urllib.request.Request(address, headers={"Accept-Language": language})
            with urllib.request.urlopen(request, timeout=60) as answer:
                page = answer.read().decode()
            assert title in page
        for asset in re.findall(r'(?:href|src)="/(static/[^"]+)"', page):
            with urllib.request.urlopen(address + asset, timeout=60) as answer:
                assert answer.read()
        assert review_in_browser(address) == []
        server.send_signal(signal.SIGINT)
        assert server.wait(60) == 0
    finally:
        server.kill()
        server.communicate()


def review_in_browser(address: str) -> list[str]:
    """What Chromium complains of on every page that the navigation names; nothing where there is no Chromium."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on PATH")
    errors: list[str] = []
    with api.sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]).new_page()
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        for path in page.eval_on_selector_all("nav a", "links => links.map(link => link.href)"):
            page.goto(path)
            assert page.locator("h1").count() == 1
            page.keyboard.press("?")
            assert page.locator("dialog#keys").is_visible()
    return errors


def recipe_path(scripts: Path, folder: Path) -> Path:
    """Where the recipe with a short name lies: in the installed package."""
    path = Path(run(scripts / "train", "recipe", "gemma-2b/news", "--path", folder=folder).strip())
    assert path.is_relative_to(scripts.parent)
    return path


def test_litgpt_takes_an_installed_recipe(scripts: Path, own_folder: Path) -> None:
    """`--print_config` reads the whole file, our data module among it, and trains nothing."""
    litgpt = Path(sysconfig.get_path("scripts")) / "litgpt"
    words: list[Any] = ["finetune_lora", "--config", recipe_path(scripts, own_folder), "--print_config"]
    output = run(scripts / "python", litgpt, *words, folder=own_folder)
    assert "train.data.Chat" in output
