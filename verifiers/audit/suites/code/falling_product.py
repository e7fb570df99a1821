# kind: honest
# category: honest
# problem: falling
def falling_factorial(n, k):
    product = 1
    for i in range(k):
        product *= n - i
    return product
