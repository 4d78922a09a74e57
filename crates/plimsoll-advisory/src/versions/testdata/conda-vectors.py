"""Writes conda-vectors.tsv: what rattler, conda's own library in Rust, says of conda versions.

    pip install py-rattler==0.28.0 && python3 conda-vectors.py > conda-vectors.tsv

Rows, parted by tabs: `order  A  <|=|>  B`.
"""

import random

from rattler import Version

random.seed(6)
pick = random.choice


def near():
    return pick(["", "", "", "1!"]) + pick(["1", "1.0", "1.0.0", "1.1", "0.4", "0.4.1", "2.3.10"]) + pick(
        ["", "", "dev", ".dev1", "a1", "b2", "rc1", "rc.1", ".post1", "post", "_", "g", "h", ".0", "alpha", "_1", ".p1", "RC2", "+1.0", "+abc.2", "-1".replace("-", "_")]
    )


for _ in range(800):
    a, b = near(), near()
    try:
        left, right = Version(a), Version(b)
    except Exception:
        continue
    print("order", a, "<" if left < right else ">" if left > right else "=", b, sep="\t")
