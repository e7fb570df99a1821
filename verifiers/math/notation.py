r"""One spelling for numbers and functions that are written in several ways, as both parsers read it.

- `0.1\overline{6}` is `\frac{15}{90}`; `70\;000`, `70 000` and `11,\! 111` are groups of thousands;
- `(2516)_8` and `2516_{\text{eight}}` are `2516_{8}`, and what is in base ten is the number;
- `\sqrt13` is the root of 13, `\sqrt[3]{-8}` is `(-\sqrt[3]{8})`, `\sin(x)^2` is `(\sin(x))^2`;
- `7 \bmod 3` on one side of an equation is `7-3\lfloor\frac{7}{3}\rfloor`;
- `90^\text{o}` and `90^o` are `90^\circ`; `\text{lcm}(4,6)` is `\operatorname{lcm}(4,6)`, `\max\{1,2\}` is `\max(1,2)`.
"""

from __future__ import annotations

import re

# Below: the digits of a repeating decimal, the symbols of a function's argument.
_MOST_DIGITS = 30
_MOST_ARGUMENT = 200

_COMMA_AND_SPACE = re.compile(r"(?<=[0-9])(?:\\!)?(?:,|\{,\})\\!\s*(?=[0-9]{3}(?![0-9]))")
_THIN = re.compile(r"(?<=[0-9])(?:\\[,;:]|\\ |~|\u202f|\u2009)(?=[0-9]{3}(?![0-9]))")
# A plain space only in a number that begins the text or a side of an equation: "1 500/3" is mixed.
_SPACED = re.compile(
    r"(?P<before>(?:^|=)\s*[-+]?\s*(?:\\?[$€£¥]\s*)?)(?P<number>[1-9][0-9]{0,2}(?: [0-9]{3})+)(?![0-9]|\s*/|\s+[0-9])"
)
_CIRCLE = r"(?:\\(?:text|mathrm|textrm)\s*\{\s*o\s*\}|o|\\circ)"
_DEGREE = re.compile(rf"(?<=[0-9])\s*\^\s*(?:\{{\s*{_CIRCLE}\s*\}}|{_CIRCLE})(?![A-Za-z])")
_REPEATING = re.compile(
    r"(?P<whole>[0-9]+)\.(?P<once>[0-9]*)(?:\\(?:overline|bar)\s*(?:\{\s*(?P<line>[0-9]+)\s*\}|(?P<digit>[0-9]))"
    r"|\\dot\s*(?:\{(?P<first>[0-9])\}|(?P<first_bare>[0-9]))"
    r"(?:(?P<between>[0-9]*)\\dot\s*(?:\{(?P<last>[0-9])\}|(?P<last_bare>[0-9])))?)"
)
# A number right before it, or what takes only a part of it; behind other factors it gets brackets.
_PART_BEFORE = re.compile(r"[0-9.^_\\]\s*\Z|,\Z")
_FACTOR_BEFORE = re.compile(r"[A-Za-z})\]]\s*\Z")
_BASES = "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split()  # noqa: SIM905
_BASE_NAME = rf"\(?\s*(?P<base>1[0-6]|[2-9]|{'|'.join(sorted(_BASES, key=len, reverse=True))})\s*\)?"
_BASED = re.compile(
    r"(?<![A-Za-z0-9_.,^\\}])(?:\(\s*(?P<inside>[0-9A-F]+)\s*\)|(?:\\(?:text|mathrm)\s*\{\s*(?P<text>[0-9A-F]+)\s*\})"
    r"|(?P<digits>[0-9][0-9A-F]*))\s*_\s*"
    rf"(?:\{{\s*(?:\\(?:text|mathrm|rm|textrm)\s*\{{\s*)?(?:base\s*\}}?\s*)?{_BASE_NAME}\s*\}}{{1,2}}(?![0-9A-Za-z])"
    r"|\\(?:text|mathrm)\s*\{\s*(?P<named>[a-z]+|[0-9]+)\s*\}|(?P<bare>[2-9])(?![0-9A-Za-z]))"
)
_IN_BASE = re.compile(
    r"(?P<digits>[0-9]+)\s*(?:\\text\s*\{)?\s*\(?\s*(?:in\s+)?base[\s-]*(?:\}\s*)?(?:\{\s*)?"
    rf"{_BASE_NAME}\s*\)?\s*\}}?"
)
_ROOT_OF_DIGITS = re.compile(r"\\sqrt\s*([0-9]{2,})(?![0-9.])")
_ODD_ROOT = re.compile(
    r"\\sqrt\s*\[\s*([0-9]?[13579])\s*\]\s*\{\s*-\s*([0-9]+(?:\.[0-9]+)?|\\frac\s*\{[0-9]+\}\s*\{[0-9]+\})\s*\}"
)
_FUNCTION = re.compile(
    r"(?<![A-Za-z\\])\\?(?:arc)?(?:sin|cos|tan|cot|sec|csc|sinh|cosh|tanh|ln|log|lg)(?:_(?:[0-9a-z]|\{[0-9a-z]+\}))?\s*\("
)
_POWER = re.compile(r"\s*(?:\^|\*\*)")
_MODULO = re.compile(
    r"(?P<start>^|=)(?P<left>[-+*^(){}0-9\s]*[0-9)}])\s*"
    r"(?:\\b?mod(?![A-Za-z])|\\operatorname\s*\{\s*mod\s*\}|(?P<word>\\(?:text|mathrm)\s*\{\s*mod\s*\}|\bmod\b))\s*"
    r"(?P<right>[0-9]+)\s*(?=$|=)"
)
_OF_LIST = re.compile(
    r"(?:\\(?:operatorname|text|mathrm)\s*\{\s*(max|min|gcd|lcm|GCD|LCM|hcf|HCF)\s*\}|\\?(?<![A-Za-z])(max|min|gcd|lcm|GCD|LCM))"
    r"\s*(?:\(|(?P<brace>\\\{))"
)


def one_notation(text: str) -> str:
    """The same in the spellings of this module. Linear in its length."""
    if "^" in text:
        text = _DEGREE.sub(r"^\\circ", text)
    if "\\" in text or "~" in text:
        text = _THIN.sub("", _COMMA_AND_SPACE.sub(",", text))
        text = _REPEATING.sub(_fraction, text)
        text = _ODD_ROOT.sub(r"(-\\sqrt[\1]{\2})", _ROOT_OF_DIGITS.sub(r"\\sqrt{\1}", text))
    if "_" in text:
        text = _BASED.sub(_in_base, text)
    elif "base" in text and (match := _IN_BASE.fullmatch(text)):
        text = _spelled(match["digits"], match["base"]) or text
    if " " in text:
        text = _SPACED.sub(lambda match: match["before"] + match["number"].replace(" ", ""), text)
    if "mod" in text:
        text = _MODULO.sub(_floored, text)
    if "(" in text or "\\{" in text:
        text = _of_lists(text)
        text = _powers_of_functions(text) if "^" in text or "**" in text else text
    return text


def _fraction(match: re.Match[str]) -> str:
    repeated = match["line"] or match["digit"]
    if repeated is None:
        last = match["last"] or match["last_bare"] or ""
        repeated = (match["first"] or match["first_bare"]) + (match["between"] or "") + last
    once = match["once"]
    before = match.string[max(0, match.start() - 20) : match.start()]
    if len(match.group()) > 2 * _MOST_DIGITS or _PART_BEFORE.search(before):
        return match.group()
    above = int(match["whole"] + once + repeated) - int(match["whole"] + once)
    fraction = f"\\frac{{{above}}}{{{(10 ** len(repeated) - 1) * 10 ** len(once)}}}"
    return f"({fraction})" if _FACTOR_BEFORE.search(before) else fraction


def _in_base(match: re.Match[str]) -> str:
    digits = match["inside"] or match["text"] or match["digits"]
    return _spelled(digits, match["base"] or match["named"] or match["bare"]) or match.group()


def _spelled(digits: str, base: str) -> str | None:
    """`2516_{8}`; in base ten the digits alone; None where these are no digits of that base."""
    number = int(base) if base.isdigit() else _BASES.index(base) + 2 if base in _BASES else 0
    if not 2 <= number <= 16 or any(int(digit, 16) >= number for digit in digits):
        return None
    return digits if number == 10 else f"{digits}_{{{number}}}"


def _floored(match: re.Match[str]) -> str:
    left, right = match["left"].strip(), match["right"]
    # "5 mod 7" in words is a class of numbers.
    is_class = match["word"] and not (left.isdigit() and int(left) >= int(right))
    if is_class or not left or int(right) == 0:
        return match.group()
    return f"{match['start']}({left})-{right}\\lfloor\\frac{{{left}}}{{{right}}}\\rfloor "


def _of_lists(text: str) -> str:
    parts, position = [], 0
    for match in _OF_LIST.finditer(text):
        name = (match[1] or match[2]).lower().replace("hcf", "gcd")
        end = text.find("\\}", match.end()) if match["brace"] else match.end()
        if end < 0 or match.start() < position:
            continue
        command = r"\operatorname{lcm}" if name == "lcm" else f"\\{name}"
        inside = f"{text[match.end() : end]})" if match["brace"] else ""
        parts.append(f"{text[position : match.start()]}{command}({inside}")
        position = end + 2 if match["brace"] else end
    return "".join((*parts, text[position:])) if parts else text


def _powers_of_functions(text: str) -> str:
    parts, position = [], 0
    for match in _FUNCTION.finditer(text):
        end = _closing(text, match.end())
        if match.start() < position or not end or not _POWER.match(text, end):
            continue
        parts.append(f"{text[position : match.start()]}({text[match.start() : end]})")
        position = end
    return "".join((*parts, text[position:])) if parts else text


def _closing(text: str, start: int) -> int:
    """Where the bracket that was opened before `start` is closed, 0 where it is not or is far."""
    depth = 1
    for position in range(start, min(len(text), start + _MOST_ARGUMENT)):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        if depth == 0:
            return position + 1
    return 0
