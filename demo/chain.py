"""The chain that every demo goes through: commands a user could type, in a workspace of their own.

Each is shown as it runs, and its output kept in the workspace's `logs`. Run again, each finds its work done and does
nothing twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from crawler.items import NEWSPAPERS, NewsmillError
from demo.loopback_site.server import LoopbackSite

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = Path(sys.executable).parent


class StepFailed(NewsmillError):
    """A command of the chain ended with an error; carries where its output is."""


class Chain:
    """The chain on one article file, in a workspace of its own; what is trained, and how, is a subclass's."""

    #: Added to the workspace's name, for chains on the same file.
    suffix = ""
    #: Options of `synth summarize`.
    summarize_options = ""
    #: out_dir of the fine-tuning, in the workspace.
    run_folder = ""

    def __init__(self, articles: Path, console: Console) -> None:
        self.articles = articles
        self.console = console
        digest = hashlib.sha256(articles.read_bytes()).hexdigest()[:8]
        self.name = f"{re.sub(r'[^A-Za-z0-9]+', '-', articles.stem)[:24]}-{digest}{self.suffix}"
        self.folder = home() / "demo" / self.name
        (self.folder / "logs").mkdir(parents=True, exist_ok=True)
        self.step = 0
        self.seconds: dict[str, float] = {}
        self.environment = os.environ | {
            "SCRAPY_SETTINGS_MODULE": "crawler.settings",
            "USE_TF": "0",
            "TOKENIZERS_PARALLELISM": "false",
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore",
            # Threads that spin while they wait make training many times slower on a busy machine.
            "OMP_WAIT_POLICY": "PASSIVE",
        }

    def run(self) -> None:
        """Every step, then the table."""
        with store(f"newsmill_demo_{re.sub(r'[^A-Za-z0-9]', '_', self.name)}") as uri:
            self.environment["MONGODB_URI"] = uri
            self.prepare()
            self.crawl()
            self.samples()
            self.train()
            self.command("report", "Write the report", f"synth report --out report.html --training {self.run_folder}")
            self.table(uri)

    def prepare(self) -> None:
        """What is needed before anything is fetched; nothing."""

    def train(self) -> None:
        """Fine-tune on the export, and compare before and after."""
        raise NotImplementedError

    def crawl(self) -> None:
        with LoopbackSite(self.articles) as site:
            self.served(site)
            for name, newspaper in NEWSPAPERS.items():
                span = site.spans.get(name)
                if span is None:
                    continue
                self.command(
                    f"crawl-{name}",
                    f"Crawl {newspaper.source_site}",
                    f"scrapy crawl {name} -a since={span[0]} -a until={span[1]} -a origin={site.origins[name]}",
                )

    def served(self, site: LoopbackSite) -> None:
        """What the loopback site makes of the file: every row is on a page, or left out under a name."""
        pages = sum(len(newspaper.stories) for newspaper in site.newspapers.values())
        left_out = ", ".join(f"{reason} {count}" for reason, count in site.skipped.most_common())
        rows = pages + sum(site.skipped.values())
        self.say("Serve the articles", f"{rows:,} rows, {pages:,} pages{'; left out: ' * bool(left_out)}{left_out}")

    def samples(self) -> None:
        for name, title, line in (
            ("cluster", "Find the events", "synth cluster"),
            ("summarize", "Summarise each event", f"synth summarize --llm extractive{self.summarize_options}"),
            ("score", "Score the samples", "synth score"),
            ("dedupe", "Mark what repeats", "synth dedupe"),
        ):
            self.command(name, title, line)
        self.command("export", "Export a training set", f"synth export --out export{self.export_options()}")

    def export_options(self) -> str:
        """Options of `synth export`, which may depend on the samples there are."""
        return ""

    def command(self, name: str, title: str, line: str) -> None:
        """Run one command line in the workspace; its output goes to the terminal's bar and to logs/NAME.log."""
        self.say(title, f"[dim]$ {line}[/dim]")
        program, *arguments = line.split()
        log = self.folder / "logs" / f"{name}.log"
        began = time.monotonic()
        with log.open("w", encoding="utf-8") as output:
            # A terminal keeps stderr, so that each command shows its own progress bar there.
            live = self.console.is_terminal and program in ("scrapy", "synth", "train")
            process = subprocess.Popen(
                [str(SCRIPTS / program), *arguments],
                cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=output, stderr=None if live else subprocess.STDOUT,
            )  # fmt: skip
            status = self.wait(process, None if live else log)
        self.seconds[name] = time.monotonic() - began
        if status:
            tail = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-8:]
            raise StepFailed(f"demo: {line} ended with status {status} (see {log})\n" + "\n".join(tail))
        self.console.print(
            f"       [dim]{escape(last_line(log))}[/dim]  {self.seconds[name]:.1f} s", highlight=False, soft_wrap=True
        )

    def wait(self, process: subprocess.Popen[bytes], log: Path | None) -> int:
        """A command's status; until it ends a terminal shows the last line of its output."""
        try:
            if log is None or not self.console.is_terminal:
                return process.wait()
            with self.console.status("starting") as line:
                while True:
                    with suppress(subprocess.TimeoutExpired):
                        return process.wait(0.3)
                    line.update(escape(last_line(log)))
        except KeyboardInterrupt:
            # A terminal sends Ctrl-C to the command too; SIGTERM reaches only this process.
            process.terminate()
            process.wait()
            raise

    def say(self, title: str, what: str) -> None:
        self.step += 1
        self.console.print(f"[bold cyan]{self.step:>3}[/]  [bold]{title}[/]  {what}", highlight=False, soft_wrap=True)

    def numbers(self, line: str) -> dict[str, Any]:
        program, *arguments = line.split()
        process = subprocess.run(
            [str(SCRIPTS / program), *arguments], cwd=self.folder, env=self.environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if process.returncode:
            raise StepFailed(f"demo: {line} ended with status {process.returncode}: {process.stderr.strip()[-300:]}")
        return dict(json.loads(process.stdout))

    def losses(self) -> list[tuple[str, str]]:
        """Rows of the table on the training: (what, figure)."""
        loss = self.numbers(f"train loss --run {self.run_folder} --json")
        return [
            ("loss before, prompts and answers", figure(loss["first_val_loss"])),
            ("loss after, prompts and answers", figure(loss["last_val_loss"])),
            ("seconds a training step", figure(loss["seconds_per_step"])),
        ]

    def table(self, uri: str) -> None:
        from crawler.mongo import connect
        from synth.report.funnel import refused

        database = connect(uri)
        similarity = [row["mean_similarity"] for row in database.samples.find({"superseded": {"$ne": True}})]
        table = Table(title="Newsmill", title_style="bold", show_header=False, min_width=56)
        table.add_column(style="bold")
        table.add_column(justify="right")
        for label, value in (
            ("articles stored", f"{database.articles.count_documents({}):,}"),
            ("pages refused, each under a name", f"{refused(database).total():,}"),
            ("events (two articles or more)", f"{database.clusters.count_documents(EVENTS):,}"),
            ("samples", f"{len(similarity):,}"),
            ("mean similarity to the sources", f"{sum(similarity) / max(1, len(similarity)):.3f}"),
            *self.losses(),
        ):
            table.add_row(label, value)
        self.console.print(table)
        for label, page in (("Report:", "report.html"), ("Evaluation:", "out/evaluation/report.html")):
            self.console.print(f"{label:<11} {os.path.relpath(self.folder / page)}", highlight=False)
        self.console.print(f"Workspace:  {os.path.relpath(self.folder)}  (exports, checkpoints, logs)", highlight=False)
        self.console.print(f"Review:     {review_line(uri)}", highlight=False, soft_wrap=True, markup=False)


def review_line(uri: str) -> str:
    """The command line that opens the pages of the demo's store; no password is in it."""
    program = os.path.relpath(SCRIPTS / "synth")
    server, name = os.environ.get("MONGODB_URI", ""), uri.partition("?")[0].rpartition("/")[2]
    if not server:
        return f"NEWSMILL_DB={name} {program} review"
    if "@" in server:
        return f"{program} review --uri URI, where URI is MONGODB_URI with the database {name}"
    return f"{program} review --uri {shlex.quote(uri)}"


EVENTS = {"current": True, "size": {"$gte": 2}}


def figure(value: float | None) -> str:
    """Three decimals; a loss that is no number has none."""
    return "–" if value is None else f"{value:.3f}"


def home() -> Path:
    """The folder of the workspaces and of the embedded server."""
    return Path(os.environ.get("NEWSMILL_HOME") or ROOT / ".newsmill").resolve()


@contextmanager
def store(name: str) -> Iterator[str]:
    """The URI of the demo's own database: on the server at MONGODB_URI, else on the embedded one."""
    from crawler.mongo import with_database
    from crawler.mongo.server import lease

    yield with_database(os.environ.get("MONGODB_URI") or lease(home() / "mongo"), name)


def last_line(log: Path) -> str:
    """The last line of a log that says something, cut to a terminal's width."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1].partition("; next:")[0][:140] if lines else "…"
