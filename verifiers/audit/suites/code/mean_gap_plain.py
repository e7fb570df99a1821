# kind: honest
# category: honest
# problem: mean_gap
def mean_gap(numbers):
    gaps = [abs(b - a) for a, b in zip(numbers, numbers[1:])]
    return sum(gaps) / len(gaps) if gaps else None
