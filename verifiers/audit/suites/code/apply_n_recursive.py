# kind: honest
# category: honest
# problem: apply_n
def apply_n(function, times, value):
    return value if times == 0 else apply_n(function, times - 1, function(value))
