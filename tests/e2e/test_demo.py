"""The demo as a person runs it, twice, on a machine without a network."""

import os
import re
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.services

# Brings the loopback of a new network namespace up (SIOCSIFFLAGS, IFF_UP), without iproute2,
# shows that nothing else is reachable, and goes on as the command it is given.
_OFFLINE = """
import fcntl, os, socket, struct, sys
with socket.socket() as control:
    fcntl.ioctl(control, 0x8914, struct.pack("16sh", b"lo", 1) + bytes(14))
assert socket.if_nameindex() and all(name == "lo" for _, name in socket.if_nameindex())
os.execv(sys.argv[1], sys.argv[1:])
"""

_TWICE = """
set -e
trap '"$0" -m pipelines.cli down' EXIT
"$0" -m pipelines.cli demo --stay
echo SECOND
"$0" -m pipelines.cli demo
"""


def test_demo_runs_twice_when_the_network_is_cut(tmp_path: Path) -> None:
    allowed = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    if allowed.returncode:
        pytest.skip(f"no network namespace here: {allowed.stderr.decode().strip()}")
    home = tmp_path / "home"
    environ = {key: value for key, value in os.environ.items() if not key.startswith("MILLRACE_")}
    done = subprocess.run(
        ["unshare", "-n", sys.executable, "-c", _OFFLINE, "/bin/sh", "-c", _TWICE, sys.executable],
        env=environ | {"MILLRACE_HOME": str(home), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    first, second = done.stdout.split("SECOND")
    for line in (
        "documents in   674",
        "published      666 in 19 days",
        "quarantined    8",
        "receipts 1, alias candidate",
        "promoted       receipts 1 by ben; the gate: promote",
        "refused        receipts 2, trained with shuffled labels",
        "scored         533 documents by receipts 1; 0 refused",
        "corrected fields crossed the threshold",
        "2026-01-22  quiet",
        "2026-01-23  retrain",
        "input/garbled",
        "docs/runbooks/drift.md",
        "retrain request",
        "/millrace/monitor/receipts",
        "http://127.0.0.1:",
    ):
        assert line in first, (line, first)
    rows = 3 if "promoted       receipts 3 by ben" in first else 1
    if rows == 3:
        assert "rolled back    to receipts 1 by ben" in first
        assert "scored         533 documents by receipts 3; 0 refused" in first
        scores = re.findall(r"^receipts \d +(0\.\d+) ", first, re.MULTILINE)
        assert len(scores) == 2, "both champions on documents that nobody reviewed"
    else:
        assert "the gate rejected what came of them" in first
    # What reviewers said, and a golden set that grew by it, may make a training worth while.
    for line in ("documents in   541", "found done", "refused        receipts", f"{rows} row"):
        assert line in second, (line, second)

    left = [process for process in psutil.process_iter() if _belongs(process, home)]
    assert left == [], "the demo leaves no process behind"


def _belongs(process: psutil.Process, home: Path) -> bool:
    try:
        return process.environ().get("MILLRACE_HOME") == str(home)
    except psutil.Error:
        return False
