"""The raw archive of a crawl: what was asked and what came, as gzipped WARC 1.1 (ISO 28500).

`-s WARC=FOLDER` turns it on. A crawl that is killed leaves every record whole but the last; a full disk ends the crawl.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import tempfile
import threading
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.exceptions import IgnoreRequest, NotConfigured

from crawler import __version__
from crawler.downloadermiddlewares.browser import page_rendered
from crawler.items import NewsmillError

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.settings import BaseSettings
    from warcio.statusandheaders import StatusAndHeaders
T = TypeVar("T")


class Unarchived(IgnoreRequest):
    """A page that could not be put on record: it is not used either, so that another crawl fetches it again."""

    reason = "unarchived"


class Archive:
    """One file of one crawl. Each record is a gzip member of its own, written in one go behind the last whole one.

    Attributes:
        path: the file.
    """

    def __init__(self, folder: Path, name: str, run: str, description: Mapping[str, str]) -> None:
        """Create the file and put `description` into its warcinfo record.

        Raises:
            OSError: the folder cannot be written to.
        """
        folder.mkdir(parents=True, exist_ok=True)
        now = datetime.now(UTC)
        self.path = folder / f"{name}-{now:%Y%m%dT%H%M%SZ}-{run}.warc.gz"
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        self._end = 0
        self._lock = threading.Lock()
        try:
            record = _writer(BytesIO()).create_warcinfo_record(self.path.name, dict(description))
            self._info = record.rec_headers.get_header("WARC-Record-ID")
            self._append([record])
        except OSError:
            os.close(self._file)
            self.path.unlink()
            raise

    def add(self, request: Request, response: Response, when: datetime) -> str:
        """Write down one exchange: the answer as it came (transfer coding taken off), and the question.

        Returns:
            The id of the answer's record.

        Raises:
            OSError: no room; what was written before stays whole.
        """
        answer = _response_record(response, when, self._info)
        concurrent = answer.rec_headers.get_header("WARC-Record-ID")
        self._append([answer, _request_record(request, response.url, when, self._info, concurrent)])
        return str(concurrent)

    def add_rendered(self, page: Response, when: datetime, answer: str) -> None:
        """Write down what a browser made of an answer.

        Raises:
            OSError: as above.
        """
        extra = {"WARC-Warcinfo-ID": self._info, "WARC-Date": _stamp(when), "WARC-Refers-To": answer}
        record = _writer(BytesIO()).create_warc_record(
            page.url, "conversion", payload=BytesIO(page.body), length=len(page.body), warc_headers_dict=extra,
            warc_content_type="text/html; charset=utf-8",
        )  # fmt: skip
        self._append([record])

    def _append(self, records: list[Any]) -> None:
        data = b"".join(_member(record) for record in records)
        with self._lock:
            try:
                size = os.write(self._file, data)
                while size < len(data):
                    size += os.write(self._file, data[size:])
            except OSError:
                os.ftruncate(self._file, self._end)
                raise
            self._end += len(data)

    def close(self) -> None:
        with self._lock:
            os.fsync(self._file)
            os.close(self._file)


def _writer(buffer: IO[bytes]) -> Any:
    from warcio.warcwriter import WARCWriter

    return WARCWriter(buffer, gzip=False, warc_version="WARC/1.1")


def _member(record: Any) -> bytes:
    buffer = BytesIO()
    _writer(buffer).write_record(record)
    # warcio's own level 9 takes three times as long for two per cent.
    return gzip.compress(buffer.getvalue(), 6)


def _response_record(response: Response, when: datetime, info: str) -> Any:
    phrase = HTTPStatus(response.status).phrase if response.status in set(HTTPStatus) else ""
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name in response.headers
        for value in response.headers.getlist(name)
        # The body has its length, not its transfer.
        if name.lower() not in (b"transfer-encoding", b"content-length")
    ]
    headers.append(("Content-Length", str(len(response.body))))
    extra = {"WARC-Warcinfo-ID": info}
    if response.ip_address is not None:
        extra["WARC-IP-Address"] = str(response.ip_address)
    http = _head(f"{response.status} {phrase}".rstrip(), headers, response.protocol or "HTTP/1.1")
    return _record("response", response.url, response.body, http, extra | {"WARC-Date": _stamp(when)})


def _request_record(request: Request, url: str, when: datetime, info: str, answer: str) -> Any:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = [("Host", parts.netloc)] + [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name in request.headers
        for value in request.headers.getlist(name)
        if name.lower() != b"host"
    ]
    extra = {"WARC-Warcinfo-ID": info, "WARC-Concurrent-To": answer, "WARC-Date": _stamp(when)}
    http = _head(f"{target} HTTP/1.1", headers, request.method)
    return _record("request", url, request.body, http, extra)


def _head(line: str, headers: list[tuple[str, str]], protocol: str) -> StatusAndHeaders:
    from warcio.statusandheaders import StatusAndHeaders

    return StatusAndHeaders(line, headers, protocol=protocol)


def _record(kind: str, url: str, body: bytes, http: StatusAndHeaders, extra: dict[str, str]) -> Any:
    writer = _writer(BytesIO())
    return writer.create_warc_record(url, kind, payload=BytesIO(body), length=len(body), http_headers=http,
                                     warc_headers_dict=extra)  # fmt: skip


def _stamp(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S.%f}Z"


class ArchiveMiddleware:
    """Nearest to the server: every answer goes on record before anybody reads it. `-s WARC=FOLDER` turns it on."""

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.get("WARC"):
            raise NotConfigured
        self.crawler = crawler
        self._archive: Archive | None = None
        self._opening = asyncio.Lock()
        self._broken: OSError | None = None
        crawler.signals.connect(self.closed, signals.spider_closed)
        crawler.signals.connect(self.archive_rendered, page_rendered)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_response(self, request: Request, response: Response) -> Response:
        latency = timedelta(seconds=float(request.meta.get("download_latency") or 0))
        when = datetime.now(UTC) - latency
        async with self._opening:
            if self._archive is None and self._broken is None:
                self._archive = await self._write(self._open)
        if self._archive is None:
            raise Unarchived(self._failure())
        # What is stored has the record's date: extracted again, it is the same.
        request.meta["archived_as"] = await self._write(self._archive.add, request, response, when)
        request.meta["captured_at"] = when
        if self.crawler.stats:
            self.crawler.stats.inc_value("newsmill/archived")
        return response

    async def archive_rendered(self, request: Request, page: Response) -> None:
        """What a browser made of an answer goes on record beside it: extracted again, it needs no browser."""
        if self._archive is not None and (answer := request.meta.get("archived_as")):
            await self._write(self._archive.add_rendered, page, request.meta["captured_at"], answer)

    async def _write(self, function: Callable[..., T], *arguments: Any) -> T:
        try:
            if self._broken is not None:
                raise self._broken
            return await asyncio.to_thread(function, *arguments)
        except OSError as error:
            self._stop(error)
            raise Unarchived(self._failure()) from error

    def _failure(self) -> str:
        return failure(self.crawler.settings["WARC"], self._broken or OSError())

    def _open(self) -> Archive:
        settings, spider = self.crawler.settings, self.crawler.spider
        assert spider is not None
        return Archive(Path(settings["WARC"]), spider.name, run_id(self.crawler), description_of(settings, spider))

    def _stop(self, error: OSError) -> None:
        if self._broken is not None:
            return
        self._broken = error
        if self.crawler.stats:
            self.crawler.stats.set_value("newsmill/closed", self._failure())
        if self.crawler.engine:
            # Not awaited: the engine waits for this very answer before it closes.
            self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="archive_lost"))

    def closed(self) -> None:
        if self._archive is not None:
            self._archive.close()


def description_of(settings: BaseSettings, spider: Any) -> dict[str, str]:
    """What the warcinfo record says of a crawl."""
    from importlib.metadata import version

    origin = getattr(spider, "origin", "")
    return {
        "software": f"Newsmill/{__version__} Scrapy/{version('scrapy')} warcio/{version('warcio')}",
        "format": "WARC File Format 1.1",
        "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "robots": "obey" if settings.getbool("ROBOTSTXT_OBEY") else "ignore",
        "http-header-user-agent": settings["USER_AGENT"],
        "isPartOf": spider.name,
        **({"operator": settings["CONTACT"]} if settings.get("CONTACT") else {}),
        # The addresses on record are the newspaper's own; this is where the answers came from.
        **({"origin": origin} if origin else {}),
    }


def run_id(crawler: Crawler) -> str:
    """The id of the crawl's row in `runs`, which the run log puts into the stats."""
    run = crawler.stats.get_value("newsmill/run") if crawler.stats else None
    return str(run or uuid.uuid4().hex)


def failure(folder: str, error: OSError) -> str:
    """One line for a record that could not be written."""
    return (
        f"warc: cannot write to {folder}: {error.strerror or error}: make room, then run it again; "
        "what is on record and in the store stays"
    )


def check_folder(settings: BaseSettings) -> None:
    """See to it that `WARC` can be written to.

    Raises:
        NewsmillError: it cannot.
    """
    if not (folder := settings.get("WARC")):
        return
    try:
        import warcio  # noqa: F401

        Path(folder).mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except ImportError:
        raise NewsmillError("warc: the package warcio is missing: pip install warcio") from None
    except OSError as error:
        raise NewsmillError(
            f"warc: cannot write to {folder}: {error.strerror or error}: name another folder"
        ) from error
