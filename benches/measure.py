#!/usr/bin/env python3
"""Runs commands in turns and prints a table: medians of wall and CPU time, the most memory, and how Plimsoll compares.

usage: measure.py TITLE RUNS PREPARE [ROLE NAME COMMAND]...

ROLE is `ours`, `peer` or `limit`. PREPARE is a shell command that is run before each command and is not measured; it may
be empty. The commands take turns, so that what else the machine does hits all of them. What a Docker engine does for
its client counts as the client's: the CPU time of its processes (`dockerd`, `containerd`) is added to CPU, as far as
/proc tells it, but not their memory.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ENGINE = ("dockerd", "containerd", "containerd-shim")
TICKS = os.sysconf("SC_CLK_TCK")


def engine_seconds():
    """CPU seconds of the engine's processes and of those that they have waited for."""
    ticks = 0
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            if (process / "comm").read_text().strip().startswith(ENGINE):
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                ticks += sum(int(field) for field in fields[11:15])
        except OSError:
            continue  # It has ended meanwhile.
    return ticks / TICKS


def once(command, log):
    """Wall seconds, CPU seconds and the largest resident set in KiB of a shell command."""
    before, start = engine_seconds(), time.monotonic()
    process = subprocess.Popen(["bash", "-c", command], stdout=subprocess.DEVNULL, stderr=log)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - start
    if process.returncode != 0:
        raise SystemExit(f"bench: this failed with {process.returncode} (see {log.name}): {command}")
    own = usage.ru_utime + usage.ru_stime
    return wall, own + engine_seconds() - before, usage.ru_maxrss


def main():
    title, runs, prepare, *rest = sys.argv[1:]
    commands = [tuple(rest[index : index + 3]) for index in range(0, len(rest), 3)]
    taken = {name: [] for _, name, _ in commands}
    with open(os.path.join(os.environ.get("BENCH_DIR", "/var/tmp"), "measure.log"), "w") as log:
        # The first turn warms the caches and does not count.
        for turn in range(int(runs) + 1):
            for _, name, command in commands:
                # What the one before has not written yet is not to be written in the time of the next one.
                subprocess.run(["bash", "-c", f"{prepare or ':'}\nsync"], check=True, stdout=log, stderr=log)
                one = once(command, log)
                if turn > 0:
                    taken[name].append(one)
    medians = {name: [statistics.median(column) for column in zip(*all)] for name, all in taken.items()}
    least = {name: min(wall for wall, _, _ in all) for name, all in taken.items()}
    peers = [name for role, name, _ in commands if role == "peer"]
    print(f"\n== {title} (median of {runs}; load {os.getloadavg()[0]:.1f})")
    print(f'{"":<24} {"wall ms":>9} {"least ms":>9} {"CPU ms":>9} {"MiB":>6}   Plimsoll is faster by')
    for role, name, _ in commands:
        wall, cpu, memory = medians[name]
        line = f"{name:<24} {wall * 1000:9.1f} {least[name] * 1000:9.1f} {cpu * 1000:9.1f} {memory / 1024:6.0f}"
        if role == "peer":
            ours = next(own for kind, own, _ in commands if kind == "ours")
            line += f"   {wall / medians[ours][0]:.1f} (wall), {cpu / max(medians[ours][1], 0.001):.1f} (CPU)"
        if role == "limit":
            line += "   the limit"
        print(line)
    if not peers:
        print("(nothing to compare with)")


main()
