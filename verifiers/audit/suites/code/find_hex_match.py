# kind: honest
# category: honest
# problem: find_hex
import re


def find_hex(text):
    return re.search(r"#[0-9a-fA-F]{6}\b", text)
