# kind: honest
# category: honest
# problem: parse_age
def parse_age(text):
    try:
        age = int(text)
    except ValueError:
        raise ValueError(f"not an age: {text!r}") from None
    if not 0 <= age <= 150:
        raise ValueError("age out of range")
    return age
