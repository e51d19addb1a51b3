"""Regular expressions that API owners write: whether they can be one, within bounds."""

from typing import Final

MAX_CHARACTERS: Final = 1024


def pattern_problem(text: str) -> str | None:
    """Say why `text` is no regular expression that can be used, None when it is one."""
    if len(text) > MAX_CHARACTERS:
        return f"it has {len(text)} characters, {MAX_CHARACTERS} are allowed"
    import regex  # noqa: PLC0415  10 ms and 2 MB that most processes never need

    try:
        regex.compile(text)
    except regex.error as error:
        return str(error)
    except (RecursionError, OverflowError, MemoryError):
        return "it is nested too deeply or repeats too often"
    return None
