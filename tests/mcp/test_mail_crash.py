"""Killed in the middle of a send: what the phase file says is true, and never too little."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from factotum import failpoint
from factotum.model import FailedClean, Lost, Succeeded
from factotum.phase import read_phase
from factotum.tooling.tools import load_server
from tests.patience import PATIENCE_S
from tests.servers.dovecot import Dovecot
from tests.servers.mail import LETTER, MCP, RUN, call, mail_server, over
from tests.servers.smtp import Relay

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

#: Where the process is killed, what is on record then, and how many letters are out.
POINTS = {
    "mail.connected": ("unsent", 0),
    "mail.phase": ("unsent", 0),
    "mail.data": ("data", 0),
    "mail.dot": ("data", 1),
    "mail.accepted": ("data", 1),
    "mail.sent_copy": ("accepted", 1),
}


def test_every_point_has_a_row_and_a_name() -> None:
    assert tuple(POINTS) == load_server(MCP / "mail_server.py").HITS
    assert set(POINTS) <= set(failpoint.NAMES)


def test_a_kill_at_every_point(tmp_path: Path) -> None:
    with Dovecot() as dovecot:
        for point, (state, letters) in POINTS.items():
            phase_file = tmp_path / point
            with Relay() as relay:
                env = {**over(relay.port), **dovecot.settings("ann@example.test")}
                run = {**RUN, "message_id": f"<{point}@example.test>"}
                run["phase_file"] = str(phase_file)
                ended = subprocess.run(
                    [sys.executable, "-m", "tests.servers.sender", point],
                    input=json.dumps({"env": env, "args": LETTER, "run": run}),
                    capture_output=True,
                    text=True,
                    cwd=ROOT,
                    timeout=PATIENCE_S,
                    check=False,
                )
                assert ended.returncode == -signal.SIGKILL, (point, ended.stdout, ended.stderr)
                phase = read_phase(phase_file)
                assert (point, phase.state) == (point, state)
                assert (point, len(relay.messages)) == (point, letters)
                copies = dovecot.messages("ann@example.test", "Sent")
                assert len(copies) == (point == "mail.sent_copy")
                match phase.outcome:
                    case Succeeded(receipt):
                        assert receipt["message_id"] == run["message_id"]
                        assert receipt["server_reply"].startswith("250")
                    case FailedClean(again=True):  # and trying once more sends it, once
                        answer = call(mail_server(env), "send", LETTER, run)
                        assert answer["outcome"] == "succeeded"
                        assert len(relay.messages) == 1
                        assert read_phase(phase_file).state == "accepted"
                        dovecot.empty()
                    case Lost(last_known):
                        assert "no answer is on record" in last_known
                    case other:
                        pytest.fail(f"{point}: {other}")
