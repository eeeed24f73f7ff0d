"""Where to compute: a graphics card where there is one, else the processor."""

from __future__ import annotations

import torch


def choose_device(device: str | torch.device) -> torch.device:
    """Return the device of a ``device`` parameter: "auto" is cuda, else mps, else cpu.

    Raises
    ------
    ValueError
        A device that torch does not know or that is not there.
    """
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError, TypeError) as error:
        # torch's own list of devices is long; its end is of no use to the person
        reason = str(error).splitlines()[0].split("Expected one of", 1)[0].strip(" :.;")
        raise ValueError(
            f"device is {device!r}, which is not available here ({reason}); accepted: 'auto', "
            "'cpu', 'cuda', 'mps'"
        ) from error
    return chosen
