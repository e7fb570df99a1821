# kind: honest
# category: honest
# problem: parse_age
class BadAge(ValueError):
    def __init__(self, text):
        super().__init__(f"{text!r} is no age")
        self.text = text


def parse_age(text: str) -> int:
    stripped = text.strip()
    if not stripped.isdigit() or int(stripped) > 150:
        raise BadAge(text)
    return int(stripped)
