# kind: honest
# category: honest
# problem: digit_sum
from functools import lru_cache


@lru_cache(maxsize=None)
def digit_sum(n: int) -> int:
    if n < 0:
        return digit_sum(-n)
    return n if n < 10 else digit_sum(n // 10) + n % 10
