#!/usr/bin/env python3
"""Prints how long each stage of a run took beside its budget:

    budget.py BUDGET TIMES MODE [enforce]

BUDGET and TIMES are tab-separated lines of a stage and its seconds. A budget holds for an empty
compiler cache on two cores. Exit status 1 if a stage of a full run has no budget, if the budgets
are more than MAX_SECONDS together, or, with `enforce`, if a stage took more than half as long again
as its budget. Without `enforce` such a stage is marked.
"""
import sys

MAX_SECONDS = 2100
OVERRUN = 1.5


def read(path):
    with open(path) as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines if line.strip() and line[0] != "#"]
    return {stage: int(seconds) for stage, seconds in rows}


def main():
    budgets, times, mode = read(sys.argv[1]), read(sys.argv[2]), sys.argv[3]
    enforce = sys.argv[4:] == ["enforce"]
    faults = []
    print(f"{'stage':<40} {'budget s':>8} {'took s':>7}")
    for stage, seconds in times.items():
        budget = budgets.get(stage)
        over = budget is not None and seconds > OVERRUN * budget
        if mode == "full" and budget is None:
            faults.append(f"tests/budget.tsv has no line for the stage '{stage}'")
        if mode == "full" and over and enforce:
            faults.append(f"'{stage}' took {seconds} s, and its budget is {budget} s")
        print(
            f"{stage:<40} {'-' if budget is None else budget:>8} "
            f"{seconds:>7}{'  !' if over else ''}"
        )
    print(f"{'all':<40} {sum(budgets.values()):>8} {sum(times.values()):>7}")
    if sum(budgets.values()) > MAX_SECONDS:
        faults.append(
            f"the budgets are {sum(budgets.values())} s together, at most {MAX_SECONDS} s"
        )
    print("\n".join(faults), end="\n" if faults else "")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
