"""The examples of README.md run as they are written."""
import os
import re
import subprocess
import sys

import pytest

from rhumbd import ROOT

BLOCK = re.compile(r"<!-- test: (\w+) -->\n```\w+\n(.*?)```", re.S)
EXAMPLES = BLOCK.findall((ROOT / "README.md").read_text())


def test_the_readme_has_the_three_examples():
    assert {language for language, _ in EXAMPLES} == {"curl", "python", "javascript"}


@pytest.mark.parametrize(
    "language,example", EXAMPLES, ids=[f"{language}{i}" for i, (language, _) in enumerate(EXAMPLES)]
)
def test_example(server, tmp_path, language, example):
    environment = dict(os.environ, RHUMB_URL=server.url)
    if language == "curl":
        words = ["bash", "-euo", "pipefail", "-c", example]
    elif language == "python":
        words = [sys.executable, "-c", example]
    else:
        os.symlink(ROOT / "build" / "e2e" / "node" / "node_modules", tmp_path / "node_modules")
        (tmp_path / "example.mjs").write_text(example)
        words = [
            str(ROOT / "build" / "e2e" / "node" / "node_modules" / ".bin" / "node"),
            str(tmp_path / "example.mjs"),
        ]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    expected = '"asked"' if "/contract" in example else "Berlin"
    assert expected in done.stdout, done.stdout
    assert '"error"' not in done.stdout, done.stdout
