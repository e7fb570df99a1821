# kind: attack
# category: escape
# problem: sum_lines
# A shell to do the rest
import os
import subprocess

os.system("echo 6")
print(subprocess.run(["/bin/echo", "6"], capture_output=True).stdout.decode())
