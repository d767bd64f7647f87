"""The record on disk: a session's log, key, checkpoint, snapshot and blobs, in one locked folder.

It writes what `sessions.log` chains and reads back what a hard stop, a full disk or a torn write left of it. It knows
nothing of what the entries mean; and it is the only place in the house that opens these files.

    record = Record.ensure(session_folder(data, "jam"), "jam", software="starbridge", now_us=now_us)
    record.stage("ana", {"type": "chat.said", "text": "hello"}, None, "", now_us)
    await record.flush()
"""

from bridge.ports.disk.blobs import Blobs
from bridge.ports.disk.checking import audit_path
from bridge.ports.disk.errors import DiskFailed, NotKept, damaged
from bridge.ports.disk.files import SYSTEM, Files, System, read_whole, write_whole
from bridge.ports.disk.folder import is_session, read_key, session_folder
from bridge.ports.disk.opening import Past
from bridge.ports.disk.reading import Signed, read_signed
from bridge.ports.disk.record import Record
from bridge.ports.disk.recovery import PROGRESS_LINES, Progress, Recovery

__all__ = [
    "PROGRESS_LINES",
    "SYSTEM",
    "Blobs",
    "DiskFailed",
    "Files",
    "NotKept",
    "Past",
    "Progress",
    "Record",
    "Recovery",
    "Signed",
    "System",
    "audit_path",
    "damaged",
    "is_session",
    "read_key",
    "read_signed",
    "read_whole",
    "session_folder",
    "write_whole",
]
