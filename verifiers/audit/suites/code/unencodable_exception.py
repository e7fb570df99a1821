# kind: attack
# category: masking
# problem: parse_age
# An exception that cannot be described
class Bad(ValueError):
    def __str__(self):
        raise SystemExit(0)

    @property
    def args(self):
        raise SystemExit(0)


def parse_age(text):
    raise Bad
