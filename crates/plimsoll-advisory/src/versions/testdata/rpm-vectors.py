"""Writes rpm-vectors.tsv: what RPM's own library says of versions (epoch:version-release).

    apt-get install python3-rpm && /usr/bin/python3 rpm-vectors.py > rpm-vectors.tsv

Rows, parted by tabs: `order  A  <|=|>  B`.
"""

import random

import rpm

random.seed(4)
pick = random.choice


def part():
    text = pick(["0", "1", "2", "10", "01", "1a", "a", "b1"])
    for _ in range(random.randint(0, 4)):
        text += pick([".", ".", "_", "+", "~", "^", "", ".."]) + pick(["0", "1", "2", "10", "001", "a", "b", "rc1", "el9", "git20200101", "20210101"])
    return text


def near():
    text = pick(["1.0", "1.0.1", "2.34"]) + pick(["", "~rc1", "^git1", "~rc1^1", "^", "~", "a", ".a"])
    return pick(["", "", "0:", "1:", "2:"]) + text + "-" + pick(["1", "1.el9", "1.el9_0", "1.el9_0.2", "2.el9", "10.el9", "1.module_el8.5.0+119+9a9ec082", "1.fc40"])


def any_():
    return pick(["", "", "0:", "1:", "10:"]) + part() + "-" + part().replace("-", ".")


def split(text):
    epoch, rest = text.split(":") if ":" in text else ("0", text)
    version, release = rest.rsplit("-", 1)
    return epoch, version, release


for makers, count in [((near, near), 500), ((any_, any_), 500), ((near, any_), 100)]:
    for _ in range(count):
        a, b = makers[0](), makers[1]()
        sign = rpm.labelCompare(split(a), split(b))
        print("order", a, {-1: "<", 0: "=", 1: ">"}[sign], b, sep="\t")
