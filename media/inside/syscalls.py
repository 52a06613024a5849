"""The system calls a child may make: no socket, no change of owner, mode or time, no link,
no mount, no trace.

Seen to be enough for ffmpeg 9, Pillow, pdfium, libheif and CPython 3.11–3.14 on Debian 12 and 13.
"""

CLONE_THREAD = 0x00010000
AF_UNIX = 1

ALLOWED = (
    "read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64", "pwritev",
    "pwritev2", "lseek", "_llseek", "open", "openat", "openat2", "close", "close_range", "creat", "dup",
    "dup2", "dup3", "fcntl", "fcntl64", "flock", "fsync", "fdatasync", "sync_file_range", "stat",
    "fstat", "lstat", "stat64", "fstat64", "lstat64", "newfstatat", "fstatat64", "statx", "statfs",
    "fstatfs", "statfs64", "fstatfs64", "access", "faccessat", "faccessat2", "getdents", "getdents64",
    "getcwd", "chdir", "readlink", "readlinkat", "truncate", "ftruncate", "ftruncate64", "fallocate",
    "fadvise64", "fadvise64_64", "readahead", "copy_file_range", "sendfile", "unlink", "unlinkat",
    "rename", "renameat", "renameat2", "umask", "ioctl", "pipe", "pipe2", "poll", "ppoll", "select",
    "_newselect", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
    "eventfd", "eventfd2", "mmap", "mmap2", "munmap", "mremap", "mprotect", "madvise",
    "msync", "mincore", "mlock", "munlock", "brk", "membarrier", "get_mempolicy", "pkey_alloc",
    "pkey_mprotect", "pkey_free", "futex", "futex_time64", "futex_waitv", "set_robust_list",
    "get_robust_list", "rseq", "set_tid_address", "arch_prctl", "sched_yield", "sched_getaffinity",
    "sched_setaffinity", "sched_getparam", "sched_getscheduler", "sched_get_priority_max",
    "sched_get_priority_min", "getcpu", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
    "rt_sigpending", "rt_sigtimedwait", "rt_sigsuspend", "sigaltstack", "sigreturn", "restart_syscall",
    "pause", "alarm", "setitimer", "getitimer", "clock_gettime", "clock_gettime64", "clock_getres",
    "clock_nanosleep", "clock_nanosleep_time64", "nanosleep", "gettimeofday", "time", "times",
    "getrusage", "getrlimit", "ugetrlimit", "sysinfo", "uname", "getrandom", "getpid", "getppid",
    "gettid", "getpgid", "getpgrp", "getsid", "getuid", "geteuid", "getgid", "getegid", "getresuid",
    "getresgid", "getgroups", "getpriority", "capget", "prctl", "execve", "exit", "exit_group",
)  # fmt: skip

OFFICE = (
    "mkdir", "mkdirat", "rmdir", "link", "linkat", "chmod", "fchmod", "fchmodat",
    "bind", "listen", "accept", "accept4", "connect", "shutdown",
)  # fmt: skip
"""What LibreOffice 7.4 needs more: folders of its profile, and the socket file by which it finds itself (of the
family AF_UNIX only). Only where the child has a file system and a network of its own."""
