# kind: honest
# category: honest
# problem: sum_lines
# The input and output of competitions
import io
import os
import sys

read = io.BytesIO(os.read(0, os.fstat(0).st_size)).readline
sys.stdout = io.StringIO()
print(sum(int(read()) for _ in range(int(read()))))
os.write(1, sys.stdout.getvalue().encode())
