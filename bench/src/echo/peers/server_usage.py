"""What the servers in Python share: how they say their port and what they used."""

import os
import resource
import sys


def say_port(port: int) -> None:
    print("port", port, flush=True)


def answer_command() -> None:
    """Call it when stdin is readable: answers with the microseconds of CPU, or ends the process with stdin."""
    if not os.read(0, 64):
        os._exit(0)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print("cpu", round(usage.ru_utime * 1e6), round(usage.ru_stime * 1e6), flush=True)


def unix_path() -> "str | None":
    """The path to listen on, or None for TCP."""
    return sys.argv[1][5:] if sys.argv[1].startswith("unix:") else None
