"""Writes pep440-vectors.tsv: what Python's `packaging` says of Python versions.

    pip install packaging==21.3 && python3 pep440-vectors.py > pep440-vectors.tsv

Version 21.3 is the last that also orders what is no PEP 440 version; its order of those that are is that of
the newest one, which the script checks when CHECK_AGAINST names the folder of another `packaging`.

Rows, parted by tabs: `order  A  <|=|>  B` and `normal  TEXT  NORMAL-FORM  -` with an empty normal form
for what is no version.
"""

import importlib
import os
import random
import sys
import warnings

import packaging.version

warnings.simplefilter("ignore")
random.seed(440)
pick = random.choice


def number():
    return pick(["0", "1", "2", "3", "10", "01", "20240101"])


def spelled():
    text = pick(["", "", "", "v", "1!", "0!", "2!"])
    text += ".".join(number() for _ in range(random.randint(1, 4)))
    if random.random() < 0.4:
        word = pick(["a", "b", "c", "rc", "alpha", "beta", "pre", "preview", "A", "RC"])
        text += pick(["", ".", "-", "_"]) + word + pick(["", ".", "-", "_"]) + pick(["", number()])
    if random.random() < 0.3:
        word = pick(["post", "rev", "r", "POST"])
        text += pick(["-" + number(), pick(["", ".", "-", "_"]) + word + pick(["", ".", "-"]) + pick(["", number()])])
    if random.random() < 0.3:
        text += pick(["", ".", "-", "_"]) + "dev" + pick(["", number()])
    if random.random() < 0.2:
        text += "+" + pick([".", "-", "_"]).join(pick(["abc", "1", "01", "a1", "ubuntu", "10"]) for _ in range(random.randint(1, 3)))
    return text


def mangled():
    text = spelled()
    at = random.randint(0, len(text))
    return text[:at] + pick([".", "-", "+", "x", "final", "_", "!", "dev", "0"]) + text[at:]


def small():
    text = pick(["1", "1.0", "1.1", "1.0.0", "1!1"])
    text += pick(["", "", "a1", "b1", "rc1", "rc2"]) + pick(["", "", ".post1", ".post2"]) + pick(["", "", ".dev1", ".dev2"])
    return text + pick(["", "", "", "+a", "+1", "+a.1", "+1.a"])


def rows(version):
    valid = [spelled() for _ in range(300)] + [mangled() for _ in range(300)]
    for text in valid:
        try:
            yield "normal", text, str(version.Version(text)), "-"
        except version.InvalidVersion:
            yield "normal", text, "", "-"
    makers = [(small, small, 1200), (spelled, spelled, 600), (mangled, mangled, 600), (mangled, spelled, 100)]
    for left, right, count in makers:
        for _ in range(count):
            yield ("order", left(), None, right())


def sign(version, a, b):
    a, b = version.parse(a), version.parse(b)
    return "<" if a < b else ">" if a > b else "="


def main():
    version, other = packaging.version, None
    if "CHECK_AGAINST" in os.environ:
        for name in [name for name in sys.modules if name.split(".")[0] == "packaging"]:
            del sys.modules[name]
        sys.path.insert(0, os.environ["CHECK_AGAINST"])
        other = importlib.import_module("packaging.version")
    for row in rows(version):
        if row[0] == "order":
            row = (row[0], row[1], sign(version, row[1], row[3]), row[3])
            if other is not None:
                try:
                    assert sign(other, row[1], row[3]) == row[2], row
                except other.InvalidVersion:
                    pass
        elif other is not None:
            try:
                assert str(other.Version(row[1])) == row[2], row
            except other.InvalidVersion:
                assert row[2] == "", row
        print("\t".join(row))


main()
