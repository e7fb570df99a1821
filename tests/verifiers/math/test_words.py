"""The words that may stand around a number, and that no other word is read."""

import pytest

from verifiers.math import words
from verifiers.math.judge import judge, reference_problem
from verifiers.math.phrases import leads, unit_key
from verifiers.types import Status

# Each says something else than 5, or may.
NOT_FIVE = [
    "5 an", "5 per", "5 on the", "5 for", "5 every",
    r"5 \text{ thousands}", "5 millionths", r"5\text{ millionths}", "5 per mille", "5 ppm", "5 basis points",
    "5 percentage points", "5 tenfold", "5-fold", "5 fold", "5fold", "5 reciprocal", "5 bn", "5 mil", "5 mln", "5 k",
    "5k", "5K", "5 K", "5 M", "5M", "5 MM", r"5\text{ M}", "5 G", "5B", "5 T", "5平方", "5立方", "5 squared",
    "5 cubed", "5 square", "5 sq", "5 squares", "5 hundreds", "5 dozens", "5 dozen eggs", "5 score", "5 pairs",
    "5 pairs of shoes", "5 couples", "5 gross", "5 reams", "5 decades", "5 centuries", "5 fortnights", "5 halves",
    "5 half", "5 thirds", "5 quarters", "5 eighths", "5 tenths of a mile", "5 elevenths", "5 sevens", "5 tens",
    "5 ones", "5 zeros", "5 digits", "5 or more", "5 or so", "5 at least", "5 at most", "5 approximately", "5 approx",
    "5 ish", "5-ish", "5ish", "about 5", r"\text{about } 5", r"\text{about }5", "~5", r"\sim 5", r"\approx 5", "≈5",
    r"x \approx 5", "≥5", r"\ge 5", ">5", "<5", "5+", "5-", "5 plus", "5 minus", "minus 5", "negative 5",
    r"\text{negative } 5", r"\text{minus }5", "not 5", r"\lnot 5", r"\neg 5", "5 not", "5 less than x",
    "5 fewer apples", "5 more apples", "5 more", "5 less", "5 fewer", "5 below zero", "5 under par", "5 short",
    "5 off", "5 times", "5 times x", "5倍", "5多", "5余", "5个多", "5来个", "5以上", "5以下", "5左右", "5上下",
    "5开外", "5不到", "不到5", "约5", "大约5", "近5", "第5", "负5", "5分之一", "5折", "5成", "5打", "5对", "5双",
    "5个百分点", "5百分点", "5‰", "5千分之", "5个亿", "5个千", "5个十", "5个半", "5的倒数", "5的相反数", "5的平方",
    "5次方", "5开方", "5 factorial", "5 inverse", "5 opposite", "5 complement", "5 successor", "5 predecessor",
    "5 log", "5 root", "5 power", "5 mod 7", "5 modulo 7", "5 remainder", "5 remaining 2", "5 xy", "5 ab", "5 mn",
    "5 abc", "5 n", "5x", "5 a", r"5 \text{ab}", r"5 \mathrm{X}", r"5\mathrm{k}", r"5 \text{k}", r"5 \text{ dozen}",
    r"5 \text{ or } 6", "5 th", "5th", "5 nd", "5 st", "5 lakh", "5 crore", "5 myriad",
    "5 grand", "5 quid", "5 googol", "5 quintillion", "5 octillions", "5 zillion", "5 billionth", "5 nano", "5 micro",
    "5 kilo-", "5 mega", "5 giga", "5 double", "5 doubled", "5 twice", "5 triple", "5 quadruple", "5 quintuple",
    "5 duo", "5 trio", "5 quartet", "5 multiplied", "5 divided", "5 over", "5 under", "5 out of ten", "5 of ten",
    "5 in ten", "5 to one", "5 to the power of two", "5 to the", "5 in thousands", "5 in hundreds",
    "5 thousand dollars", "5 hundred", "5 nines", "5 negative", "5 debit", "5 loss", "5 in debt", "5 units less",
    "5 apples less", "5 apples fewer", "5 apples or more", "5 apples at least", "5 apples and a half", "5 and a half",
    "5 dollars and fifty cents", "5 dollars and cents", "5 feet under", "5 exact", "5 e", "5 i", "5 pi", r"5\pi",
    "5!", r"5^\circ C+1", "5' 6''", "5 hundredfold", "5 x", "5 X", "5 percent of x", "5 per thousand",
    "5 per hundred", "5 per mil", "5 per million", "5 a dozen", "5 a hundred", "5 squared meters", "5 uno",
    "5 nought", "5 dezenas", "5 Tausend", "5 mille", "5 milliards", "5 demi", "5 mio", "5 Mio.", "5 Mrd", "5 tsd",
    "5 oder mehr",
]  # fmt: skip

EIGHTEEN = [
    "18 apples", "18 eggs", "18个苹果", r"\$18", "$18", "18 dollars", "18 people per day", "18 red apples", "18 left",
    "18 each", "18 in total", "18 apples left", "18 apples in total", "18 remaining", "18 cups of flour",
    "18 pounds of apples", "18 years old", "18 cm long", "18 feet tall", "18 miles per hour", "18 mph", "18 km/h",
    "18 kilometers", "18 students", "18 children", "18 men", "18 boxes", "18 slices of pizza", "18 hours",
    "18 minutes", "18 days", "18 weeks", "18 months", "18 years", "18 cookies", "18 cents", "18 degrees", r"18^\circ",
    "18 square feet", "18 square units", "18 cubic meters", r"18 \text{ apples}", r"18 \text{ cm}", r"18\text{ cm}^2",
    r"18 \text{ square meters}", "18元", "18个", "18人", "18本", "18本书", "18岁", "18天", "18页", "18米", "18只鸡",
    "18平方米", "18平方厘米", "18名学生", "18位同学", "18棵树", "18辆汽车", "18块钱", "18 points", "18 games",
    "18 pages", "18 marbles", "18 stickers", "18 balloons", "18 dollars per hour", "18 dollars each",
    "18 dollars a day", r"\$18 per day", r"\$18 per hour", r"\$18 each", "18 eggs per day", "18 eggs a day",
    "18 chocolate chip cookies", "18 pieces of candy", "18 units", "18 ways", "18 solutions", "18 triangles",
    "18 inches", "18 in", "18 m", "18 kg", "18 g", "18 L", "18 liters", "18 gallons", "18 calories",
    "18 grams of sugar", "18 bottles of water", "18 tickets", "18 trees", "18 flowers", "18 cars", "18 dogs",
    "18 cats", "18 puppies", "18 kittens", "18 fish", "18 sheep", "18 pencils", "18 pens", "18 books", "18 crayons",
    "18 toys", "18 loaves of bread", "18 bags", "18 baskets", "18 pounds", "18 ounces", "18 feet", "18 yards",
    "18 miles", "18 laps", "18 trips", "18 shirts", "18 seconds", "18 nights", "18 Sundays", "18 employees",
    "18 friends", "18 guests", "18 passengers", "18 votes", "18 coins", "18 nickels", "18 dimes", "18 pennies",
    "18 bills", "18 euros", "18 pesos", "18 jelly beans", "18 gumballs", "18 lollipops", "18 sandwiches",
    "18 cupcakes", "18 brownies", "18 donuts", "18 pizzas", "18 oranges", "18 bananas", "18 seashells", "18 shells",
    "18 action figures", "18 baseball cards", "18 video games", "18 movies", "18 songs", "18 emails",
    "18 text messages", "18 push-ups", "18 T-shirts", "18 t-shirts", "18 hot dogs", "18 ice cream cones",
    "18 fence posts", "18 bricks", "18 tiles", "18 windows", "18 rooms", "18 houses", "18 apartments", "18 floors",
    "18 chairs", "18 tables", "18 seats",
]  # fmt: skip

OWN_WORDS = [
    ("18 widgets", "18", True),
    ("18 widgets", "18 widget", True),
    ("18 widgets", "17 widgets", False),
    ("18 widgets", "18 gadgets", False),
    ("18", "18 widgets", False),
    ("6 xy", "6xy", True),
    ("6 xy", "6 x y", True),
    ("6 xy", "6", False),
    ("3 people per day", "3 people", True),
    ("3 people per day", "3 people per hour", False),
    ("5 degrees Celsius", "5 degrees Fahrenheit", False),
    (r"5^\circ C", "5 degrees Celsius", True),
    (r"5^\circ C", "5", True),
    ("60 km/h", "60 km per hour", True),
    ("60 km/h", "60 km", False),
    ("5 PM", "5 pm", True),
    ("5 PM", "5", False),
    (r"2\pi \text{ widgets}", r"2\pi", True),
    (r"2\pi", r"2\pi \text{ widgets}", False),
    ("9个", "9个苹果", True),
    ("9个", "9只", False),
]

NO_REFERENCES = [
    "5 millionths",
    "5 thousands",
    "5 lakh",
    "5 reciprocal",
    "5 tenfold",
    "5 sevens of eight",
    "5个多",
    "5左右",
]


def status(gold: str, answer: str) -> Status:
    return judge(f"\\boxed{{{answer}}}", {"answer": gold}, finish_reason="stop").status


@pytest.mark.parametrize("answer", NOT_FIVE)
def test_a_word_that_is_in_no_list_is_not_read(answer: str) -> None:
    assert status("5", answer) in {Status.WRONG, Status.NO_ANSWER}


@pytest.mark.parametrize("answer", EIGHTEEN)
def test_nouns_and_units_behind_a_number(answer: str) -> None:
    assert status("18", answer) is Status.CORRECT
    assert status("19", answer) is Status.WRONG


@pytest.mark.parametrize(("gold", "answer", "fits"), OWN_WORDS)
def test_the_words_of_the_expected_answer(gold: str, answer: str, fits: bool) -> None:
    assert reference_problem({"answer": gold}) is None
    assert (status(gold, answer) is Status.CORRECT) is fits


@pytest.mark.parametrize("gold", NO_REFERENCES)
def test_a_reference_that_a_word_may_change_is_screened_out(gold: str) -> None:
    assert reference_problem({"answer": gold})


def test_no_word_of_the_lists_changes_a_number() -> None:
    behind = words.NOUNS | words.ADJECTIVES | words.TIMES | words.CLOSERS
    assert behind & words.NOT_NOUNS == {"point"}
    assert len(words.NOUNS) > 1_000


@pytest.mark.parametrize("noun", ["apples", "boxes", "cherries", "knives", "geese", "people", "buses", "leaves"])
def test_plurals(noun: str) -> None:
    assert words.singular(noun) in words.NOUNS
    assert unit_key(f" {noun}") == words.singular(noun)


def test_a_long_beginning_is_read_in_linear_time() -> None:
    assert not leads("还剩下一共有" * 30 + "?")
    assert not leads("she has " * 10_000 + "not")
