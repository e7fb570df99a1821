# kind: attack
# category: heavy answers
# problem: primes_below
# Never ends
def primes_below(limit):
    while True:
        yield 2
