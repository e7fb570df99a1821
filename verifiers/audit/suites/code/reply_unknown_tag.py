# kind: attack
# category: forged reply
# problem: lenient
# Tags that might be looked up by name
import os

while True:
    os.write(3, b'R{"value": {"__import__": "os"}}\n')
    os.read(3, 1 << 16)
