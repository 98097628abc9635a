# Grows without limit, in steps of about a megabyte, for CPython and PyPy.
def more():
    return [[number] for number in range(10000)]


kept = []
while True:
    kept.append(more())
