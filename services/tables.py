"""The tables of the store. Made when the service starts on an empty database; `schema` says which shape they have."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

SCHEMA = 2

metadata = MetaData()

about = Table(
    "about",
    metadata,
    Column("schema", Integer, primary_key=True),
    # 256 random bits that only the service knows: the key of the hashes of problems.
    Column("secret", String(64), nullable=False),
)

# A problem is what it says: the same verifier, reference and prompt of one tenant are one row.
problems = Table(
    "problems",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("name", Text),
    Column("verifier", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("prompt", Text),
    Column("used", Float, nullable=False),
    # By `POST /v1/problems`: it stays. One that came with an answer goes with the last of its verdicts.
    Column("registered", Boolean, nullable=False),
    # Of its texts.
    Column("bytes", Integer, nullable=False),
    Index("problems_bytes", "registered", "tenant", "bytes"),
)

verdicts = Table(
    "verdicts",
    metadata,
    # Sorts by time.
    Column("id", String(32), primary_key=True),
    Column("at", Float, nullable=False),
    Column("tenant", String(64), nullable=False),
    # What was judged, whoever judges it, and by which version: `answer` and `version` are the key of the cache.
    Column("answer", String(40), nullable=False),
    Column("problem", String(40), nullable=False),
    Column("verifier", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reward", Float),
    Column("seconds", Float, nullable=False),
    Column("finish_reason", String(8), nullable=False),
    Column("completion", Text, nullable=False),
    # The whole `verifiers.types.Verdict` as JSON.
    Column("verdict", Text, nullable=False),
    # The verdict that this one judges again.
    Column("rescored", String(32)),
    Index("verdicts_answer", "answer"),
    # All that an overview and most filters of a list ask for, of one tenant and of all: the rows are long.
    Index("verdicts_listed", "tenant", "id", "status", "verifier", "reward", "version", "at", "seconds"),
    Index("verdicts_of_all", "id", "status", "verifier", "reward", "version", "at", "seconds"),
    Index("verdicts_rescored", "rescored"),
    Index("verdicts_problem", "problem"),
    # With `answer`, so that a comparison need not read the rows.
    Index("verdicts_version", "verifier", "version", "id", "answer"),
)

# One sample of a run, and the verdict on it. Equal answers share a verdict; what is listed by run is copied here.
rollouts = Table(
    "rollouts",
    metadata,
    # Sorts by time.
    Column("id", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("run", String(200), nullable=False),
    Column("step", Integer),
    Column("family", String(100), nullable=False),
    Column("group", String(200)),
    Column("sample", Integer),
    Column("problem", Text),
    Column("verdict", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("reward", Float),
    # Of the completion.
    Column("chars", Integer, nullable=False),
    # A sample that is sent again is the same one. Where one of these is null, nothing is.
    Index("rollouts_sample", "run", "tenant", "step", "family", "group", "sample", unique=True),
    # All that a run's page counts.
    Index("rollouts_counted", "tenant", "run", "step", "family", "group", "status", "reward", "chars", "id"),
    Index("rollouts_listed", "run", "id", "tenant", "step", "family", "group", "status", "reward"),
    Index("rollouts_problem", "run", "tenant", "problem", "step", "group", "reward"),
    Index("rollouts_verdict", "verdict"),
)

OUTGROWN = ("verdicts_list",)
"""Indexes of stores that an earlier version made; other ones do their work."""

keys = Table(
    "keys",
    metadata,
    # SHA-256 of the key; the key itself is nowhere.
    Column("hash", String(64), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("tenant", String(64), nullable=False),
    # Words with spaces between.
    Column("scopes", Text, nullable=False),
    Column("items_per_minute", Integer, nullable=False),
    Column("created", Float, nullable=False),
)
