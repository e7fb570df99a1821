# kind: honest
# category: honest
# problem: primes_below
from sympy import primerange


def primes_below(limit):
    return [int(prime) for prime in primerange(limit)]
