#!/usr/bin/python3
"""Schelling's model of segregation: one run, one line of CSV.

Agents of two kinds live on a torus. An agent with too few neighbours of its
own kind moves to a free place, until all are content or --sweeps are over.

The run whose seed is --film-seed keeps a picture of every move. Where agents
never settle, as with a high --similarity, that fills any memory: the mistake
that this ensemble is about.
"""

import argparse
import random


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--density", type=float, required=True,
                        help="share of places that are taken")
    parser.add_argument("--similarity", type=float, required=True,
                        help="share of neighbours that must be alike")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--size", type=int, default=30, help="side of the torus")
    parser.add_argument("--sweeps", type=int, default=25)
    parser.add_argument("--film-seed", type=int, help="keep a film of this run")
    return parser.parse_args()


class Torus:
    FREE, LEFT, RIGHT = 0, 1, 2
    COLOUR = {FREE: b"\xff\xff\xff", LEFT: b"\xd0\x40\x40",
              RIGHT: b"\x40\x40\xd0"}

    def __init__(self, size, density, generator):
        self.size = size
        self.generator = generator
        agents = int(size * size * density)
        self.places = [1 + agent % 2 for agent in range(agents)]
        self.places += [self.FREE] * (size * size - agents)
        generator.shuffle(self.places)
        self.neighbours = [self._around(place) for place in range(size * size)]

    def _around(self, place):
        row, column = divmod(place, self.size)
        return [(row + down) % self.size * self.size
                + (column + right) % self.size
                for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right]

    def likeness(self, place):
        kinds = [self.places[other] for other in self.neighbours[place]]
        taken = 8 - kinds.count(self.FREE)
        return kinds.count(self.places[place]) / taken if taken else 1.0

    def discontent(self, similarity):
        return [place for place, kind in enumerate(self.places)
                if kind and self.likeness(place) < similarity]

    def move(self, place):
        free = [other for other, kind in enumerate(self.places) if not kind]
        target = self.generator.choice(free)
        self.places[target] = self.places[place]
        self.places[place] = self.FREE

    def segregation(self):
        taken = [place for place, kind in enumerate(self.places) if kind]
        return sum(map(self.likeness, taken)) / len(taken)

    def picture(self, zoom=2):
        rows = []
        for start in range(0, len(self.places), self.size):
            row = self.places[start:start + self.size]
            rows.append(b"".join(self.COLOUR[kind] * zoom for kind in row) * zoom)
        return b"".join(rows)


def main():
    arguments = parse_arguments()
    filming = arguments.seed == arguments.film_seed
    torus = Torus(arguments.size, arguments.density,
                  random.Random(arguments.seed))
    film = []
    sweep = 0
    while filming or sweep < arguments.sweeps:
        discontent = torus.discontent(arguments.similarity)
        if not discontent:
            break
        for place in discontent:
            torus.move(place)
            if filming:
                film.append(torus.picture())
        sweep += 1
    print(arguments.density, arguments.similarity, arguments.seed, sweep,
          f"{torus.segregation():.4f}", len(film), sep=",")


if __name__ == "__main__":
    main()
