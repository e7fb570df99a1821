"""`python -m services keys add NAME | list | remove NAME`: the API keys of a store."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence

from services import keys
from services.settings import Settings
from services.store import Store, StoreAway


def main(argv: Sequence[str]) -> int:
    """Exit code 0 when done, 2 when it could not be done."""
    parser = argparse.ArgumentParser(prog="python -m services keys", description=str(__doc__))
    parser.add_argument("--store", help="as the service's (default: REWARD_STORE, or the file in the user's state)")
    commands = parser.add_subparsers(dest="command", required=True)
    add = commands.add_parser("add", help="make a key and print it, once")
    add.add_argument("name")
    add.add_argument("--tenant", help="whose problems and verdicts it sees (default: the name)")
    add.add_argument("--scopes", default="score", help=f"with commas between, of {', '.join(keys.SCOPES)}")
    add.add_argument("--items-per-minute", type=int, default=0, help="quota (default: none)")
    commands.add_parser("list", help="names, tenants, scopes and quotas")
    commands.add_parser("remove", help="take a key back").add_argument("name")
    options = parser.parse_args(argv)
    try:
        settings = Settings.from_environment(os.environ, store=options.store)
        if settings.store == "off":
            raise ValueError("there is no store to keep keys in: give --store, or set REWARD_ADMIN_KEY")
        with contextlib.closing(Store(settings.store, patience_seconds=5)) as store:
            _run(store, options)
    except (ValueError, StoreAway) as error:
        print(f"services: {error}", file=sys.stderr)
        return 2
    return 0


def _run(store: Store, options: argparse.Namespace) -> None:
    if options.command == "add":
        scopes = [scope.strip() for scope in options.scopes.split(",") if scope.strip()]
        print(keys.make(store, options.name, options.tenant or options.name, scopes, options.items_per_minute))
    elif options.command == "remove":
        keys.take_back(store, options.name)
    else:
        for caller in keys.listed(store):
            quota = f"{caller.items_per_minute} items/min" if caller.items_per_minute else "no quota"
            print(f"{caller.name}  tenant {caller.tenant}  {' '.join(sorted(caller.scopes))}  {quota}")
