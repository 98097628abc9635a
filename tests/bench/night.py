# A model with a large state that changes all the time: night.py MEGABYTES
# keeps so much alive, and replaces all of it twenty times, piece by piece.
import sys

BYTES = 8  # of a number in PyPy's lists
PIECE = 1000


def piece(seed):
    return [(seed * 7919 + number) & 0xFFFF for number in range(PIECE)]


def run(megabytes):
    count = megabytes * 2**20 // (PIECE * BYTES)
    state = [piece(seed) for seed in range(count)]
    place = total = 0
    for step in range(20 * count):
        place = (place * 1103515245 + 12345) % count
        total += state[place][step % PIECE]
        state[place] = piece(step)
    return total


print(run(int(sys.argv[1])))
