# ruff: noqa: SIM905, RUF001 (word lists read better as text; Chinese punctuation is meant)
r"""What may stand around a number in words: the unit or noun behind it, the beginning of a sentence before it.

Everything is read by closed lists (`verifiers.math.words`, `verifiers.math.units`): `18 red apples left`, `5 cm long`,
`$18 per day`, `18个苹果`, "the number of eggs is 18". One word that is in no list, and nothing is read: it could scale
the number, negate it, order or approximate it. Behind a number of the *expected* answer a word that is in no list is
taken for a noun unless it looks like one of those (`5 widgets`, not `5 millionths`); then the answer may say it too.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from verifiers.math.units import NAMES, canonical
from verifiers.math.words import (
    ADJECTIVES,
    CHINESE_CLOSERS,
    CHINESE_COUNTERS,
    CHINESE_LEAD,
    CHINESE_NOUNS,
    CHINESE_VERBS,
    CLOSERS,
    FUNCTION_WORDS,
    LEAD,
    NOT_NOUN_ENDINGS,
    NOT_NOUNS,
    NOUNS,
    SCALES,
    SUBJECTS,
    TIMES,
    VERBS,
    singular,
)

_MAX_WORDS = 14
_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3, "平方": 2, "立方": 3}
_DEGREES = {"celsius": "celsius", "c": "celsius", "fahrenheit": "fahrenheit", "f": "fahrenheit"}
_SPEEDS = {"mph": "mile/h", "kmh": "km/h", "kph": "km/h", "kmph": "km/h"}
# Names of units of one to three letters that stand right behind a number; any other letters there are factors.
_GLUED = frozenset(
    "m s g h l L km cm mm dm kg mg lb lbs oz ft in yd mi min sec hr hrs kmh mph km/h m/s cm/s mL ml kW kWh Hz kHz kPa "
    "USD EUR GBP CNY RMB JPY INR".split()
)
# What an expected answer counts may stand in brackets behind its number, and is no multiplier there.
_LABELS = frozenset("time pair couple quarter point digit part century decade square cube".split())

_UNIT = re.compile(
    r"\s*\\(?:text|textrm|textbf|textnormal|mathrm|mbox|rm)\s*\{(?P<tex>[^{}\\$0-9]*)\}"
    r"(?P<texpower>\s*\^\s*\{?\s*[23]\s*\}?)?$"
    r"|\s*(?P<glued>[A-Za-z]{1,3}(?:/[A-Za-z]{1,3})?)(?P<gluedpower>\s*\^\s*\{?[23]\}?|[²³])?$"
    r"|(?P<whole>[A-Za-z]{4,16})$"
    r"|\s+(?P<words>[A-Za-z]{1,20}(?:[ ,'/-]+[A-Za-z]{1,20})*)(?P<power>\s*\^\s*\{?[23]\}?|[²³])?$"
    r"|\s*(?P<cjk>[\u4e00-\u9fff]{1,12}(?:/[\u4e00-\u9fff]{1,4})?)$"
    r"|\s*(?P<degree>\^\s*\{?\s*\\circ\s*\}?|°|\\degree|\\circ)\s*(?:\\(?:text|mathrm|rm)\s*\{\s*)?(?P<scale>[CF]?)\s*\}?$"
    r"|\s*(?P<sign>\\?\$|[€£¥¢])$"
)
# 18(元), 9 (apples): as without the brackets.
_BRACKETED = re.compile(
    r"\s*(?:\((?P<plain>[^()]{1,60})\)|\\(?:text|textrm|mathrm|mbox)\s*\{\s*\((?P<text>[^(){}]{1,60})\)\s*\})"
)
_ENGLISH = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")
# "a day" is a rate, "a basket" is a place.
_RATE = re.compile(rf"\bper\s+([A-Za-z]+)|\b(?:an?|each|every)\s+({'|'.join(sorted(TIMES))})\b")
_PER = frozenset("per a an each every".split())
# With these a phrase without a noun begins: 18 left, 18 in total, 18 per day.
_STARTERS = frozenset("left remaining each total altogether overall apiece in on for at this per a an every".split())
_CAPITALS = frozenset("KM CM KG LB FT OZ".split())
_DENIED_ENDING = re.compile(NOT_NOUN_ENDINGS + "$")

_CHINESE_UNITS = [name for name in NAMES if "\u4e00" <= name[0] <= "\u9fff"]


def _any_of(words: Collection[str]) -> str:
    """The longest of these words that fits."""
    return "|".join(sorted(words, key=len, reverse=True))


_AREAS = f"(?:(?:平方|立方)(?:米|分米|厘米|毫米|千米|公里)|{_any_of(_CHINESE_UNITS)})"
_COUNTED = f"(?:{_any_of(CHINESE_COUNTERS)})?(?:{_any_of(CHINESE_NOUNS)})?"
_CHINESE_BEHIND = re.compile(
    f"(?=.)(?:(?P<unit>{_AREAS})(?:{CHINESE_CLOSERS})?(?:{_any_of(CHINESE_NOUNS)})?|{_COUNTED})"
    f"(?:[每/](?P<per>{_AREAS}|(?=.){_COUNTED}))?"
)
_NOT_CHINESE_NOUNS = frozenset(
    "一二三四五六七八九零十百千万亿半多余几和或加减乘除成倍不非无没错否大小至到约的次打折兆双对以左右剩分平立方负倒反第近上下内外"
)
# "18页没有看" are 18 pages all the same.
_NOT_YET = re.compile(
    "(?<=.)(?:还?没有?|尚?未)(?:被)?(?:看|读|写|做|吃|喝|用|卖|修|走|运|种|花|装|铺|完成|加工|生产|检查|安装)(?:完|过|走)?$"
)
_CHINESE_WORDS = set(CHINESE_VERBS.split("|"))
_CHINESE_TOKEN = re.compile(
    f"(?:{_any_of([*_CHINESE_WORDS, *CHINESE_NOUNS, *CHINESE_COUNTERS, *CHINESE_LEAD.split('|')])}|[A-Z][a-z]+)"
)
_MAX_BEFORE = 200
_CLAUSES = frozenset("which because since where when as so if and or while although but not".split())
# What opens a clause that says no more about the value before it, and its words beside those of the lists.
_IDLY = re.compile(r"(?:which|so|because|since|as|that|meaning|making|giving|in (?:total|all|the end)|altogether)\b")
_IDLE = frozenset("which that so because since as what how much many both question asked answer all them".split())
# Behind these a word that is in no list is a noun.
_DETERMINERS = frozenset("of the many much a an his her their its all both each every".split())
_ONE_NOUN = re.compile(
    r"\b(?:(?:least|lowest) common (?:multiple|denominator)|greatest common (?:divisor|factor)|"
    r"number of ways to [a-z]+|(?<=the )least)\b"
)
_NAME = re.compile(rf"\b[A-Z][a-z]+(?:'s)?(?=\s+(?:and\s+[A-Z][a-z]+\s+)?(?:{'|'.join(sorted(VERBS))})\b)")
# "the value of x", "the length of AB", "triangle ABC": names that say nothing about the number.
_OF_NAME = re.compile(r"\b(of|for|angle|triangle|line|segment|side|chord)\s+(?:[a-zA-Z]|[A-Z]{2,4})(?=\s)")


def unit_key(rest: str, own: Collection[str] | None = ()) -> str | None:
    """The key of the unit that `rest` (what follows a number) spells; "" for none, None when it is no unit.

    `own` are the words of the expected answer, which the answer may say; None reads the expected answer itself.
    """
    if rest.strip(" ,") in ("", "."):
        return ""
    if bracketed := _BRACKETED.fullmatch(rest):
        return _bracketed(bracketed["plain"] or bracketed["text"], own)
    match = _UNIT.match(rest)
    if match is None:
        return None
    if match["degree"]:
        return _DEGREES[match["scale"].lower()] if match["scale"] else "degree"
    if match["sign"]:
        return canonical(match["sign"].lstrip("\\"))
    if match["cjk"]:
        return _chinese(match["cjk"], own)
    if match["glued"] and (power := _power(match["gluedpower"])) is not None:
        name = match["glued"]
        if name in _GLUED:
            return _english(name, power, own)
        return _english(name, power, own) if rest[:1].isspace() and len(name) > 1 else None
    if match["whole"]:
        return _english(match["whole"], "", own) if match["whole"].lower() in NAMES else None
    power = _power(match["texpower"] or match["power"])
    return _english(match["tex"] if match["tex"] is not None else match["words"], power, own)


def _bracketed(label: str, own: Collection[str] | None) -> str | None:
    words = _ENGLISH.findall(label)
    if own is None and len(words) == 1 and label.strip() == words[0] and singular(words[0]) in _LABELS:
        return singular(words[0])
    return unit_key(label if label.startswith("\\") else f" {label.strip()}", own) or None


def own_words(rest: str) -> frozenset[str]:
    """The words behind the number of an expected answer."""
    return frozenset(map(_own, _ENGLISH.findall(rest))) | frozenset(re.findall(r"[\u4e00-\u9fff]+", rest))


def _own(word: str) -> str:
    """One spelling of a word that the expected answer says; short ones keep their case: "5 M" is not "5 m"."""
    return word if len(word) < 3 else singular(word)


def leads(before: str) -> bool:
    """Whether the words before a number say no more than that it is the answer ("she has", "一共有")."""
    text = re.sub(r"[*$€£¥\\]+\s*$", "", before).strip()
    if len(text) <= _MAX_BEFORE and re.search(r"[\u4e00-\u9fff]", text):
        return _last_of_chinese(text) in _CHINESE_WORDS
    # "Janet has 18": a word with a capital before a verb is a name.
    text = _named(text) if len(text) <= _MAX_BEFORE else text
    head, lead = re.subn(rf"\b{LEAD}\s*:?$|[:=]$", "", text)
    words = _words_before(head)
    last = [word for word in words if word not in {"only", "just", "exactly"}][-1:]
    return says_nothing(head) and (bool(lead) or bool(last and last[0] in VERBS))


def says_nothing(before: str) -> bool:
    """Whether all words before an equation are of the lists: the equation says the rest ("it is left that")."""
    text = before.strip()
    if len(text) > _MAX_BEFORE:
        return False
    if re.search(r"[\u4e00-\u9fff]", text):
        return _last_of_chinese(text) is not None
    lists = (FUNCTION_WORDS, VERBS, NOUNS, ADJECTIVES, SUBJECTS, TIMES, CLOSERS, NAMES, {",", "and"})
    return all(_is_in(word.removesuffix("'s"), lists) for word in _words_before(_named(text)))


def _named(text: str) -> str:
    """With one word of the lists for every name."""
    return _OF_NAME.sub(r"\1 it", _NAME.sub("he", _ONE_NOUN.sub("number", text)))


def _words_before(text: str) -> list[str]:
    return re.findall(r"[A-Za-z]+(?:['-][A-Za-z]+)*|[^\sA-Za-z]", text.lower())


def may_go_on(word: str) -> bool:
    """Whether a word behind a formula goes on with the sentence; one that is in no list may change the value."""
    lists = (FUNCTION_WORDS, VERBS, NOUNS, ADJECTIVES, TIMES, CLOSERS, NAMES, _CLAUSES)
    return word.lower() not in SCALES and _is_in(word, lists)


def goes_on_idly(clause: str) -> bool:
    """Whether a clause behind a value and a comma leaves the value as it is: every word of it is of a list."""
    if not _IDLY.match(clause) or len(clause) > _MAX_BEFORE:
        return False
    words = re.findall(r"[A-Za-z]+(?:['-][A-Za-z]+)*|[^\sA-Za-z,.]", _NAME.sub("he", clause))
    lists = (FUNCTION_WORDS, VERBS, NOUNS, ADJECTIVES, SUBJECTS, TIMES, CLOSERS, NAMES, _IDLE)
    known = [_is_in(word.removesuffix("'s"), lists) for word in words]
    nouns = [
        before.lower() in _DETERMINERS and _is_noun(word, None)
        for before, word in zip(["", *words], words, strict=False)
    ]
    return all(one or other for one, other in zip(known, nouns, strict=True))


def scales(word: str) -> bool:
    """Whether a word is known to scale the number before it."""
    return word.lower() in SCALES


def _last_of_chinese(text: str) -> str | None:
    """The last word of a Chinese text, "" for none; None where one is in no list."""
    position, last = 0, ""
    text = text.rstrip(" :：")
    while position < len(text):
        match = _CHINESE_TOKEN.match(text, position)
        if match is None:
            return None
        position, last = match.end(), match.group()
    return last


def _power(written: str | None) -> str:
    """`^{2}` or `²` as 2, "" for none."""
    return re.sub(r"\D", "", (written or "").translate({0xB2: "2", 0xB3: "3"}))


def is_known(word: str) -> bool:
    """Whether an English word is a unit or a noun of the lists."""
    return _unit(word) is not None or _is_in(word, (NOUNS, TIMES))


def _english(text: str, power: str, own: Collection[str] | None) -> str | None:
    if re.search(r"[^A-Za-z\u4e00-\u9fff ,'/.-]", text):
        return None
    if re.search(r"[\u4e00-\u9fff]", text):
        return _chinese(text.strip(), own)
    text = re.sub(r"\bleft over\b", "left", re.sub(r"'s\b", "", text).replace("/", " per "))
    words = [one for word in _ENGLISH.findall(text) for one in _parted(word)]
    if not words:
        return "" if text.strip(" ,") in ("", ".") else None
    if len(words) > _MAX_WORDS:
        return None
    if words[0].lower() in _POWERS and len(words) > 1 and _unit(words[1]):
        power, words = str(_POWERS[words[0].lower()]), words[1:]
    key, behind = _subject(words, own)
    if key is None or not all(_may_follow(words, index, own) for index in range(behind, len(words))):
        return None
    rate = _RATE.search(text)
    if key and rate and (rate[1] or rate[2]) and is_known(rate[1] or rate[2]):
        key += "/" + canonical(rate[1] or rate[2])
    return f"{key}^{power}" if power else key


def _parted(word: str) -> list[str]:
    """T-shirt is one word, ice-cream two."""
    whole = word.replace("-", "")
    return [whole] if _is_in(whole, (NOUNS, TIMES)) else word.split("-")


def _subject(words: list[str], own: Collection[str] | None) -> tuple[str | None, int]:
    """The key of the unit or noun that a phrase is about ("" for "left" or "per day"), and where its rest begins."""
    first = words[0].lower()
    if first in _SPEEDS:
        return _SPEEDS[first], 1
    if first in {"degree", "degrees"} and len(words) > 1 and words[1].lower() in _DEGREES:
        return _DEGREES[words[1].lower()], 2
    unit = _unit(words[0])
    if unit and (first != "in" or len(words) == 1):
        return unit, 1
    head, index = "", 0
    while index < len(words) and (_is_noun(words[index], own) or words[index].lower() in ADJECTIVES):
        head = canonical(words[index]) if _is_noun(words[index], own) else head
        index += 1
    if head:
        return head, index
    # "18 left", "18 per day", not "18 an".
    alone = first in CLOSERS or (first in _STARTERS and words[-1].lower() not in FUNCTION_WORDS)
    return ("", 0) if alone and first in _STARTERS else (None, 0)


def _unit(word: str) -> str | None:
    """The key of a known unit. Short names keep their case: "5 M" is no length."""
    known = NAMES.get(word) or (NAMES.get(word.lower()) if len(word) > 2 or word in _CAPITALS else None)
    return known[0] if known else None


def _is_noun(word: str, own: Collection[str] | None) -> bool:
    if _is_in(word, (NOUNS, TIMES)):
        return True
    if own is not None:
        return _own(word) in own
    lower = word.lower()
    denied = lower in NOT_NOUNS or singular(lower) in NOT_NOUNS or _DENIED_ENDING.search(singular(lower)) is not None
    return len(word) > 3 and not denied and lower not in FUNCTION_WORDS | VERBS | CLOSERS


def _may_follow(words: list[str], index: int, own: Collection[str] | None) -> bool:
    """Whether a word behind the unit or noun says nothing about the number."""
    word = words[index].lower()
    if word in FUNCTION_WORDS or word in CLOSERS or word in VERBS or word in ADJECTIVES or _is_noun(words[index], own):
        return True
    before = words[index - 1].lower() if index else ""
    return _unit(words[index]) is not None and (index == 0 or before in _PER or before == "of")


def _is_in(word: str, lists: Collection[Collection[str]]) -> bool:
    lower = word.lower()
    return any(lower in one or singular(lower) in one for one in lists)


def _chinese(text: str, own: Collection[str] | None) -> str | None:
    match = _CHINESE_BEHIND.fullmatch(_NOT_YET.sub("", text))
    if match is None:
        if own is not None:
            return text[0] if text in own else None
        return None if _NOT_CHINESE_NOUNS & set(text) else text[0]
    if not match["unit"]:
        return text[0]
    key = _chinese_unit(match["unit"])
    return f"{key}/{_chinese_unit(match['per'])}" if match["per"] in NAMES else key


def _chinese_unit(text: str) -> str:
    power = {"平方": "^2", "立方": "^3"}.get(text[:2], "") if text not in NAMES else ""
    return NAMES[text[2:] if power else text][0] + power
