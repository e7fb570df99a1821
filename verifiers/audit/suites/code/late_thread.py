# kind: attack
# category: wrong answers
# problem: sum_lines
# Prints from a thread that outlives the program
import threading
import time


def late():
    time.sleep(30)
    print(6)


threading.Thread(target=late, daemon=True).start()
