"""What the launcher and its fork server say to each other: packets over one socket pair.

A request runs a child, with its descriptors (program, stdin, stdout, stderr, channels) in the same packet, or kills
one. One report per child comes back when it has ended. Fixed sizes, no text: nothing of a program is in them.
"""

from __future__ import annotations

import enum
import struct
from typing import NamedTuple

MAX_CHILDREN = 64
MAX_CHANNELS = 16
# program, stdin, stdout, stderr
STANDARD_DESCRIPTORS = 4


class Ended(enum.IntEnum):
    """Who ended a child."""

    BY_ITSELF = 0
    BY_WALL_CLOCK = 1
    BY_REQUEST = 2
    # There was no child: fork failed, `status` is the errno.
    NEVER_FORKED = 3


class Run(NamedTuple):
    """Fork a child."""

    child: int
    channels: int
    open_files: int
    cpu_seconds: float
    wall_seconds: float
    memory_bytes: int
    output_bytes: int


class Report(NamedTuple):
    """A child has ended. `begun`: it was confined and its program ran. `status` as wait(2) gives it."""

    child: int
    ended: int
    begun: bool
    status: int
    cpu_seconds: float
    wall_seconds: float
    max_rss_bytes: int


_RUN = struct.Struct("=IIIddQQ")
_KILL = struct.Struct("=I")
_REPORT = struct.Struct("=IB?iddQ")
LARGEST = max(_RUN.size, _REPORT.size)


def pack_run(request: Run) -> bytes:
    """A request to fork."""
    return _RUN.pack(*request)


def pack_kill(child: int) -> bytes:
    """A request to kill a child; one that has ended already is left alone."""
    return _KILL.pack(child)


def unpack_request(packet: bytes) -> Run | int:
    """A request: to run, or the number of the child to kill."""
    if len(packet) == _KILL.size:
        (child,) = _KILL.unpack(packet)
        return int(child)
    return Run(*_RUN.unpack(packet))


def pack_report(report: Report) -> bytes:
    """A report."""
    return _REPORT.pack(*report)


def unpack_report(packet: bytes) -> Report:
    """A report. Raises struct.error if it is none."""
    return Report(*_REPORT.unpack(packet))
