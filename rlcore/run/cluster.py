"""Ray for a run: the cluster it is given, or one of its own on loopback that ends with this process."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rlcore.config.run import RunConfig
from rlcore.doctor.machine import LEAST_SHARED_MEMORY

ATTEMPTS = 6
PAUSE_SECONDS = 5.0
# Weights travel in files: completions and packed rows are all that goes through Ray's store.
STORE_BYTES = 2 * 2**30

# Ray's deadlines are made for machines with a core to spare. On two cores that somebody else uses too, processes that
# only come up slowly would be given up or killed. One node on loopback that dies is noticed without them.
PATIENCE = {
    "RAY_NUM_REDIS_GET_RETRIES": "60",
    "RAY_worker_register_timeout_seconds": "300",
    "RAY_health_check_initial_delay_ms": "60000",
    "RAY_health_check_timeout_ms": "60000",
    "RAY_agent_register_timeout_ms": "300000",
    "RAY_raylet_start_wait_time_s": "120",
}


def address_of(config: RunConfig) -> str:
    """The cluster a run joins; `local` for one of its own.

    "local" and not none: without an address Ray would join whatever cluster it finds on this machine.
    """
    return config.ray.address or os.environ.get("RAY_ADDRESS") or "local"


def prepare_environment(config: RunConfig) -> None:
    """Set what Ray and DeepSpeed read while they are imported; what the user has set stays."""
    if not config.learner.gpus_per_rank:
        # Otherwise DeepSpeed looks for an accelerator in every process, and warns that there is none.
        os.environ.setdefault("DS_ACCELERATOR", "cpu")
    if address_of(config) != "local":
        return
    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # What dies is said by whoever waits for it; without this Ray prints advice about clusters to standard output.
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".")
    # Many images set it. Every process of Ray would compile its imports anew, and be too late.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # Ray's default of 15 would starve the actors beside any other process of the machine.
    os.environ.setdefault("RAY_worker_niceness", "0")
    if "RAY_AUTH_MODE" not in os.environ and "ray" not in sys.modules:
        # A token for this cluster alone. Ray would write one into the home folder, warn that it did, and from then on
        # every other Ray of this user would ask for it.
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}


def connect(config: RunConfig, say: Callable[[str], None]) -> Any:
    """Join or start the cluster; gives Ray's context.

    Raises:
        RuntimeError: there is no such cluster, or none could be started here.
    """
    import ray

    address = address_of(config)
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "error", "ignore_reinit_error": True}
    if address != "local":
        try:
            return ray.init(address=address, **options)
        except (ConnectionError, RuntimeError, ray.exceptions.RayError) as error:
            raise RuntimeError(
                f"no Ray cluster could be joined at {address}: start one, or correct ray.address or RAY_ADDRESS, or "
                "unset both for a cluster of the run's own"
            ) from error
    options |= {"include_dashboard": False, "_node_ip_address": "127.0.0.1", "num_cpus": os.cpu_count()}
    options["object_store_memory"] = store_bytes()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return ray.init(address=address, **options)
        # Ray raises plain Exception, too, where a process of it was not up in time.
        except Exception as error:
            ray.shutdown()
            if attempt == ATTEMPTS:
                raise RuntimeError(
                    f"Ray could not start on this machine, tried {ATTEMPTS} times: end other programs that use its "
                    "cores and memory, and run the same command again"
                ) from error
        say(f"Ray was not up in time, this machine is busy: starting it again ({attempt + 1} of {ATTEMPTS})")
        time.sleep(PAUSE_SECONDS * attempt)
    raise AssertionError("unreachable")


def one_node() -> bool:
    """Whether all of the cluster that is alive is one node."""
    import ray

    return sum(bool(node["Alive"]) for node in ray.nodes()) == 1


def store_bytes(folder: Path = Path("/dev/shm")) -> int:
    """Size of Ray's store: what fits into shared memory, so that Ray does not go to the disk and warn.

    Where not even the least fits (a container with 64 MB), Ray takes the disk of its session folder, which is enough.
    """
    free = shutil.disk_usage(folder).free if folder.is_dir() else 0
    return max(LEAST_SHARED_MEMORY, min(STORE_BYTES, int(free * 0.8)))
