"""What `synth review` was started with, as plain values: what is shown, to whom, and where the server listens."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from pathlib import Path

#: Under these names a browser asks this machine alone.
LOCAL_NAMES = frozenset(("localhost", "ip6-localhost", "localhost.localdomain"))


@dataclass(frozen=True)
class Settings:
    """The options of one server.

    Attributes:
        host: the address to listen at.
        port: the port to listen at.
        filter: text of the filter of samples that raters work on (`synth.filters.read`); "" for all.
        language: of the interface where the reader has chosen none; "" for the one that the browser asks for.
        blind: folder of the sheets of a blind evaluation, which alone is shown then; None: the store is shown.
        raters: names of the raters, each with a token; none: the user of this machine, without a token.
        overlap: raters that decide on each row.
        lease: minutes for which a rater has a row to himself.
        adjudicators: raters who decide where others disagree; none: whoever has not marked the row.
        hosts: further names under which the server may be asked.
        debug: whether an error of ours shows its traceback on stderr.
        pipelines: folder of the pipeline files that can be run from a page.
        owner: the rater who may run them; "" for whoever works at this machine.
        uri: of the store, for the commands that a page starts; "" for the one that the environment names.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    filter: str = ""
    language: str = ""
    blind: Path | None = None
    raters: tuple[str, ...] = ()
    overlap: int = 1
    lease: float = 30.0
    adjudicators: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    debug: bool = False
    pipelines: Path = Path()
    owner: str = ""
    uri: str = ""

    def may_run(self, rater: str) -> bool:
        """Whether a rater may start and stop pipelines: the owner, else all where nobody but this machine can ask.

        A server with further names stands behind another one that others can reach.
        """
        return rater == self.owner if self.owner else self.is_local and not self.hosts

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)

    def admits(self, name: str) -> bool:
        """Whether the server may be asked under a host's name.

        A page in a browser can let its own name point at this machine (DNS rebinding) and then read the answers; it
        cannot let a request say another name than its own. Beyond the loopback an address in digits is admitted, for
        no page has such a name.
        """
        name = name.lower().rstrip(".")
        ours = {self.host.lower(), *(host.lower() for host in self.hosts)}
        if name in LOCAL_NAMES | ours or (_is_address(name) and is_loopback(name)):
            return True
        return not self.is_local and (_is_address(name) or name == socket.gethostname().lower())


def is_loopback(host: str) -> bool:
    """Whether an address, or a name that stands for one, is reached from this machine alone."""
    if _is_address(host):
        return ipaddress.ip_address(host).is_loopback
    return host.lower() in LOCAL_NAMES


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
