"""What the service remembers: every verdict with its inputs, problems, keys. SQLite or PostgreSQL, by SQLAlchemy.

Verdicts are written by one thread, many in one transaction; `save` is done when they are on disk (for SQLite: they
survive the end of the process by any signal; at a loss of power its write-ahead log may lose the last ones). A store
that is away is tried again until the caller's patience ends; nothing is acknowledged that is not stored.
"""

from __future__ import annotations

import functools
import hmac
import json
import queue
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

import sqlalchemy as sql
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services import database, tables
from services.guard import Refused
from services.samples import (
    DETERMINISTIC,
    Filter,
    Sample,
    StoredProblem,
    conditions,
    digest_of,
    id_at,
    problem_of,
    problem_row,
    prompt_of,
    restored,
    sample_of,
    storable,
    verdict_row,
)
from services.schemas import ScoreProblem
from verifiers.types import Verdict

_MAX_GROUP = 4096
# Any number that nobody else locks.
_MAKING = 7_214_001
_RETRY_SECONDS = 0.1
_SWEEP_SECONDS = 60.0
_SWEEP_SHARE = 0.1
_REMEMBERED_PROBLEMS = 100_000
# A problem that is known to be there is not written again for so long, and not deleted for longer.
_REMEMBERED_SECONDS = 3600.0
_IDS_PER_QUERY = 500
_NO_PROBLEM = StoredProblem("", {}, None, None)
_T = TypeVar("_T")
Row = dict[str, Any]


class StoreAway(Refused):
    """The store cannot be reached: 503, come again. Nothing was lost that was acknowledged."""

    def __init__(self, kind: str) -> None:
        super().__init__(503, f"the store does not answer ({kind}): try again once it does", 5)


class Store:
    """A database of verdicts; thread-safe.

    Args:
        url: as SQLAlchemy reads it.
        days, megabytes: older verdicts, and the oldest above this size, are deleted.
        problem_megabytes: what the registered problems of one tenant may take; they stay, and do not count above.
        patience_seconds: how long `save` and reads try to reach a store that is away.

    Raises `database.StoreUnfit` for an unusable URL, StoreAway when the database does not answer in time.
    """

    def __init__(
        self,
        url: str,
        *,
        days: float = 30.0,
        megabytes: int = 4096,
        problem_megabytes: int = 1024,
        patience_seconds: float = 30.0,
    ) -> None:
        self._engine = database.opened(url)
        self.is_sqlite = self._engine.dialect.name == "sqlite"
        self._dialect: Any = sqlite if self.is_sqlite else postgresql
        self._days, self._megabytes, self._patience = days, megabytes, patience_seconds
        self._tenant_bytes = problem_megabytes << 20
        self._queue: queue.SimpleQueue[tuple[Sequence[Sample], Sequence[Row], Future[None]] | None]
        self._queue = queue.SimpleQueue()
        self._known: set[str] = set()
        self._known_since = time.monotonic()
        self._closing = threading.Event()
        self._secret = self._persist(self._make_tables)
        self._writer = threading.Thread(target=self._write, name="store-writer", daemon=True)
        self._sweeper = threading.Thread(target=self._sweep, name="store-sweeper", daemon=True)
        self._writer.start()
        self._sweeper.start()

    def close(self) -> None:
        """Write what waits, and end."""
        self._closing.set()
        self._queue.put(None)
        self._writer.join()
        self._sweeper.join()
        self._engine.dispose()

    def save(self, samples: Sequence[Sample], rollouts: Sequence[Row] = ()) -> Future[None]:
        """Keep samples and rows of rollouts; done when they are stored, or with StoreAway."""
        done: Future[None] = Future()
        # Whoever waits may go; what is to be written is written all the same.
        done.set_running_or_notify_cancel()
        self._queue.put((samples, rollouts, done))
        return done

    def problem_key(self, tenant: str, problem: ScoreProblem, digest: str) -> str:
        """The id of a problem with a reference of this digest: what it says, for whom.

        It is a keyed hash, so that nobody finds out the reference by trying.
        """
        said = json.dumps((tenant, problem.verifier, digest, prompt_of(problem) or "", problem.id or "")).encode()
        return "p" + hmac.digest(self._secret, said, "sha256").hex()[:32]

    def save_problems(self, tenant: str, problems: Sequence[ScoreProblem]) -> list[str]:
        """Keep problems for good, all or none; their keys. Raises StoreAway, Refused (413) for a tenant's too many."""
        keys = [self.problem_key(tenant, each, digest_of(each.reference)) for each in problems]
        rows = [
            problem_row(tenant, key, each.verifier, each.reference, prompt_of(each), each.id, registered=True)
            for key, each in zip(keys, problems, strict=True)
        ]
        # Some came with an answer before and are there already.
        table = tables.problems
        again = sql.update(table).where(table.c.key.in_(keys)).values(registered=True)
        size = sql.select(sql.func.sum(table.c.bytes)).where(table.c.registered, table.c.tenant == tenant)

        def put(connection: sql.Connection) -> None:
            before = connection.execute(size).scalar_one() or 0
            connection.execute(self._insert(table), rows)
            connection.execute(again)
            if (connection.execute(size).scalar_one() or 0) > max(self._tenant_bytes, before):
                raise Refused(
                    413,
                    f"the registered problems of {tenant!r} would take more than {self._tenant_bytes >> 20} MiB: send "
                    "these with their answers, or start the service with more --store-problem-megabytes",
                )

        if rows:
            self._persist(put)
        return keys

    def problem(self, tenant: str, key: str) -> ScoreProblem | None:
        """A problem by its key. Raises StoreAway."""
        found = self._problems(tables.problems.c.key == storable(key), tables.problems.c.tenant == tenant).get(key)
        if found is None:
            return None
        return ScoreProblem(verifier=found.verifier, reference=found.reference, id=found.name, prompt=found.prompt)

    def _problems(self, *wanted: sql.ColumnElement[bool]) -> dict[str, StoredProblem]:
        rows = self.read(sql.select(tables.problems).where(*wanted))
        return {row["key"]: problem_of(row) for row in rows}

    def cached(self, wanted: Mapping[str, str]) -> dict[str, tuple[str, Verdict]]:
        """Verdicts of answers (hash: version of the judge) that depend on nothing else: hash: (id, verdict)."""
        table, found = tables.verdicts, {}
        answers = list(wanted)
        for start in range(0, len(answers), _IDS_PER_QUERY):
            part = answers[start : start + _IDS_PER_QUERY]
            query = sql.select(table.c.id, table.c.answer, table.c.version, table.c.verdict).where(
                table.c.answer.in_(part), table.c.status.in_(DETERMINISTIC)
            )
            for row in self.read(query):
                if row["version"] == wanted[row["answer"]]:
                    found[row["answer"]] = (row["id"], Verdict.model_validate_json(restored(row["verdict"])))
        return found

    def sample(self, id_: str, tenant: str | None) -> Sample | None:
        """One sample by its id; None where there is none for this tenant (None: any). Raises StoreAway."""
        found = self.samples_by_id([id_], tenant)
        return found[0] if found else None

    def samples_by_id(self, ids: Sequence[str], tenant: str | None) -> list[Sample]:
        """Those of these ids that are there, in this order. Raises StoreAway."""
        table = tables.verdicts
        query = sql.select(table).where(table.c.id.in_([storable(each) for each in ids]))
        if tenant is not None:
            query = query.where(table.c.tenant == tenant)
        rows = {row["id"]: row for row in self.read(query)}
        problems = self._problems(tables.problems.c.key.in_({row["problem"] for row in rows.values()}))
        return [
            sample_of(rows[each], problems.get(rows[each]["problem"], _NO_PROBLEM))
            for each in dict.fromkeys(ids)
            if each in rows
        ]

    def ids(self, wanted: Filter, limit: int) -> list[str]:
        """Of samples, the newest first. Raises StoreAway."""
        table = tables.verdicts
        joined = table.outerjoin(tables.problems, table.c.problem == tables.problems.c.key)
        query = sql.select(table.c.id).select_from(joined).where(*conditions(wanted))
        return [row["id"] for row in self.read(query.order_by(table.c.id.desc()).limit(limit))]

    def read(self, query: sql.Executable) -> Sequence[sql.RowMapping]:
        """Rows of a query. Raises StoreAway."""
        return self._persist(lambda connection: connection.execute(query).mappings().all())

    def execute(self, statement: sql.Executable) -> int:
        """Change something; the number of rows. Raises StoreAway, IntegrityError."""
        return self._persist(lambda connection: int(connection.execute(statement).rowcount))

    def ping(self) -> bool:
        """Whether the database answers now."""
        try:
            with self._engine.connect() as connection:
                connection.execute(sql.select(sql.literal(1)))
        except SQLAlchemyError:
            return False
        return True

    def _persist(self, work: Callable[[sql.Connection], _T]) -> _T:
        """Do something in a transaction, again while the database is away. Raises StoreAway."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                with self._engine.begin() as connection:
                    return work(connection)
            except (OperationalError, InterfaceError, PoolTimeout) as error:
                if not database.may_pass(error):
                    raise
                if time.monotonic() > deadline:
                    # The driver's message may hold what was to be written.
                    raise StoreAway(type(getattr(error, "orig", None) or error).__name__) from None
                time.sleep(_RETRY_SECONDS)

    def _make_tables(self, connection: sql.Connection) -> bytes:
        """Where there are none; the secret of the store. One process at a time: several servers start at once."""
        is_sqlite = connection.dialect.name == "sqlite"
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_sqlite else f"SELECT pg_advisory_xact_lock({_MAKING})")
        tables.metadata.create_all(connection)
        # It makes no index of a table that is there.
        for index in (each for table in tables.metadata.tables.values() for each in table.indexes):
            index.create(connection, checkfirst=True)
        for name in tables.OUTGROWN:
            connection.exec_driver_sql(f"DROP INDEX IF EXISTS {name}")
        about = tables.about.c
        found = connection.execute(sql.select(about.schema)).scalar()
        if found is None:
            row = {"schema": tables.SCHEMA, "secret": secrets.token_hex(32)}
            connection.execute(self._insert(tables.about), [row])
        elif found != tables.SCHEMA:
            raise database.StoreUnfit(
                f"the store has schema {found}, this version writes {tables.SCHEMA}: name a new store"
            )
        return bytes.fromhex(connection.execute(sql.select(about.secret)).scalar_one())

    def _insert(self, table: sql.Table) -> Any:
        """An insert that leaves a row with the same primary key as it is."""
        return self._dialect.insert(table).on_conflict_do_nothing()

    def _write(self) -> None:
        """The writer thread: whatever waits goes into one transaction."""
        while (first := self._queue.get()) is not None:
            group = [first]
            while sum(len(samples) + len(rollouts) for samples, rollouts, _ in group) < _MAX_GROUP:
                try:
                    more = self._queue.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    self._queue.put(None)
                    break
                group.append(more)
            samples = [sample for part, _, _ in group for sample in part]
            rollouts = [row for _, part, _ in group for row in part]
            if len(self._known) > _REMEMBERED_PROBLEMS or time.monotonic() - self._known_since > _REMEMBERED_SECONDS:
                self._known.clear()
                self._known_since = time.monotonic()
            try:
                self._persist(functools.partial(self._put, samples=samples, rollouts=rollouts))
            except Exception as error:
                for _, _, done in group:
                    done.set_exception(error)
            else:
                # Not before they are there for good.
                self._known.update(sample.problem for sample in samples)
                for _, _, done in group:
                    done.set_result(None)

    def _put(self, connection: sql.Connection, *, samples: Sequence[Sample], rollouts: Sequence[Row]) -> None:
        fresh = {sample.problem: sample for sample in samples if sample.problem not in self._known}
        if fresh:
            rows = [
                problem_row(each.tenant, each.problem, each.verdict.verifier, each.reference, each.prompt, each.name)
                for each in fresh.values()
            ]
            # It is used now: no sweep takes it away before its verdict is there.
            insert = self._dialect.insert(tables.problems)
            renew = {"used": insert.excluded.used}
            connection.execute(insert.on_conflict_do_update(index_elements=["key"], set_=renew), rows)
        if samples:
            connection.execute(self._insert(tables.verdicts), [verdict_row(sample) for sample in samples])
        if rollouts:
            # One that is sent again may have another verdict: the judge had failed.
            insert = self._dialect.insert(tables.rollouts)
            renew = {
                name: insert.excluded[name] for name in ("verdict", "status", "reward", "chars", "family", "problem")
            }
            key = ("run", "tenant", "step", "group", "sample")
            connection.execute(insert.on_conflict_do_update(index_elements=key, set_=renew), rollouts)

    def _sweep(self) -> None:
        while not self._closing.wait(_SWEEP_SECONDS):
            self.sweep()

    def sweep(self) -> None:
        """Delete what is too old, and the oldest tenth when there is too much."""
        table = tables.verdicts
        try:
            self.execute(sql.delete(table).where(table.c.id < id_at(time.time() - self._days * 86_400)))
            if self.megabytes() > self._megabytes:
                count = self.read(sql.select(sql.func.count().label("count")).select_from(table))[0]["count"]
                edge = sql.select(table.c.id).order_by(table.c.id).offset(int(count * _SWEEP_SHARE)).limit(1)
                self.execute(sql.delete(table).where(table.c.id < edge.scalar_subquery()))
            # Verdicts go from the oldest on.
            oldest = sql.select(sql.func.min(table.c.id)).scalar_subquery()
            self.execute(sql.delete(tables.rollouts).where(tables.rollouts.c.verdict < sql.func.coalesce(oldest, "g")))
            problem = tables.problems.c
            used = sql.exists().where(table.c.problem == problem.key)
            old = problem.used < time.time() - 2 * _REMEMBERED_SECONDS
            self.execute(sql.delete(tables.problems).where(old, ~problem.registered, ~used))
        except (StoreAway, SQLAlchemyError):
            # It is tried again in a minute.
            return

    def megabytes(self) -> float:
        """What verdicts take, with the problems that came along. Raises StoreAway."""
        if self.is_sqlite:
            registered = sql.select(sql.func.sum(tables.problems.c.bytes).label("bytes")).where(
                tables.problems.c.registered
            )
            return float(self.read(_SQLITE_BYTES)[0]["bytes"] - (self.read(registered)[0]["bytes"] or 0)) / 2**20
        # A table does not shrink when rows are deleted: above the limit it is what is left of them that counts.
        size = float(self.read(_POSTGRESQL_BYTES)[0]["bytes"]) / 2**20
        if size > self._megabytes:
            size = float(self.read(_POSTGRESQL_ROWS)[0]["bytes"] or 0) / 2**20
        return size


_SQLITE_BYTES = sql.text(
    "SELECT (page_count - freelist_count) * page_size AS bytes "
    "FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()"
)
_POSTGRESQL_BYTES = sql.text(
    "SELECT pg_total_relation_size('verdicts') + pg_total_relation_size('problems')"
    " + pg_total_relation_size('rollouts') AS bytes"
)
# By the mean of the newest rows; their small columns and entries in the indexes take some 600 bytes, as a rollout does.
_POSTGRESQL_ROWS = sql.text(
    "SELECT (SELECT count(*) FROM verdicts)"
    " * (SELECT avg(pg_column_size(completion) + pg_column_size(verdict) + 600)"
    " FROM (SELECT completion, verdict FROM verdicts ORDER BY id DESC LIMIT 1000) AS newest)"
    " + (SELECT count(*) FROM rollouts) * 600"
    " + (SELECT coalesce(sum(bytes), 0) FROM problems WHERE NOT registered) AS bytes"
)
