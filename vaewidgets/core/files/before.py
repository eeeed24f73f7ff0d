"""What was learned before a training begins, where it goes on from an earlier one."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from vaewidgets.core.networks.registry import EncoderDecoder

# Numbers of a record that count from the beginning of all trainings.
_COUNTED = ("epoch", "step", "seconds")


@dataclass(frozen=True)
class Before:
    """An earlier training, or none.

    Attributes
    ----------
    networks : EncoderDecoder or None
        Where it ended; None where a training begins with fresh weights, or with those of its own
        snapshot.
    history : list of dict
        Its records, and those of all before it.
    trained_with : dict
        Its circumstances.
    """

    networks: EncoderDecoder | None = None
    history: list[dict[str, float]] = field(default_factory=list)
    trained_with: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of_resumed(cls, content: dict[str, Any]) -> Self:
        """Return what was before a training that is kept unfinished, from its file."""
        after = content["trained_with"].get("after")
        if after is None:
            return cls()
        return cls(None, content["history"][: after["records"]], after["trained_with"])

    @property
    def epochs(self) -> int:
        """Epochs done."""
        return int(self.history[-1]["epoch"]) if self.history else 0

    @property
    def steps(self) -> int:
        """Steps done."""
        return int(self.history[-1]["step"]) if self.history else 0

    @property
    def about(self) -> dict[str, Any]:
        """What a training that goes on from it notes of it; nothing where there was none."""
        if not self.history:
            return {}
        return {"after": {"records": len(self.history), "trained_with": self.trained_with}}

    def copied(self) -> EncoderDecoder | None:
        """Return a copy of the networks that can learn: the old ones may be in use."""
        if self.networks is None:
            return None
        return copy.deepcopy(self.networks).cpu().requires_grad_(True)

    def joined(self, history: list[dict[str, float]]) -> list[dict[str, float]]:
        """Return all records, those of the new training counted on from these."""
        if not self.history:
            return history
        last = self.history[-1]
        new = [
            {**record, **{name: record[name] + last[name] for name in _COUNTED}}
            for record in history
        ]
        return [*self.history, *new]


def check_after(content: dict[str, Any]) -> None:
    """Raise ValueError where a file's note of an earlier training is not what is written."""
    after = content["trained_with"].get("after")
    if after is None:
        return
    records = after.get("records") if isinstance(after, dict) else None
    if (
        not isinstance(after, dict)
        or after.keys() != {"records", "trained_with"}
        or type(records) is not int
        or not 1 <= records <= len(content["history"])
        or not isinstance(after["trained_with"], dict)
        or not all(name in record for record in content["history"] for name in _COUNTED)
    ):
        raise ValueError("trained_with has no sensible note of the training before")
