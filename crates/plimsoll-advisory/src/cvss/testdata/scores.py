"""Writes scores-v2.txt, scores-v3.txt and scores-v4.txt: what the Python package `cvss` says.

    pip install cvss && python3 scores.py

For versions 2 and 3 all base vectors in the order of the loops; for version 4 a sample,
each with the values of its metrics in order.
"""

import itertools
import os
import random

import cvss

HERE = os.path.dirname(os.path.abspath(__file__))
V3 = [("AV", "NALP"), ("AC", "LH"), ("PR", "NLH"), ("UI", "NR"), ("S", "UC"), ("C", "HLN"), ("I", "HLN"), ("A", "HLN")]
V2 = [("AV", "LAN"), ("AC", "HML"), ("Au", "MSN"), ("C", "NPC"), ("I", "NPC"), ("A", "NPC")]
V4 = [("AV", "NALP"), ("AC", "LH"), ("AT", "NP"), ("PR", "NLH"), ("UI", "NPA")]
V4 += [(name, "HLN") for name in ("VC", "VI", "VA", "SC", "SI", "SA")]


def vectors(metrics):
    for values in itertools.product(*(values for _, values in metrics)):
        yield "/".join(f"{name}:{value}" for (name, _), value in zip(metrics, values))


def write(name, lines):
    with open(os.path.join(HERE, name), "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")


def scores(kind, prefix, metrics):
    numbers = [f"{kind(prefix + vector).scores()[0]:.1f}" for vector in vectors(metrics)]
    return [" ".join(numbers[at : at + 27]) for at in range(0, len(numbers), 27)]


write("scores-v2.txt", scores(cvss.CVSS2, "", V2))
write("scores-v3.txt", scores(cvss.CVSS3, "CVSS:3.1/", V3))
random.seed(4)
lines = []
for vector in random.sample(list(vectors(V4)), 3000):
    values = "".join(metric.split(":")[1] for metric in vector.split("/"))
    lines.append(f"{values} {cvss.CVSS4('CVSS:4.0/' + vector).scores()[0]:.1f}")
write("scores-v4.txt", lines)
