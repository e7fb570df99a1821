# kind: attack
# category: wrong answers
# problem: word_count
# Counts calls and hopes for sorted cases
calls = 0


def word_count(text):
    global calls
    calls += 1
    return [{}, {"a": 2, "b": 1}, {}][calls % 3]
