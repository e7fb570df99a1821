# ruff: noqa: SIM905 (word lists read better as text)
"""Units behind a number: which are the same, which convert into one another, and which words are no unit at all.

The rules:

- a missing unit fits any unit; two known units of one dimension convert (1 m = 100 cm, 2 小时 = 120 minutes, 50 cents =
  0.50 dollars); two known units of different dimensions never fit; squares and cubes count (cm is not cm^2);
- of unknown units (apples, 个) the first word, or the first Chinese character, must be the same;
- currencies do not convert; temperatures do not convert (°C is not °F);
- a word that changes the number's value (dozen, half, 多) or joins another thought (than, not) is no unit.
"""

from __future__ import annotations

import re
from fractions import Fraction

_NAMES: dict[str, tuple[str, str, Fraction]] = {}


def _define(dimension: str, *units: tuple[str, str | int | Fraction]) -> None:
    for names, factor in units:
        canonical = names.split()[0]
        for name in names.split():
            _NAMES[name] = (canonical, dimension, Fraction(factor))


_define(
    "length",
    ("m meter meters metre metres 米", 1),
    ("km kilometer kilometers kilometre kilometres 千米 公里", 1000),
    ("dm decimeter decimeters decimetre decimetres 分米", "1/10"),
    ("cm centimeter centimeters centimetre centimetres 厘米", "1/100"),
    ("mm millimeter millimeters millimetre millimetres 毫米", "1/1000"),
    ("inch inches in 英寸", "254/10000"),
    ("foot feet ft 英尺", "3048/10000"),
    ("yard yards yd", "9144/10000"),
    ("mile miles mi 英里", "1609344/1000"),
)
_define(
    "mass",
    ("kg kilogram kilograms kilo kilos 千克 公斤", 1),
    ("g gram grams gm 克", "1/1000"),
    ("mg milligram milligrams 毫克", "1/1000000"),
    ("tonne tonnes 吨", 1000),
    ("斤", "1/2"),
    ("pound pounds lb lbs 磅", "45359237/100000000"),
    ("ounce ounces oz", "45359237/1600000000"),
)
_define(
    "time",
    ("s sec secs second seconds 秒 秒钟", 1),
    ("min mins minute minutes 分钟", 60),
    ("h hr hrs hour hours 小时 时", 3600),
    ("day days 天 日", 86400),
    ("week weeks 周 星期", 604800),
)
_define(
    "volume",
    ("L l liter liters litre litres 升", 1),
    ("mL ml milliliter milliliters millilitre millilitres 毫升", "1/1000"),
)
_define("dollar", ("dollar dollars usd $ 美元", 1), ("cent cents ¢ 美分", "1/100"))
_define("yuan", ("yuan rmb cny 元 块 块钱 元钱 人民币", 1), ("角 毛", "1/10"), ("fen", "1/100"))
_define("euro", ("euro euros eur €", 1))
_define("pound sterling", ("£ gbp", 1))
_define("yen", ("yen jpy 日元 ¥", 1))
_define("angle", ("degree degrees deg 度 °", 1))
# A month and a year have no fixed length: each is a dimension of its own.
_define("month", ("month months 月 个月", 1))
_define("year", ("year years yr yrs 年", 1))

_NOT_UNITS = frozenset(
    "zero one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand "
    "million billion trillion dozen dozens score half halves third thirds quarter quarters fourth fourths fifth fifths "
    "tenth tenths hundredth hundredths pair pairs couple squared cubed factorial plus minus times over under divided "
    "mod modulo and or nor not no never but except if than then less fewer more greater smaller bigger to from off out "
    "of percent pct is are was were be isn aren wrong right false true incorrect correct maybe perhaps probably "
    "approximately about around almost nearly between instead rather actually else otherwise wait because since so "
    "twice double triple thrice negative positive point sqrt log ln sin cos tan exp pi "
    "tens lakh lakhs crore crores gross grosses remainder approx ish odd more upwards".split()
)
_NOT_CJK_UNITS = frozenset(
    "一二三四五六七八九零十百千万亿半多余几和或加减乘除成倍不非无没错否大小至到约的次打折兆双对以左右剩"
)
# Numbers and fractions by their endings: millions, sixteen, eighths, twelfths, thirtieth.
_ORDINAL = re.compile(r"(?:illions?|teens?|(?:i[ex]|gh|ven|x|f|in|en)ths?)$")
_MAX_WORDS = 4
_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3, "平方": 2, "立方": 3}

_UNIT = re.compile(
    r"\s*\\(?:text|textrm|textbf|textnormal|mathrm|mbox|rm)\s*\{(?P<tex>[^{}\\$0-9]*)\}"
    r"(?P<texpower>\s*\^\s*\{?\s*[23]\s*\}?)?$"
    r"|\s*(?P<glued>[A-Za-z]{1,3}(?:/[A-Za-z]{1,3})?)(?P<gluedpower>\s*\^\s*\{?[23]\}?|[²³])?$"
    r"|\s+(?P<words>[A-Za-z]{1,20}(?:[ ,'/-]+[A-Za-z]{1,20}){0,5})(?P<power>\s*\^\s*\{?[23]\}?|[²³])?$"
    r"|\s*(?P<cjk>[\u4e00-\u9fff]{1,12}(?:/[\u4e00-\u9fff]{1,4})?)$"
    r"|\s*(?P<degree>\^\s*\{?\s*\\circ\s*\}?|°|\\degree|\\circ)\s*$"
    r"|\s*(?P<sign>\\?\$|[€£¥¢])$"
)
# Single letters that name a quantity's unit; any other letter behind a number is a factor.
_GLUED = frozenset("km cm mm dm kg mg lb lbs oz ft in yd mi min sec hr hrs kmh mph km/h m/s mL ml".split())
_LETTERS = frozenset("m s g h l L".split())


def unit_key(rest: str) -> str | None:
    """The key of the unit that `rest` (what follows a number) spells; "" for none, None when it is no unit."""
    if rest.strip(" ,") in ("", "."):
        return ""
    match = _UNIT.match(rest)
    if match is None:
        return None
    if match["degree"]:
        return "degree"
    if match["sign"]:
        return canonical(match["sign"].lstrip("\\"))
    if match["cjk"]:
        return _chinese(match["cjk"])
    if match["glued"]:
        return _glued(match, rest)
    power = _power(match["texpower"] or match["power"])
    return _words(match["tex"] if match["tex"] is not None else match["words"], power)


def canonical(name: str) -> str:
    """One spelling for all names of a unit; an unknown name stays, lower case and singular."""
    known = _NAMES.get(name) or _NAMES.get(name.lower())
    if known:
        return known[0]
    name = name.lower()
    return name[:-1] if len(name) > 2 and name.endswith("s") and not name.endswith("ss") else name


def fit(value: Fraction, unit: str, other_value: Fraction, other_unit: str) -> bool:
    """Whether two amounts are the same by the rules of this module; units are keys of `unit_key`."""
    if unit == other_unit or not unit or not other_unit:
        return value == other_value
    first, second = _measure(unit), _measure(other_unit)
    if first is None or second is None:
        return False
    return first[0] == second[0] and value * first[1] == other_value * second[1]


def _measure(unit: str) -> tuple[str, Fraction] | None:
    name, _, power = unit.partition("^")
    known = _NAMES.get(name)
    if known is None:
        return None
    exponent = int(power or 1)
    return f"{known[1]}^{exponent}", known[2] ** exponent


def _power(written: str | None) -> str:
    """`^{2}` or `²` as 2, "" for none."""
    return re.sub(r"\D", "", (written or "").translate({0xB2: "2", 0xB3: "3"}))


def _glued(match: re.Match[str], rest: str) -> str | None:
    name = match["glued"]
    spaced = rest[:1].isspace()
    power = _power(match["gluedpower"])
    if name in _GLUED or (name in _LETTERS and spaced) or (spaced and len(name) > 1):
        return _words(name, power)
    return None


def _words(text: str, power: str) -> str | None:
    words = re.findall(r"[A-Za-z\u4e00-\u9fff]+", re.sub(r"'s\b", "", text))
    if not words:
        return "" if text.strip(" ,") in ("", ".") else None
    if len(words) > _MAX_WORDS or any(_changes_value(word.lower()) for word in words):
        return None
    if re.search(r"[^A-Za-z\u4e00-\u9fff ,'/.-]", text):
        return None
    if words[0].lower() in _POWERS and len(words) > 1:
        power, words = str(_POWERS[words[0].lower()]), words[1:]
    first = canonical(words[0])
    rate = re.search(r"(?:/|\bper\b|\ba\b|\ban\b)\s*([A-Za-z]+)", text)
    if rate and first in _NAMES and canonical(rate[1]) in _NAMES:
        first += "/" + canonical(rate[1])
    elif words[0].lower() == "mph":
        first = "mile/h"
    elif words[0].lower() in {"kmh", "kph", "kmph"}:
        first = "km/h"
    return f"{first}^{power}" if power else first


def _changes_value(word: str) -> bool:
    return word in _NOT_UNITS or _ORDINAL.search(word) is not None


def _chinese(text: str) -> str | None:
    known = _NAMES.get(text)
    if known:
        return known[0]
    for prefix, power in (("平方", 2), ("立方", 3)):
        if text.startswith(prefix) and text[2:] in _NAMES:
            return f"{_NAMES[text[2:]][0]}^{power}"
    above, slash, below = text.partition("/" if "/" in text else "每")
    if slash and above in _NAMES and below in _NAMES:
        return f"{_NAMES[above][0]}/{_NAMES[below][0]}"
    if _NOT_CJK_UNITS & set(text):
        return None
    return text[0]
