# kind: attack
# category: early end
# problem: digit_sum
# As soon as it is loaded
import os

os._exit(0)
