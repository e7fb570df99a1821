"""Loop."""

while True:
    pass
