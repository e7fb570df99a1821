# kind: honest
# category: honest
# problem: stepper
def make_stepper(step, start=0):
    value = start

    def advance():
        nonlocal value
        value += step
        return value

    return advance
