# kind: honest
# category: honest
# problem: membership
def small_prime(n):
    for candidate in range(n, 1, -1):
        if all(candidate % d for d in range(2, candidate)):
            return candidate if candidate < n else 2
