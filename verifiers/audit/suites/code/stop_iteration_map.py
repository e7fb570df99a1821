# kind: attack
# category: exceptions
# problem: mapped
# Ends `map` in the first test as if there were nothing left
def square_plus_one(x):
    raise StopIteration
