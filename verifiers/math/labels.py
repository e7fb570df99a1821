"""Answers that are words, names, dates or times: compared as text, letter case aside; dates in any order of parts."""

from __future__ import annotations

import re

_WORDS = re.compile(r"[A-Za-z]{3,}(?:[ '-]+[A-Za-z]+)*|[\u4e00-\u9fff]+")
# Dates, times, names with digits.
_LABEL = re.compile(
    r"[0-9]{1,2}:[0-5][0-9](?:\s*[APap]\.?[Mm]\.?)?|[0-9]{1,2}\s*[APap]\.?[Mm]\.?"
    r"|(?=.*(?<![A-Za-z])[A-Z][a-z]{2,})[A-Za-z0-9][A-Za-z0-9 ,.'/:-]*"
)
# A number in a base beyond ten, as `verifiers.math.notation` spells it.
_LETTERED = re.compile(r"[0-9A-F]*[A-F][0-9A-F]*_\{1[1-6]\}")
_SPACES = re.compile(r"\s+")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            *("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug"),
            *("september sep sept", "october oct", "november nov", "december dec"),
        ),
        start=1,
    )
    for name in names.split()
}
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})\.?"
_DAY = r"(?:the\s+)?(?P<day>[0-9]{1,2})(?:\s*(?:st|nd|rd|th))?"
_YEAR = r"(?:,?\s+(?P<year>[0-9]{4}))?"
_DATES = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"{_MONTH}\s+{_DAY}{_YEAR}",
        rf"{_DAY}\s+(?:of\s+)?{_MONTH}{_YEAR}",
        r"(?:(?P<year>[0-9]{4})\s*年\s*)?(?P<month>[0-9]{1,2})\s*月\s*(?P<day>[0-9]{1,2})\s*[日号]",
        r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})",
    )
)


def is_label(text: str) -> bool:
    """Whether a tidied text is words, a name, a date or a time."""
    return any(form.fullmatch(text) for form in (_WORDS, _LABEL, _LETTERED)) or _date(text) is not None


def same_label(text: str, other: str) -> bool:
    """The same words, or the same day: with a year in both, or in neither."""
    first, second = _plain(text), _plain(other)
    if first == second:
        return True
    date = _date(first)
    return date is not None and date == _date(second)


def _plain(text: str) -> str:
    return _SPACES.sub(" ", re.sub(r"^\((.*)\)$", r"\1", text).strip(" .\"'")).casefold()


def _date(text: str) -> tuple[int | None, int, int] | None:
    """Year, month and day; None for what is no date."""
    match = next((found for form in _DATES if (found := form.fullmatch(text))), None) if len(text) < 40 else None
    if match is None:
        return None
    month = _MONTHS.get(match["month"].lower()) or int(match["month"]) if match["month"].isascii() else 0
    day = int(match["day"])
    return (int(match["year"]) if match["year"] else None, month, day) if 1 <= month <= 12 and 1 <= day <= 31 else None
