# kind: attack
# category: limits
# problem: squares_sleepy
# Right each time, and asleep for most of each wall clock
import time

print(int(input()) ** 2)
time.sleep(0.4)
