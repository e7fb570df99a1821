# kind: attack
# category: early end
# problem: parse_age
# Has the test runner stop between two tests
def parse_age(text):
    raise KeyboardInterrupt
