# kind: honest
# category: honest
# problem: sum_lines
# Closes its own output, leaves by sys.exit(0), a thread of it fails
import sys
import threading

numbers = [int(input()) for _ in range(int(input()))]
print(sum(numbers), flush=True)
threading.Thread(target=lambda: numbers[99]).start()
sys.stdout.close()
sys.exit(0)
