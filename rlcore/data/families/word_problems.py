"""A generated family: arithmetic word problems in English and Chinese, told as a short story of one quantity.

Somebody has a number of things and 1 to 4 events change it: some come, some go, it doubles, it is shared equally. Every
value on the way is a whole number from 0 to 199, so the one-step facts of `arithmetic` solve it. The level
is the number of events.

Everything is a function of the seed, as there.
"""

from __future__ import annotations

from random import Random
from typing import Literal, NamedTuple

from verifiers.types import Problem

Language = Literal["en", "zh"]
LEVELS = (1, 2, 3, 4)
VARIANTS: tuple[Language, ...] = ("en", "zh")
PROVEN = True
LARGEST = 199

_PEOPLE: dict[Language, tuple[tuple[str, str], ...]] = {
    "en": (("Anna", "She"), ("Ben", "He"), ("Clara", "She"), ("David", "He"), ("Emma", "She"), ("Frank", "He")),
    "zh": (("小明", "他"), ("小红", "她"), ("小刚", "他"), ("小丽", "她"), ("王老师", "他"), ("奶奶", "她")),
}
_THINGS: dict[Language, tuple[str, ...]] = {
    "en": ("apples", "books", "coins", "stickers", "marbles", "pencils", "stamps", "shells"),
    "zh": ("个苹果", "本书", "枚硬币", "张贴纸", "颗弹珠", "支铅笔", "张邮票", "块糖"),
}


class Event(NamedTuple):
    """One thing that happens. `{p}` is the pronoun, `{k}` its number, `{t}` the things."""

    operator: str
    en: str
    zh: str


_EVENTS = (
    Event("+", "{p} buys {k} more {t}.", "{p}又买了{k}{t}。"),
    Event("+", "{p} finds {k} {t}.", "{p}捡到{k}{t}。"),
    Event("+", "A friend gives {k} {t} as a present.", "朋友送来{k}{t}。"),
    Event("-", "{p} gives away {k} {t}.", "{p}送给别人{k}{t}。"),
    Event("-", "{p} loses {k} {t}.", "{p}弄丢了{k}{t}。"),
    Event("*", "Then {p_low} has {k} times as many.", "后来数量变成原来的{k}倍。"),
    Event(
        "/",
        "{p} shares them equally among {k} people and keeps one share.",
        "{p}把它们平均分给{k}个人\uff0c自己留一份。",
    ),
)
_START: dict[Language, str] = {"en": "{name} has {n} {t}.", "zh": "{name}有{n}{t}。"}
_ASK: dict[Language, str] = {"en": "How many {t} are there in the end?", "zh": "最后有多少{t}\uff1f"}
_ANSWER: dict[Language, str] = {"en": "The answer is {n}", "zh": "答案是{n}"}


class Story(NamedTuple):
    """A start and events with their numbers; `person` and `things` are indices of the word lists."""

    start: int
    events: tuple[tuple[Event, int], ...]
    person: int
    things: int

    def values(self) -> list[int]:
        """The start and the value after each event."""
        values = [self.start]
        for event, number in self.events:
            values.append(_apply(values[-1], event.operator, number))
        return values

    def told(self, language: Language) -> str:
        """The text of the problem."""
        name, pronoun = _PEOPLE[language][self.person]
        things = _THINGS[language][self.things]
        parts = [_START[language].format(name=name, n=self.start, t=things)]
        for event, number in self.events:
            text = event.zh if language == "zh" else event.en
            parts.append(text.format(p=pronoun, p_low=pronoun.lower(), k=number, t=things))
        parts.append(_ASK[language].format(t=things))
        return ("" if language == "zh" else " ").join(parts)


def problems(
    size: int, seed: int, *, variants: tuple[Language, ...] = ("en",), levels: tuple[int, ...] = LEVELS
) -> list[Problem]:
    """So many different problems for the math judge; the same seed extends the same list.

    Tags are `level=N`, `variant=en|zh`.

    Raises:
        ValueError: size is below 1, or so large that new problems hardly turn up.
    """
    if size < 1:
        raise ValueError(f"{size} word problems asked for: set data.size to 1 or more")
    rng = Random(f"word problems {seed}")
    found: dict[str, Problem] = {}
    for _ in range(20 * size + 1000):
        language = variants[_below(rng, len(variants))]
        story = draw(rng, levels[_below(rng, len(levels))])
        text = story.told(language)
        found.setdefault(text, _problem(story, language, text))
        if len(found) == size:
            return list(found.values())
    raise ValueError(f"only {len(found)} of {size} different word problems turned up: lower data.size")


def solution(story: Story, language: Language) -> str:
    """The reference solution as a completion: one equation per event, then the answer."""
    values = story.values()
    steps = [
        f"{before}{event.operator}{number}={after}"
        for before, after, (event, number) in zip(values, values[1:], story.events, strict=False)
    ]
    return f" {', '.join(steps)}. {_ANSWER[language].format(n=values[-1])}"


def draw(rng: Random, level: int) -> Story:
    """A random story of so many events whose values stay whole and in range."""
    start = 2 + _below(rng, 49)
    value = start
    events: list[tuple[Event, int]] = []
    while len(events) < level:
        event = _EVENTS[_below(rng, len(_EVENTS))]
        number = 2 + _below(rng, 3 if event.operator in "*/" else 29)
        after = _apply(value, event.operator, number)
        whole = event.operator != "/" or after * number == value
        repeated = bool(events) and events[-1][0] is event
        if whole and not repeated and 0 < after <= LARGEST:
            value = after
            events.append((event, number))
    return Story(start, tuple(events), _below(rng, len(_PEOPLE["en"])), _below(rng, len(_THINGS["en"])))


def _apply(value: int, operator: str, number: int) -> int:
    if operator == "+":
        return value + number
    if operator == "-":
        return value - number
    return value * number if operator == "*" else value // number


def _problem(story: Story, language: Language, text: str) -> Problem:
    return Problem(
        id=f"word_problems:{text}",
        prompt=f"Q: {text}\nA:",
        reference={"answer": str(story.values()[-1]), "solution": solution(story, language)},
        tags=(f"level={len(story.events)}", f"variant={language}"),
    )


def _below(rng: Random, limit: int) -> int:
    return int(rng.random() * limit)
