"""Runs one command and measures it: `python3 -I -S stopwatch.py RESULT COMMAND…`, a process of its own.

Linux counts what a process was before it became another program as the other's memory, too. So the parent
of a command that is measured must be small, and this one is. RESULT gets JSON: `began` (CLOCK_MONOTONIC),
`seconds` from start to end, `peak_kib` of the largest process, `cpu_seconds` of all, `status`.
"""

import json
import os
import sys
import time


def main() -> None:
    """Measure the command of the arguments."""
    began = time.monotonic()
    process = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
    _, status, usage = os.wait4(process, 0)
    measured = {
        "began": began,
        "seconds": time.monotonic() - began,
        "peak_kib": usage.ru_maxrss,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "status": os.waitstatus_to_exitcode(status),
    }
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(measured, file)


if __name__ == "__main__":
    main()
