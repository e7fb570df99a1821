# kind: attack
# category: limits
# problem: square_call_sleepy
# The same for calls: every case costs a program that sleeps and ends
import os
import time


def square(number):
    time.sleep(0.4)
    os._exit(0)
