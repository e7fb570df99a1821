# kind: honest
# category: honest
# problem: primes_below
def primes_below(limit):
    found = []
    for number in range(2, limit):
        if all(number % prime for prime in found if prime * prime <= number):
            found.append(number)
            yield number
