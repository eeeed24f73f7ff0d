"""How every benchmark says what it ran on and keeps its table."""

from __future__ import annotations

import datetime
import os
import platform
from importlib import metadata
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def machine() -> str:
    """One line: processor, cores, load, Python."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0].split(":", 1)[1].strip() if names else model
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return (
        f"{model}, {os.cpu_count()} cores, load {load:.1f} at the end, "
        f"{platform.system()}, Python {platform.python_version()}"
    )


def versions(*packages: str) -> str:
    """Return the installed versions of the packages, in one line."""
    return ", ".join(f"{name} {metadata.version(name)}" for name in packages)


def table(header: list[str], rows: list[list[str]]) -> str:
    """Lay out a Markdown table with aligned columns."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)) + " |"

    rule = "|" + "|".join("-" * (w + 2) for w in widths) + "|"
    return "\n".join([line(header), rule, *(line(row) for row in rows)])


def keep(name: str, title: str, body: str, packages: tuple[str, ...]) -> None:
    """Print a result and write it to ``benchmarks/results/<name>.md``."""
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    text = f"# {title}\n\n{today}. {machine()}.\n{versions(*packages)}.\n\n{body}\n"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")
    print(text)
