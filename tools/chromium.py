"""Finds a Chromium to drive, for the browser tests and the demo; `python -m tools.chromium`.

In this order: ``$CHROME``, a Chromium, Chrome or Edge of the system, Playwright's own. With
``--install`` one is installed if there is none: Playwright's, else the system's package when run
as root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
ARGUMENTS = (
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Whatever a page asks for outside this machine is not there.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
HELP = """No Chromium found, and it could not be installed. Any one of these helps:
  - install Chromium, Chrome or Edge (Debian, Ubuntu: sudo apt-get install chromium)
  - .venv/bin/python -m playwright install --with-deps chromium
  - say where one is: make {} CHROME=/path/to/chrome""".format(os.environ.get("GOAL", "test"))


def find() -> str | None:
    """Path of a Chromium, or None."""
    chosen = os.environ.get("CHROME")
    if chosen:
        path = shutil.which(chosen)
        if path is None:
            raise SystemExit(f"CHROME={chosen} is not a program that can be run")
        return path
    for name in (*NAMES, *MAC):
        path = shutil.which(name)
        if path is not None:
            return path
    return _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return str(path) if path.is_file() else None


def launch_options() -> dict[str, object]:
    """Arguments for Playwright's ``chromium.launch``."""
    path = find()
    if path is None:
        raise SystemExit(HELP)
    # Chromium refuses its sandbox to root, and containers have no user namespaces for it.
    sandbox = [] if hasattr(os, "geteuid") and os.geteuid() != 0 else ["--no-sandbox"]
    return {"executable_path": path, "headless": True, "args": [*ARGUMENTS, *sandbox]}


def install() -> None:
    """Install a Chromium where there is none; ends with words where that fails."""
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    attempts = [[playwright]]
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        apt = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
        attempts.append([["apt-get", "update"], [*apt, "fonts-dejavu-core"]])
    for commands in attempts:
        for command in commands:
            print("no Chromium here; trying:", " ".join(command), file=sys.stderr, flush=True)
            if subprocess.run(command, check=False, stdout=sys.stderr).returncode != 0:
                break
        if find() is not None:
            return
    raise SystemExit(HELP)


if __name__ == "__main__":
    if find() is None and "--install" in sys.argv[1:]:
        install()
    if find() is None:
        raise SystemExit(HELP)
    print(find())
