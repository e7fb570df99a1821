"""Who may ask: programs of this machine, and no web page that a browser on it happens to show."""

from __future__ import annotations

import ipaddress
import math
from urllib.parse import urlsplit

from fastapi import Request


class Refused(Exception):
    """A request that gets an error status; the message names the remedy.

    `retry_after_seconds` goes out as `Retry-After`, rounded up.
    """

    def __init__(self, status: int, detail: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = {} if retry_after_seconds is None else {"Retry-After": str(math.ceil(retry_after_seconds))}
        if status == 401:
            # Never Basic: a browser would ask for it, and send it along from then on.
            self.headers["WWW-Authenticate"] = 'Bearer realm="reward service"'
        if status == 408:
            # The rest of what did not come in time is not waited for.
            self.headers["Connection"] = "close"


def check_caller(request: Request, bound: str) -> None:
    """Refuse what a foreign web page can make a browser send here. `bound` is the address the service listens on.

    A page that rebinds its own name to a loopback address still sends that name as Host, so a service on loopback
    answers to loopback names only. A service on another address leaves Host to the proxy in front of it.

    Raises Refused (400, 403).
    """
    if len(request.headers.getlist("host")) > 1:
        raise Refused(400, "two Host headers: a proxy and we could each believe another one, send one")
    host = request.headers.get("host", "")
    if is_loopback(bound) and not is_loopback(name := _name_of(host)):
        raise Refused(403, f"this service listens on {bound}: send the request to that address, not to {name!r}")
    origin = request.headers.get("origin")
    if origin is not None and _origin_host(origin) != host.lower():
        raise Refused(403, f"a web page of {origin!r} may not ask this service: ask from a program, without Origin")


def require_json(request: Request) -> None:
    """Refuse other types: only for JSON does a browser ask us before it sends what a foreign page wants.

    Raises Refused (415).
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, f"the body is declared as {kind or 'nothing'}: send it with content-type: application/json")


def _origin_host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _name_of(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return host


def is_loopback(name: str) -> bool:
    """Whether an address or name is this machine's own."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
