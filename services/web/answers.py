"""What every page has: its frame, its headers, its forms, and errors that a person can read."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

import jinja2
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute

from services.access import COOKIE, read_body, service_of
from services.guard import Refused, check_caller
from services.keys import Caller
from services.routes import until_gone
from services.web import formulas, text

_FORM_COOKIE = "reward_form"
_FORM_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
_MAX_FORM_BYTES = 16 << 10
# With `no-referrer` a browser would send `Origin: null` with our own forms, which is what a foreign page sends.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_HEADLINES = {
    401: "A key is needed",
    403: "Not allowed",
    404: "Not found",
    429: "Too much at once",
    503: "Not now",
}


class PageRoute(APIRoute):
    """A route whose refusals are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                # Whoever leaves has nothing more looked up. The body of a form is read by its route.
                return await (until_gone(request, handle(request)) if _reads(request) else handle(request))
            except RequestValidationError:
                return _refusal(request, Refused(422, "the address has a parameter of the wrong kind: start again"))
            except Refused as error:
                return _refusal(request, error)

        return handled


def page(request: Request, template: str, caller: Caller | None, status: int = 200, **values: Any) -> HTMLResponse:
    """A page from a template of ours, in its frame."""
    token = request.cookies.get(_FORM_COOKIE, "")
    fresh = not _FORM_TOKEN.fullmatch(token)
    if fresh:
        token = secrets.token_urlsafe(24)
    content = _environment.get_template(template).render(
        caller=caller,
        has_key=COOKIE in request.cookies,
        stores=service_of(request).store is not None,
        token=token,
        path=request.url.path,
        # Where to go on after a key was given.
        here=request.url.path + (f"?{request.url.query}" if request.url.query else "") if _reads(request) else "/",
        **values,
    )
    response = HTMLResponse(content, status, headers=_HEADERS)
    if fresh:
        set_cookie(request, response, _FORM_COOKIE, token)
    return response


def redirect(path: str) -> RedirectResponse:
    """To another page of ours, by GET."""
    return RedirectResponse(path, 303, headers=_HEADERS)


def set_cookie(request: Request, response: Response, name: str, value: str) -> None:
    """For this site's own requests only, until the browser ends."""
    secure = request.url.scheme == "https"
    response.set_cookie(name, value, httponly=True, samesite="strict", path="/", secure=secure)


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a form that stands on a page of ours. Raises Refused (403, 408, 413, 415, 422, 503)."""
    service = service_of(request)
    check_caller(request, service.settings.host)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Refused(415, "this takes a form of a page: open the page and send it from there")
    body = await read_body(request, _MAX_FORM_BYTES, "the form is too long: open the page again")
    try:
        found = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=16)
    except ValueError:
        raise Refused(422, "the form has too many fields: open the page again") from None
    fields = {name: values[-1] for name, values in found.items()}
    known = request.cookies.get(_FORM_COOKIE, "")
    if not known or not hmac.compare_digest(fields.get("token", "").encode(), known.encode()):
        raise Refused(403, "this form is not from a page of this service: open the page again, with cookies allowed")
    return fields


def address(path: str, **parameters: object) -> str:
    """A link of ours; parameters without a value are left out."""
    given = {
        name: str(value)
        for name, value in parameters.items()
        if value is not None and value is not False and str(value)
    }
    return f"{path}?{urlencode(given)}" if given else path


def whole_number(name: str, text: str) -> int | None:
    """Of an address: from 0 on, below 2**31; None for none. Raises Refused (422)."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < 2**31):
        raise Refused(422, f"{name} is {text[:40]!r}: give a whole number from 0 on, or none")
    return int(text)


def _refusal(request: Request, error: Refused) -> HTMLResponse:
    headline = _HEADLINES.get(error.status, "This did not work")
    # What anyone may see: who asked is not known, or may not see more.
    response = page(
        request, "error.html", None, error.status, headline=headline, detail=error.detail, status_code=error.status
    )
    response.headers.update(error.headers)
    return response


def _reads(request: Request) -> bool:
    return request.method == "GET"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if seconds < 0.01:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _reward(reward: float | None) -> str:
    return "none" if reward is None else f"{reward:.3g}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) or value >= 100 else f"{value:.3g}"


_environment = jinja2.Environment(
    loader=jinja2.PackageLoader("services.web"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals["address"] = address
_environment.filters |= {
    "visible": text.visible,
    "mathematics": formulas.mathematics,
    "plain": text.plain,
    "state": text.state_of,
    "time": _time,
    "clock": _clock,
    "duration": _duration,
    "reward": _reward,
    "number": _number,
}
