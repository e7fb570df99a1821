# kind: honest
# category: honest
# problem: sum_lines
import sys


def main():
    data = list(map(int, sys.stdin.buffer.read().split()))
    sys.stdout.write(f"{sum(data[1:])}\n")


if __name__ == "__main__":
    main()
