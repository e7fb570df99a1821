"""Keys where only a URL can be set (`http://x:KEY@host`): many trainers' clients send no header of the user's."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote, urlsplit, urlunsplit


def taken_from(url: str) -> tuple[str, str]:
    """The URL as it may be logged and kept, and the key that was in it: the password, else the name; "" for none."""
    parts = urlsplit(url)
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, ""
    name, _, password = userinfo.partition(":")
    return urlunsplit(parts._replace(netloc=host)), unquote(password or name)


def basic_key(credentials: str) -> str:
    """The key in what follows `Authorization: Basic`: the password, else the name; "" where it cannot be read."""
    try:
        name, _, password = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return ""
    return password or name
