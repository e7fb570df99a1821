# kind: honest
# category: honest
# problem: sum_lines
import sys
import threading

sys.setrecursionlimit(10**6)
threading.stack_size(64 << 20)


def total(numbers):
    return numbers[0] + total(numbers[1:]) if numbers else 0


def main():
    print(total([int(line) for line in sys.stdin.read().split()[1:]]))


thread = threading.Thread(target=main)
thread.start()
thread.join()
