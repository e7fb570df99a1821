# kind: attack
# category: exceptions
# problem: mapped
# As StopIteration, with the other exception that ends loops
def square_plus_one(x):
    raise GeneratorExit
