"""Code run in its own process, which may take only so much memory; mapped files do not count."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

START = """
import resource, sys

def own_memory():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmData"):
                return int(line.split()[1]) * 1024

def limit_memory(extra):
    most = own_memory() + extra
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    try:  # the limit bites
        bytearray(extra + 2**20)
    except MemoryError:
        return
    raise AssertionError("there is no limit")
"""


def run_alone(code: str, *arguments: str | Path) -> str:
    """Run code, which can call ``limit_memory(extra_bytes)``, and return what it printed."""
    program = START + textwrap.dedent(code)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
