"""@qdrant/js-client-rest drives everything that the server supports (flow.mjs)."""
import os
import subprocess

from rhumbd import ROOT


def test_js_client(server, name):
    here = ROOT / "tests" / "e2e"
    home = ROOT / "build" / "e2e" / "node"
    environment = dict(os.environ, RHUMB_NODE_HOME=str(home))
    # The client needs Node 22, and Debian 12 has 18, so npm installs one.
    node = home / "node_modules" / ".bin" / "node"
    done = subprocess.run(
        [str(node), str(here / "flow.mjs"), server.url, name, str(server.data)],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "flow passed" in done.stdout
