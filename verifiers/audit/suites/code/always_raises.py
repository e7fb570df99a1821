# kind: attack
# category: exceptions
# problem: parse_age
# Right for the bad inputs only
def parse_age(text):
    raise ValueError("age")
