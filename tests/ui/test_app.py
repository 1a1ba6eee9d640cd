"""The studio as a process: it paints, gets ready, and ends without a word when asked to."""

import os
import signal
import subprocess
import sys
import time

import pytest

PATIENCE = 60  # seconds, on a busy machine


@pytest.mark.skipif(sys.platform == "win32", reason="asks by signal")
def test_paints_gets_ready_and_ends_quietly(tmp_path):
    env = os.environ | {"LLMSTUDIO_HOME": str(tmp_path), "LLMSTUDIO_TIMING": "1", "QT_QPA_PLATFORM": "offscreen"}
    child = subprocess.Popen([sys.executable, "-m", "llmstudio"], env=env, stderr=subprocess.PIPE, text=True)
    try:
        said, end = {}, time.monotonic() + PATIENCE
        while "ready" not in said and time.monotonic() < end:
            line = child.stderr.readline().split()
            assert line, "The studio ended before it was ready."
            said[line[0]] = float(line[1])
        assert 0 < said["painted"] < said["ready"]
        child.send_signal(signal.SIGTERM)
        rest = child.communicate(timeout=PATIENCE)[1]
        assert child.returncode == 0 and rest == ""
    finally:
        child.kill()
        child.wait()
    log = (tmp_path / "studio.log").read_text("utf-8")
    assert "Not caught" not in log and "Traceback" not in log, log
    assert (tmp_path / "settings.json").exists()
