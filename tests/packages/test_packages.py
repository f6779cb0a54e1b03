"""Runs each script of this folder as one test. A script that prints SKIPPED is a skipped test.

RHUMB_PACKAGES_MODE=soak adds the comparison of two builds. RHUMB_PACKAGES_MISSING is the reason
why there are no packages, and skips everything.
"""
import os
import pathlib
import re
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
SCRIPTS = {
    "lintian.sh": "lintian_has_no_complaint",
    "run.sh": "debian_packages_install_serve_and_leave_nothing",
    "boot.sh": "systemd_runs_upgrades_and_removes_the_service",
    "rpm.sh": "rpm_packages_are_clean_and_serve",
    "repo.sh": "apt_and_dnf_take_signed_repositories_only",
    "image.sh": "the_image_serves_read_only",
}
if os.environ.get("RHUMB_PACKAGES_MODE") == "soak":
    SCRIPTS["reproducible.sh"] = "two_builds_are_equal"


SHOWN = {}  # what each script has printed


@pytest.mark.parametrize("script", SCRIPTS, ids=SCRIPTS.values())
def test_packages(script):
    if missing := os.environ.get("RHUMB_PACKAGES_MISSING"):
        pytest.skip(missing)
    done = subprocess.run(
        [str(HERE / script)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    print(done.stdout)
    SHOWN[script] = done.stdout
    assert done.returncode == 0, done.stdout[-4000:]
    if skipped := re.search(r"^SKIPPED: .*", done.stdout, re.M):
        pytest.skip(skipped.group())


def test_the_server_follows_the_memory_limit_of_its_unit():
    """boot.sh looks at this, unless the machine gives containers no control of memory."""
    if "boot.sh" not in SHOWN:
        pytest.skip("boot.sh did not run")
    if left_out := re.search(r"^NOT TRIED: .*", SHOWN["boot.sh"], re.M):
        pytest.skip(left_out.group())
    assert "MemoryMax" in SHOWN["boot.sh"], SHOWN["boot.sh"]
