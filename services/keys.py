"""API keys: who a caller is and what it may do. Only hashes are kept; a key is shown once, when it is made."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sql
from sqlalchemy.exc import IntegrityError

from services import tables
from services.store import Store

SCOPES = ("score", "register", "privileged-why", "admin")
"""Judge answers and read one's own verdicts; register problems; see expected answers and tests; all, of all tenants."""

READS = ("score", "privileged-why")
"""Either lets one read verdicts."""

_PREFIX = "rk_"
_FIRST = "first"
# A key that was taken back works for this long at most.
_REMEMBERED_SECONDS = 5.0
_UNLIMITED = 0


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        tenant: callers of one tenant share problems, verdicts and the cache; nobody else sees them.
        items_per_minute: quota; 0 is none.
    """

    name: str
    tenant: str
    scopes: frozenset[str]
    items_per_minute: int = _UNLIMITED

    def may(self, scope: str) -> bool:
        """Whether it has this scope; `admin` has all."""
        return scope in self.scopes or "admin" in self.scopes

    @property
    def sees(self) -> str | None:
        """The tenant whose samples it may read; None: all."""
        return None if "admin" in self.scopes else self.tenant


LOCAL = Caller("local", "local", frozenset({"score", "register"}))
"""Who reaches a loopback address without a key."""


class Keys:
    """The keys of a service.

    Args:
        store: where they are kept; None: there is only `admin_key`.
        admin_key: one with all scopes that is in no store; "" for none.
    """

    def __init__(self, store: Store | None, admin_key: str) -> None:
        self._store = store
        self._admin_hash = _hashed(admin_key) if admin_key else ""
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Caller | None]] = {}

    def caller(self, key: str) -> Caller | None:
        """Whose key it is; None for nobody's. Raises StoreAway."""
        digest = _hashed(key)
        if self._admin_hash and hmac.compare_digest(digest, self._admin_hash):
            return Caller("admin", "local", frozenset(SCOPES))
        if self._store is None:
            return None
        now = time.monotonic()
        with self._lock:
            since, caller = self._known.get(digest, (float("-inf"), None))
        if now - since > _REMEMBERED_SECONDS:
            # By hash: how long it takes says nothing about a key.
            rows = self._store.read(sql.select(tables.keys).where(tables.keys.c.hash == digest))
            caller = _caller(rows[0]) if rows else None
            with self._lock:
                if len(self._known) > 10_000:
                    self._known.clear()
                self._known[digest] = (now, caller)
        return caller

    def make_first(self) -> str | None:
        """The first key of a new store, with all scopes; None when it has keys, or there is no store."""
        if self._store is None or self._admin_hash or self._store.read(sql.select(tables.keys.c.name).limit(1)):
            return None
        try:
            return make(self._store, _FIRST, "local", SCOPES)
        # Another process was faster.
        except ValueError:
            return None


def make(store: Store, name: str, tenant: str, scopes: Iterable[str], items_per_minute: int = _UNLIMITED) -> str:
    """A new key; it is kept nowhere. Raises ValueError for a scope that there is not, or a name that is taken."""
    scopes = tuple(scopes)
    if unknown := sorted(set(scopes) - set(SCOPES)):
        raise ValueError(f"no scope {', '.join(unknown)}: there are {', '.join(SCOPES)}")
    key = _PREFIX + secrets.token_urlsafe(32)
    row = {"hash": _hashed(key), "name": name, "tenant": tenant, "scopes": " ".join(scopes), "created": time.time()}
    try:
        store.execute(sql.insert(tables.keys).values(**row, items_per_minute=items_per_minute))
    except IntegrityError:
        raise ValueError(f"there is a key {name!r} already: give it another name, or take that one back") from None
    return key


def listed(store: Store) -> list[Caller]:
    """All keys of a store, by name."""
    return [_caller(row) for row in store.read(sql.select(tables.keys).order_by(tables.keys.c.name))]


def take_back(store: Store, name: str) -> None:
    """From now on (within seconds) this key opens nothing. Raises ValueError when there is none of this name."""
    if not store.execute(sql.delete(tables.keys).where(tables.keys.c.name == name)):
        raise ValueError(f"no key {name!r}: `python -m services keys list` names them")


def _caller(row: sql.RowMapping) -> Caller:
    return Caller(row["name"], row["tenant"], frozenset(row["scopes"].split()), row["items_per_minute"])


def _hashed(key: str) -> str:
    """Of 256 random bits: a slow hash would protect nothing more."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
