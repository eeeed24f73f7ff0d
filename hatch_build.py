"""Builds the widgets' JavaScript while the package is built, so that wheel and sdist carry it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))
from tools import node


class BundleHook(BuildHookInterface[Any]):
    """Makes ``vaewidgets/static/`` where it is missing or old."""

    def dependencies(self) -> list[str]:
        """Ask for a Node from the package index only if bundles must be made and there is none."""
        return [node.WHEEL] if not node.are_bundles_new() and node.is_wheel_needed() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build before the files of the package are collected."""
        node.build_bundles()
