# kind: honest
# category: honest
# problem: apply_n
def apply_n(function, times, value):
    for _ in range(times):
        value = function(value)
    return value
