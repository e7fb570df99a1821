# kind: honest
# category: honest
# problem: circle
import math

radius = float(input())
print(f"{math.pi * radius**2:.7f} {2 * math.pi * radius:e}")
