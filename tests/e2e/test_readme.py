"""The examples of README.md are run as they stand."""
import os
import re
import subprocess
import sys

import pytest

from rhumbd import ROOT

BLOCK = re.compile(r"<!-- test: (\w+) -->\n```\w+\n(.*?)```", re.S)
EXAMPLES = dict(BLOCK.findall((ROOT / "README.md").read_text()))


def test_readme_has_the_three():
    assert set(EXAMPLES) == {"curl", "python", "javascript"}


@pytest.mark.parametrize("language", EXAMPLES)
def test_example(server, tmp_path, language):
    environment = dict(os.environ, RHUMB_URL=server.url)
    if language == "curl":
        words = ["bash", "-euo", "pipefail", "-c", EXAMPLES[language]]
    elif language == "python":
        words = [sys.executable, "-c", EXAMPLES[language]]
    else:
        os.symlink(ROOT / "build" / "e2e" / "node" / "node_modules", tmp_path / "node_modules")
        (tmp_path / "example.mjs").write_text(EXAMPLES[language])
        words = [str(ROOT / "build" / "e2e" / "node" / "node_modules" / ".bin" / "node"), str(tmp_path / "example.mjs")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Berlin" in done.stdout, done.stdout
    assert '"error"' not in done.stdout, done.stdout
