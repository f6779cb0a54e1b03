#!/usr/bin/env python3
"""The seconds that each stage of tests/run.sh may take on two cores with an empty compiler cache.

    budget.py order BUDGET COMMIT         prints the rotating groups in the order of this commit
    budget.py fits BUDGET GROUP ELAPSED   exit status 0 if the group ends in time
    budget.py report BUDGET TIMES MODE    prints what each stage took beside its budget

BUDGET has a line for each stage: its name, its seconds and, if it rotates, its group, separated
by tabs. A group begins if its budget fits in what is left of MAX_SECONDS. So everything runs with a
warm cache, and with an empty one the commit decides what comes first. TIMES is made by
tests/run.sh.

`report` exits with 1 if a stage of a full run has no budget, or took more than half as long again
as its budget, or if the stages that always run leave no time for one of the groups.
"""
import sys

MAX_SECONDS = 2100
OVERRUN = 1.5


def read(path):
    """Returns the seconds and the group of each stage."""
    stages = {}
    with open(path) as lines:
        for line in lines:
            if not line.strip() or line.startswith("#"):
                continue
            stage, seconds, *group = line.rstrip("\n").split("\t")
            stages[stage] = (int(seconds), group[0] if group else None)
    return stages


def seconds_of(stages, group):
    return sum(seconds for seconds, g in stages.values() if g == group)


def groups(stages):
    return sorted({group for _, group in stages.values() if group})


def order(stages, commit):
    names = groups(stages)
    first = int(commit[:8], 16) % len(names)
    return names[first:] + names[:first]


def report(stages, times, mode):
    faults = []
    print(f"{'stage':<40} {'budget s':>8} {'took s':>7}")
    for stage, seconds in times.items():
        budget = stages[stage][0] if stage in stages else None
        over = budget is not None and seconds > OVERRUN * budget
        if mode == "full" and budget is None:
            faults.append(f"tests/budget.tsv has no line for the stage '{stage}'")
        if mode == "full" and over:
            faults.append(f"'{stage}' took {seconds} s, and its budget is {budget} s")
        print(
            f"{stage:<40} {'-' if budget is None else budget:>8} "
            f"{seconds:>7}{'  !' if over else ''}"
        )
    print(f"{'all':<40} {'':>8} {sum(times.values()):>7}")
    always = seconds_of(stages, None)
    for group in groups(stages):
        together = always + seconds_of(stages, group)
        if together > MAX_SECONDS:
            faults.append(
                f"'{group}' and what always runs have {together} s together, "
                f"at most {MAX_SECONDS} s"
            )
    return faults


def main():
    command, stages = sys.argv[1], read(sys.argv[2])
    if command == "order":
        print("\n".join(order(stages, sys.argv[3])))
    elif command == "fits":
        sys.exit(int(sys.argv[4]) + seconds_of(stages, sys.argv[3]) > MAX_SECONDS)
    else:
        with open(sys.argv[3]) as lines:
            times = {s: int(t) for s, t in (line.rstrip("\n").split("\t") for line in lines)}
        faults = report(stages, times, sys.argv[4])
        print("\n".join(faults), end="\n" if faults else "")
        sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
