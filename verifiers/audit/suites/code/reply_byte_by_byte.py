# kind: attack
# category: forged reply
# problem: first_numbers
# A reply that comes byte by byte and never ends
import os

while True:
    os.write(3, b" ")
