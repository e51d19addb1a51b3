"""Say which known name an unknown one was probably meant to be."""

from collections.abc import Iterable
from difflib import get_close_matches

_MAX_LENGTH = 80


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Give the known name closest to `name`, letter case aside, or None when none is close."""
    by_folded = {candidate.lower(): candidate for candidate in known}
    close = get_close_matches(name[:_MAX_LENGTH].lower(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """Give a remedy that names the nearest known name, or `otherwise`."""
    found = nearest(name, known)
    return otherwise if found is None else f"did you mean {found}?"
