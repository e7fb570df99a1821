# kind: attack
# category: wrong answers
# problem: by_length
# Keys that JSON spells alike
def by_length(words):
    return {1: ["a", "c"], "1": ["a", "c"], 2: ["bb"]}
