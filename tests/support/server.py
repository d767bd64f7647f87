"""A real server in a child process, on free ports and a folder of its own, for tests that come in by its doors.

with running_server(tmp_path) as server:
    server.health()
    server.kill()                    # hard, as by a power cut
"""

from __future__ import annotations

from bridge.bench.server import Server, running_server, start_server

__all__ = ["Server", "running_server", "start_server"]
