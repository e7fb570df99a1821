# kind: honest
# category: honest
# problem: stepper
from dataclasses import dataclass


@dataclass
class Stepper:
    step: int
    value: int = 0

    def __call__(self):
        self.value += self.step
        return self.value


def make_stepper(step, start=0):
    return Stepper(step, start)
