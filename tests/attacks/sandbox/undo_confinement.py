"""Loosen limits, filter and Landlock."""

# ruff: noqa: E402

import ctypes

libc = ctypes.CDLL(None, use_errno=True)

import resource

for limit in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
    try:
        resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print("BREACH: limit", limit)
    except (OSError, ValueError):
        continue
# prctl: SET_SECCOMP, SET_NO_NEW_PRIVS, SET_DUMPABLE, SET_PDEATHSIG, CAP_AMBIENT, SET_MM; seccomp; landlock; capset
for number, arguments in (
    (157, (22, 1)),
    (157, (38, 0)),
    (157, (4, 1)),
    (157, (1, 0)),
    (157, (47, 2, 0, 0, 0)),
    (157, (35, 1, 0, 0, 0)),
    (317, (1, 0, 0)),
    (444, (0, 0, 1)),
    (126, (0, 0)),
):
    if libc.syscall(number, *arguments) >= 0:
        print("BREACH:", number, arguments)
