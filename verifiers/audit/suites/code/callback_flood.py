# kind: attack
# category: arguments
# problem: apply_n_quick
# Has the tests work until they are over their limit
def apply_n(function, times, value):
    while True:
        function(value)
