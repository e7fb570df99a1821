# kind: attack
# category: exceptions
# problem: parse_age
# An exception type that is every other one
class Any(type):
    def __subclasscheck__(cls, other):
        return True

    def __instancecheck__(cls, other):
        return True


class Everything(Exception, metaclass=Any):
    pass


def parse_age(text):
    raise Everything(text)
