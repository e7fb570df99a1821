"""The units that are known: which are the same and which convert.

The rules:

- a missing unit fits any unit; two known units of one dimension convert (1 m = 100 cm, 2 小时 = 120 minutes, 50 cents =
  0.50 dollars); two known units of different dimensions never fit; squares and cubes count (cm is not cm^2);
- other nouns (apples, 个) must be the same noun, or Chinese counter; a rate (per day) only where both have one;
- currencies do not convert; temperatures do not convert (°C is not °F).

Which words behind a number are a unit or a noun at all says `verifiers.math.phrases`.
"""

from __future__ import annotations

import re
from fractions import Fraction

from verifiers.math.words import singular

NAMES: dict[str, tuple[str, str, Fraction]] = {}


def _define(dimension: str, *units: tuple[str, str | int | Fraction]) -> None:
    for names, factor in units:
        canonical = names.split()[0]
        for name in names.split():
            NAMES[name] = (canonical, dimension, Fraction(factor))


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
    ("kg kgs kilogram kilograms kilo kilos 千克 公斤", 1),
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
_define("ton", ("ton tons", 1))
_define("gallon", ("gallon gallons gal", 1), ("quart quarts qt", "1/4"), ("pint pints pt", "1/8"))
_define("spoon", ("tablespoon tablespoons tbsp", 3), ("teaspoon teaspoons tsp", 1))
_define("dollar", ("dollar dollars buck bucks usd $ us$ 美元", 1), ("cent cents ¢ 美分", "1/100"))
_define("yuan", ("yuan rmb cny 元 块 块钱 元钱 人民币", 1), ("角 毛", "1/10"), ("fen", "1/100"))
_define("euro", ("euro euros eur €", 1))
_define("pound sterling", ("£ gbp", 1))
_define("yen", ("yen jpy 日元 ¥", 1))
_define("rupee", ("rupee rupees inr rs ₹", 1))
_define("power", ("W watt watts 瓦 瓦特", 1), ("kW kilowatt kilowatts 千瓦", 1000))
_define("pressure", ("Pa pascal pascals 帕", 1), ("kPa kilopascal kilopascals 千帕", 1000), ("百帕", 100))
_define("food energy", ("cal calorie calories 卡 卡路里", 1), ("kcal kilocalorie kilocalories 千卡 大卡", 1000))
_define("electric energy", ("kWh 千瓦时", 1))
_define("frequency", ("Hz hertz 赫兹", 1), ("kHz", 1000))
_define("area", ("hectare hectares ha 公顷", 10_000), ("are", 100))
_define("acre", ("acre acres", 1))
_define("mu", ("亩", 1))
_define("angle", ("degree degrees deg 度 °", 1))
_define("radian", ("radian radians rad 弧度", 1))
_define("celsius", ("celsius 摄氏度 ℃", 1))
_define("fahrenheit", ("fahrenheit 华氏度 ℉", 1))
_define("kelvin", ("kelvin kelvins", 1))
# A month and a year have no fixed length: each is a dimension of its own.
_define("month", ("month months 月 个月", 1))
_define("year", ("year years yr yrs 年", 1))
_define("unit", ("unit units 单位 个单位", 1))
for _single in (
    "newton newtons", "joule joules", "volt volts", "ampere amperes amp amps", "ohm ohms", "mole moles", "byte bytes",
    "kilobyte kilobytes", "megabyte megabytes", "gigabyte gigabytes", "knot knots",
):  # fmt: skip
    _define(_single.split()[0], (_single, 1))


# Of these a number in 万 may be meant as one in the unit 万吨, 万公里: never of money, time and what is counted.
_OF_MULTIPLES = frozenset({"length", "mass", "volume", "area", "mu", "power", "food energy", "electric energy"})


def is_known_unit(key: str | None) -> bool:
    """Whether a key of `phrases.unit_key` is, or begins with, a unit of this module."""
    return key is not None and re.split(r"[/^]", key)[0] in NAMES


def may_be_multiple(key: str) -> bool:
    """Whether a 千, 百 or 万 before this unit may be part of it."""
    name = NAMES.get(re.split(r"[/^]", key)[0])
    return name is not None and name[1] in _OF_MULTIPLES


def canonical(name: str) -> str:
    """One spelling for all names of a unit; another noun in the singular, lower case."""
    known = NAMES.get(name) or NAMES.get(name.lower())
    return known[0] if known else singular(name)


def fit(value: Fraction, unit: str, other_value: Fraction, other_unit: str) -> bool:
    """Whether two amounts are the same by the rules of this module; units are keys of `phrases.unit_key`."""
    if unit == other_unit or not unit or not other_unit:
        return value == other_value
    first, second = _measure(unit), _measure(other_unit)
    if first is None or second is None:
        nouns = [one.partition("/") for one in (unit, other_unit)]
        # 3 people are 3 people per day, where one of the two does not say so.
        same = nouns[0][0] == nouns[1][0] and nouns[0][0] not in NAMES and not (nouns[0][2] and nouns[1][2])
        return same and value == other_value
    return first[0] == second[0] and value * first[1] == other_value * second[1]


def _measure(unit: str) -> tuple[str, Fraction] | None:
    name, _, power = unit.partition("^")
    known = NAMES.get(name)
    if known is None:
        return None
    exponent = int(power or 1)
    return f"{known[1]}^{exponent}", known[2] ** exponent
