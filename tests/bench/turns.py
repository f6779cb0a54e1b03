"""What the scripts that compare two versions share: turns of processes, and instructions."""
import re
import statistics
import subprocess

GROWTH_MAX = 0.03  # of instructions, which do not depend on the machine's load


def take_turns(rounds, measure):
    """Calls measure("before") twice and measure("after") once per round, in both orders in turn.

    Returns their answers by name; `again` is the second measurement of `before`.
    """
    found = {"before": [], "again": [], "after": []}
    for turn in range(rounds):
        for name in list(found) if turn % 2 == 0 else list(found)[::-1]:
            found[name].append(measure("before" if name == "again" else name))
    return found


def compared(before, again, after):
    """Medians of times, the ratio of after to before, and how far before is from itself.

    The ratio is the median of those within the rounds. If it `holds`, it is inside the noise.
    """
    # Both directions, so that the order of the turns does not matter.
    same = [x for a, b in zip(before, again) for x in (a / b, b / a)]
    ratio = statistics.median(2 * c / (a + b) for a, b, c in zip(before, again, after))
    return {
        "before": statistics.median(before),
        "again": statistics.median(again),
        "after": statistics.median(after),
        "ratio": ratio,
        "same_min": min(same),
        "same_max": max(same),
        "holds": ratio <= max(same),
    }


def callgrind(function, out):
    """The words before a program whose instructions inside `function` go into the file `out`."""
    return [
        "valgrind",
        "--tool=callgrind",
        "--collect-atstart=no",
        f"--toggle-collect={function}",
        f"--callgrind-out-file={out}",
    ]


def counted(out, function):
    """The number of instructions in the file `out` of callgrind."""
    total = re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.M)
    if total is None or int(total.group(1)) == 0:
        raise SystemExit(f"callgrind counted nothing inside {function}")
    return int(total.group(1))


def run(words, **options):
    """The standard output of a program; the script ends if the program fails."""
    words = [str(word) for word in words]
    done = subprocess.run(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words)}:\n{done.stderr[-2000:]}")
    return done.stdout
