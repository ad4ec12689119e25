"""Pages that scripts write: fetched as any other page, then rendered by the system's Chromium.

The browser has no network. The page itself and whatever its scripts ask its newspaper for come through Scrapy, so that
robots.txt, pauses, `origin` and the raw archive hold for them; images, styles, frames and strangers are not loaded.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable
from itertools import count
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urldefrag, urlsplit

from scrapy import Request, signals
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.misc import build_from_crawler

from crawler.discovery.failures import is_broken_off
from crawler.items import newspaper_of

if TYPE_CHECKING:
    from playwright.async_api import Page, Route
    from playwright.async_api import Request as ScriptRequest
    from scrapy.crawler import Crawler
    from scrapy.http import Response

log = logging.getLogger(__name__)

#: Sent with `request` and `page` (a response) when a browser has rendered the answer to a request. What a receiver
#: raises, the request fails with.
page_rendered = object()
#: What a script may load, and how: nothing else changes a text.
_LOADED = frozenset({"script", "xhr", "fetch"})
#: Of a script's own headers, those that change an answer. Cookies stay out, as everywhere in the crawl.
_HEADERS = ("accept", "content-type", "x-requested-with")
#: Seconds: between two looks at a page, that a page has to stand still, and after which it is taken as it is.
_LOOK, _STILL, _PATIENCE = 0.05, 0.15, 15.0
#: Scripts kept for the next pages: a site has a few dozen.
_SCRIPTS_MAX = 500
_TRIES = 3
#: Seconds for something to open or close: a dead browser never says that it has, and one of which only a part died
#: goes on saying that it is there.
_OPENING, _CLOSING = 20.0, 10.0
#: A number that changes whenever a script writes.
_SIZE = "() => document.documentElement.innerHTML.length"
_CLICK = """selector => {
    window.scrollTo(0, document.documentElement.scrollHeight);
    const button = [...document.querySelectorAll(selector)].find(node => !node.disabled && !node.hidden);
    if (button) button.click();
    return document.links.length;
}"""
_LINKS = "() => document.links.length"


class RenderError(IgnoreRequest):
    """A page that the browser could not render: another crawl may."""

    reason = "unreachable"


class BrowserMiddleware:
    """Renders the answers to articles and lists. Above the back-off and the unpacking: it meets whole pages only."""

    def __init__(self, crawler: Crawler) -> None:
        from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler

        # Its warnings come with tracebacks; what fails is named by the crawl.
        logging.getLogger("scrapy-playwright").setLevel(logging.ERROR)
        self.crawler = crawler
        self.patience = crawler.settings.getfloat("DOWNLOAD_TIMEOUT")
        self.clicks = crawler.settings.getint("JAVASCRIPT_CLICKS")
        self._browser = build_from_crawler(ScrapyPlaywrightDownloadHandler, crawler)
        self._numbers = count(1)
        # scrapy-playwright's own limit is not given back by contexts that die with their browser.
        self._room = asyncio.Semaphore(crawler.settings.getint("JAVASCRIPT_PAGES"))
        self._scripts: dict[str, asyncio.Task[Response]] = {}
        self._stopping: asyncio.Future[None] | None = None
        self._dying: asyncio.Future[None] | None = None
        crawler.signals.connect(self.closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_response(self, request: Request, response: Response) -> Response:
        is_content = request.meta.get("article") or request.meta.get("list")
        if (
            not is_content
            or response.status != 200
            or not isinstance(response, HtmlResponse)
            or is_broken_off(response)
        ):
            return response
        for attempt in range(1, _TRIES + 1):
            try:
                async with self._room:
                    page = await self._render_in_time(request, response)
            except Exception as error:
                if self._cannot_start(error):
                    raise RenderError(str(error).splitlines()[0]) from error
                log.info("%s: not rendered (try %d): %s", request.url, attempt, error)
                # Playwright's own TimeoutError is another class: a script without end has none the next time either.
                if attempt == _TRIES or type(error).__name__ == "TimeoutError":
                    why = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
                    raise RenderError(f"not rendered by the browser: {why}") from error
            else:
                await self._announce(request, page)
                return page
        return response

    async def _render_in_time(self, request: Request, response: HtmlResponse) -> HtmlResponse:
        """Render; give up when the time is over, or when the browser died: what it was asked for has no answer."""
        began = time.monotonic()
        visit = _Visit(self, request, response)
        rendering = asyncio.ensure_future(self._render(visit))
        browser: Any = None
        try:
            while not rendering.done():
                await asyncio.wait({rendering}, timeout=0.5)
                browser = browser or getattr(self._browser, "browser", None)
                if not rendering.done() and browser and not browser.is_connected():
                    raise ConnectionError("the browser died")
                waited = time.monotonic() - began
                if not rendering.done() and browser and not visit.is_open and waited > _OPENING:
                    await self._replace(browser)
                    raise ConnectionError("the browser opens no page")
                if not rendering.done() and waited > 2 * self.patience:
                    raise TimeoutError("it took too long")
            return rendering.result()
        finally:
            rendering.cancel()

    async def _replace(self, browser: Any) -> None:
        """Have a browser closed that is of no use, once for all pages; the next page starts another."""
        if self._dying is None or self._dying.done():
            self._dying = asyncio.ensure_future(_within(_CLOSING, browser.close()))
        await asyncio.wait({self._dying})
        # scrapy-playwright lets go of it when it hears that it has closed.
        if getattr(self._browser, "browser", None) is browser:
            self._browser.context_wrappers.clear()
            del self._browser.browser

    async def _render(self, visit: _Visit) -> HtmlResponse:
        """The page after its scripts: same status and headers, the document as text in UTF-8."""
        response = visit.response
        # A context of its own for each page: sites count readers' visits in cookies and local storage.
        name = f"page-{next(self._numbers)}"
        navigation = Request(
            response.url, meta={
                "playwright": True, "playwright_context": name, "playwright_context_kwargs": self._context(),
                "playwright_include_page": True, "playwright_page_init_callback": visit.prepare,
                "playwright_page_methods": [_method(visit.wait)],
                "playwright_page_goto_kwargs": {"timeout": self.patience * 1000, "wait_until": "domcontentloaded"},
            },
        )  # fmt: skip
        self._count("opened")
        try:
            page = await self._browser.download_request(navigation)
        finally:
            await self._shut(name)
        headers = response.headers.copy()
        headers["Content-Type"] = "text/html; charset=utf-8"
        text = page.text if isinstance(page, HtmlResponse) else ""
        return response.replace(body=text.encode("utf-8", "replace"), headers=headers, encoding="utf-8")

    async def _shut(self, name: str) -> None:
        if wrapper := self._browser.context_wrappers.get(name):
            await _within(_CLOSING, wrapper.context.close())
        self._count("closed")

    def _context(self) -> dict[str, Any]:
        settings = self.crawler.settings
        return {"user_agent": settings["USER_AGENT"], "service_workers": "block", "accept_downloads": False}

    async def fetch(self, script_request: ScriptRequest) -> Response:
        """What a script asks for, by way of Scrapy's downloader.

        Raises:
            IgnoreRequest: robots.txt forbids it.
        """
        headers = {name: value for name in _HEADERS if (value := script_request.headers.get(name))}
        request = Request(
            urldefrag(script_request.url).url, NO_CALLBACK, method=script_request.method, headers=headers,
            body=script_request.post_data_buffer, priority=20, meta={"script": True, "allow_offsite": True},
        )  # fmt: skip
        assert self.crawler.engine is not None
        self._count("asked_by_scripts")
        return await self.crawler.engine.download_async(request)

    async def script(self, script_request: ScriptRequest) -> Response:
        """A script, fetched once in a crawl."""
        task = self._scripts.get(script_request.url)
        if task is None:
            if len(self._scripts) >= _SCRIPTS_MAX:
                self._scripts.clear()
            task = self._scripts[script_request.url] = asyncio.ensure_future(self.fetch(script_request))
        return await asyncio.shield(task)

    async def _announce(self, request: Request, page: Response) -> None:
        results = await self.crawler.signals.send_catch_log_async(
            page_rendered, request=request, page=page, dont_log=IgnoreRequest
        )
        for _, result in results:
            if isinstance(result, Exception):
                raise result

    def _cannot_start(self, error: Exception) -> bool:
        """Whether there is no browser at all; then the crawl ends, saying so."""
        if "BrowserType.launch" not in str(error) or self.crawler.engine is None:
            return False
        if self._stopping is None:
            lines = [line for line in str(error).splitlines() if line.strip()]
            cause = next((line for line in lines if "rror" in line.split(":")[0] or "[err]" in line), lines[0])
            if self.crawler.stats:
                self.crawler.stats.set_value("newsmill/closed", f"browser: Chromium does not start: {cause[:200]}")
            self._stopping = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="browser_lost"))
        return True

    async def closed(self) -> None:
        contexts = sum(len(wrapper.context.pages) + 1 for wrapper in self._browser.context_wrappers.values())
        if self.crawler.stats:
            self.crawler.stats.set_value("newsmill/browser/left_open", contexts)
        await _within(_CLOSING, self._browser.close())

    def _count(self, name: str) -> None:
        if self.crawler.stats:
            self.crawler.stats.inc_value(f"newsmill/browser/{name}")


class _Visit:
    """One page in the browser, from its opening to its text."""

    def __init__(self, middleware: BrowserMiddleware, request: Request, response: HtmlResponse) -> None:
        self.middleware = middleware
        self.response = response
        self.spider: Any = middleware.crawler.spider
        self.is_list = bool(request.meta.get("list"))
        self._is_navigated = False
        self._under_way = 0
        self.is_open = False

    async def prepare(self, page: Page, request: Request) -> None:  # noqa: ARG002 - scrapy-playwright's
        """Answer for the network, before anything is loaded."""
        self.is_open = True
        # Called once more where the browser died under the page.
        self._is_navigated, self._under_way = False, 0
        # Later routes go before earlier ones: nothing is left to scrapy-playwright's own.
        await page.route("**/*", self.answer)
        await page.route_web_socket("**/*", lambda _: None)
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.dismiss()))

    async def answer(self, route: Route, script_request: ScriptRequest) -> None:
        from playwright.async_api import Error

        self._under_way += 1
        try:
            await self._answer(route, script_request)
        except Error as error:
            log.debug("%s: %s", script_request.url, error)
        finally:
            self._under_way -= 1

    async def _answer(self, route: Route, script_request: ScriptRequest) -> None:
        if script_request.is_navigation_request() and not self._is_navigated:
            self._is_navigated = True
            kind = (self.response.headers.get("Content-Type") or b"text/html").decode("latin-1")
            await route.fulfill(status=200, headers={"content-type": kind}, body=self.response.body)
            return
        if script_request.is_navigation_request() or not self._is_loaded(script_request):
            await route.abort()
            return
        try:
            is_script = script_request.resource_type == "script"
            answer = await (self.middleware.script if is_script else self.middleware.fetch)(script_request)
        except Exception as error:  # noqa: BLE001 - whatever it is, the page goes on without this file
            log.info("%s: not given to the script: %s", script_request.url, error)
            await route.abort()
            return
        headers = {
            name.decode("latin-1"): (answer.headers.get(name) or b"").decode("latin-1")
            for name in answer.headers
            if name.lower() not in (b"content-encoding", b"content-length", b"transfer-encoding", b"set-cookie")
        }
        await route.fulfill(status=answer.status, headers=headers, body=answer.body)

    def _is_loaded(self, script_request: ScriptRequest) -> bool:
        """Whether a script gets what it asks for: what changes a text, from the newspaper or its script hosts."""
        url = script_request.url
        is_own = newspaper_of(url) == self.spider.name or urlsplit(url).hostname in self.spider.SCRIPT_HOSTS
        return is_own and script_request.resource_type in _LOADED

    async def wait(self, page: Page) -> None:
        """Until the scripts are done; on a list, until its "more" brings no more."""
        await self._stand_still(page)
        if not self.is_list or not self.spider.LOAD_MORE:
            return
        links = await page.evaluate(_LINKS)
        for _ in range(self.middleware.clicks):
            await page.evaluate(_CLICK, self.spider.LOAD_MORE)
            await self._stand_still(page)
            before, links = links, await page.evaluate(_LINKS)
            if links <= before:
                return
        log.warning("%s: still more after %d clicks", self.response.url, self.middleware.clicks)

    async def _stand_still(self, page: Page) -> None:
        end = time.monotonic() + min(_PATIENCE, self.middleware.patience)
        size, since = -1, time.monotonic()
        while time.monotonic() < end:
            now = await page.evaluate(_SIZE)
            if now != size or self._under_way:
                size, since = now, time.monotonic()
            if time.monotonic() - since >= _STILL:
                return
            await asyncio.sleep(_LOOK)


async def _within(seconds: float, closing: Awaitable[Any]) -> None:
    """Let something close; go on after that time, and whatever it raises.

    Not `asyncio.wait_for`, which waits for what it cancels.
    """
    task = asyncio.ensure_future(closing)
    await asyncio.wait({task}, timeout=seconds)
    if not task.done():
        task.cancel()
    elif not task.cancelled() and (error := task.exception()):
        log.debug("not closed: %s", error)


def _method(function: Any) -> Any:
    from scrapy_playwright.page import PageMethod

    return PageMethod(function)
