"""One server and the official `openai` client that asks it: addresses, keys, time-outs, broken connections."""

from __future__ import annotations

import asyncio
import base64
import importlib.util
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from crawler.items import is_loopback
from synth.llm.completion import LLMError
from synth.llm.responses import first_line

if TYPE_CHECKING:
    from openai import AsyncOpenAI

DEFAULT_BASE_URL = "https://api.openai.com/v1"
#: Seconds in which a connection stands, or the server is not there.
CONNECT = 15.0
#: What stands in the causes of an error where nobody took the connection, or not in time.
_NO_CONNECT = frozenset({"aiohttp.ClientConnectorError", "httpcore.ConnectError"})
_SLOW_CONNECT = frozenset({"aiohttp.ConnectionTimeoutError", "httpcore.ConnectTimeout"})
#: One of them is there wherever a network or a server failed, and not the request itself.
_NETWORK = frozenset(
    {"aiohttp.ClientError", "httpx.TransportError", "httpx.DecodingError", "builtins.OSError", "builtins.EOFError"}
)


class TransientError(LLMError):
    """Worth another attempt, after `wait` seconds where the server named them.

    Attributes:
        overload: the server asks for fewer calls.
        uncertain: it may have answered all the same, and been paid for it.
    """

    def __init__(
        self, reason: str, message: str, wait: float | None = None,
        *, fatal: bool = False, overload: bool = False, uncertain: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(reason, message, fatal=fatal)
        self.wait, self.overload, self.uncertain = wait, overload, uncertain


class Reply(NamedTuple):
    """What came back over HTTP, whatever its status."""

    status: int
    #: the status in words.
    phrase: str
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """Connections to the chat completions of one server, kept between calls while it is open.

    Args:
        name: of the model, for errors.
        timeout: seconds for one request, from its first byte to the reply's last.
        most: requests at a time.
    """

    def __init__(self, name: str, base_url: str, key: str, *, timeout: float, most: int) -> None:
        self.name, self.timeout, self.most = name, timeout, most
        self.base_url, self._authorization = _login(base_url.rstrip("/"), key)
        self._key = key
        self._client: AsyncOpenAI | None = None

    @property
    def host(self) -> str:
        """Host and port."""
        return urlsplit(self.base_url).netloc

    def line(self, text: str) -> str:
        """A message about this server, without its key."""
        message = f"{self.name} at {self.host}: {text}"
        return message.replace(self._key, "***") if self._key else message

    async def post(self, body: Mapping[str, Any]) -> Reply:
        """Ask once; any status is a reply.

        Raises:
            LLMError: there is none; `TransientError` where another attempt may get one.
        """
        import httpx
        import openai

        client = self._client or self._connected()
        login: Any = self._authorization or openai.Omit()
        try:
            async with asyncio.timeout(self.timeout):
                response = await client.post(
                    "/chat/completions", cast_to=httpx.Response, body=body,
                    options={"headers": {"Authorization": login}, "follow_redirects": False},
                )  # fmt: skip
        except TimeoutError as error:
            text = f"no answer within {self.timeout:g} s (LLM_TIMEOUT)"
            raise TransientError("timeout", self.line(text), overload=True, uncertain=True) from error
        except openai.APIStatusError as error:
            response = error.response
        except openai.APIConnectionError as error:
            raise self._broken(error) from error
        finally:
            if client is not self._client:
                await client.close()
        return Reply(response.status_code, response.reason_phrase, response.headers, response.content)

    def _broken(self, error: Exception) -> LLMError:
        """A connection that did not come about, went silent or broke."""
        chain = list(_causes(error))
        # By the libraries' own names: aiohttp's transport reports each of them as httpx.ConnectTimeout.
        names = {
            f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for cause in chain for kind in type(cause).__mro__
        }
        detail = next((first_line(cause) for cause in chain[1:] if str(cause)), type(chain[-1]).__name__)
        if not names & _NETWORK:
            return LLMError("bad_address", self.line(f"no request can be made of this: {detail}"))
        if names & _SLOW_CONNECT:
            detail = f"nothing within {min(CONNECT, self.timeout):g} s"
        if names & (_NO_CONNECT | _SLOW_CONNECT):
            text = f"cannot connect ({detail}): is LLM_BASE_URL right and the server up?"
            return TransientError("unreachable", self.line(text), fatal=True)
        if "builtins.TimeoutError" in names:
            text = f"no answer within {self.timeout:g} s (LLM_TIMEOUT)"
            return TransientError("timeout", self.line(text), overload=True, uncertain=True)
        kind = type(chain[-1]).__name__
        return TransientError("unavailable", self.line(f"the connection broke ({kind}: {detail})"), uncertain=True)

    def _connected(self) -> AsyncOpenAI:
        import httpx
        import openai

        # aiohttp's transport takes a quarter of the processor time of httpx's own.
        quick = importlib.util.find_spec("httpx_aiohttp") is not None
        kind = openai.DefaultAioHttpClient if quick else openai.DefaultAsyncHttpxClient
        timeout = httpx.Timeout(self.timeout, connect=min(CONNECT, self.timeout), pool=None)
        limits = httpx.Limits(max_connections=self.most, max_keepalive_connections=self.most)
        # Proxies of the environment are for others: none of them can reach a server on this machine.
        connections = kind(timeout=timeout, limits=limits, trust_env=not is_loopback(self.base_url))
        client = _client_class()
        # The key goes with each request; without one the client refuses to be made.
        return client(base_url=self.base_url, api_key="none", max_retries=0, http_client=connections)

    def open(self) -> None:
        """Keep connections from now on."""
        if self._client is None:
            self._client = self._connected()

    async def close(self) -> None:
        """Let go of them."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()


def is_address(text: str) -> bool:
    """Whether requests can be sent there."""
    try:
        parts = urlsplit(text)
        # Reading it is what finds a port that is none.
        whole = parts.port != 0 and bool(parts.hostname)
    except ValueError:
        return False
    return whole and parts.scheme in ("http", "https") and text.isprintable() and " " not in text


def _login(base_url: str, key: str) -> tuple[str, str]:
    """(address, Authorization) from an address that may hold a name and a password, which are sent as such."""
    parts = urlsplit(base_url)
    user, _, host = parts.netloc.rpartition("@")
    if not user:
        return base_url, f"Bearer {key}" if key else ""
    basic = base64.b64encode(unquote(user).encode()).decode()
    return parts._replace(netloc=host).geturl(), f"Bearer {key}" if key else f"Basic {basic}"


def _client_class() -> type[AsyncOpenAI]:
    from openai import AsyncOpenAI

    class Client(AsyncOpenAI):
        """Without what OPENAI_* in the environment adds: keys and headers for OpenAI are no other server's business."""

        @property
        def default_headers(self) -> dict[str, Any]:
            return {"Accept": "application/json", "Content-Type": "application/json", "User-Agent": "newsmill"}

    return Client


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
