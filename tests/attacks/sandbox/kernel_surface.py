"""System calls that have held holes: namespaces, mounts, bpf, io_uring, keys, userfaultfd, perf and others."""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)

calls = {
    "unshare": (272, 0x10000000),
    "setns": (308, 0, 0),
    "mount": (165, 0, 0, 0, 0, 0),
    "umount2": (166, 0, 0),
    "pivot_root": (155, b"/", b"/"),
    "chroot": (161, b"/"),
    "bpf": (321, 0, 0, 0),
    "io_uring_setup": (425, 1, 0),
    "keyctl": (250, 0, 0, 0),
    "add_key": (248, 0, 0, 0, 0, 0),
    "userfaultfd": (323, 0),
    "perf_event_open": (298, 0, 0, 0, 0, 0),
    "init_module": (175, 0, 0, 0),
    "kexec_load": (246, 0, 0, 0, 0),
    "open_by_handle_at": (304, 0, 0, 0),
    "name_to_handle_at": (303, 0, b"/", 0, 0, 0),
    "socket": (41, 1, 1, 0),
    "setuid": (105, 0),
    "personality": (135, 0),
    "swapon": (167, b"x", 0),
    "quotactl": (179, 0, 0, 0, 0),
    "fanotify_init": (300, 0, 0),
    "inotify_init": (253,),
    "iopl": (172, 3),
    "modify_ldt": (154, 0, 0, 0),
    "add_timer": (222, 0, 0, 0),
    "sched_setaffinity": (203, 0, 8, 0),
    "setpriority": (141, 0, 0, 0),
    "ioprio_set": (251, 1, 0, 0),
    "sethostname": (170, b"x", 1),
    "settimeofday": (164, 0, 0),
    "vmsplice": (278, 0, 0, 0, 0),
    "splice": (275, 0, 0, 0, 0, 0, 0),
    "fsopen": (430, b"tmpfs", 0),
    "open_tree": (428, 0, b"/", 0),
    "memfd_secret": (447, 0),
    "cachestat": (451, 0, 0, 0, 0),
    "lsm_get_self_attr": (459, 0, 0, 0, 0),
    "setxattr": (188, 0, 0, 0, 0, 0),
}
for name, (number, *arguments) in calls.items():
    ctypes.set_errno(0)
    # Anything but EPERM means that the kernel looked at the call.
    if libc.syscall(number, *arguments) >= 0 or ctypes.get_errno() != 1:
        print("BREACH:", name, ctypes.get_errno())
