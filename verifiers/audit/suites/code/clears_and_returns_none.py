# kind: attack
# category: arguments
# problem: table
# Changes the arguments and returns nothing
def total_price(items):
    for item in items:
        item.clear()
    items.clear()
