"""@qdrant/js-client-rest drives everything that the honest path serves (flow.mjs)."""
import os
import subprocess

from rhumbd import ROOT


def test_js_client(server, name):
    here = ROOT / "tests" / "e2e"
    home = ROOT / "build" / "e2e" / "node"
    environment = dict(os.environ, RHUMB_NODE_HOME=str(home))
    node = home / "node_modules" / ".bin" / "node"  # the client asks for Node 22, Debian 12 has 18: npm brings one
    done = subprocess.run([str(node), str(here / "flow.mjs"), server.url, name], capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "flow passed" in done.stdout
