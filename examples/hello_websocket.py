"""Hello over a WebSocket: join, ask for four bars in C dorian, print the notes as they are written.

python examples/hello_websocket.py http://127.0.0.1:8765 jam TOKEN    (`make run` prints all three: a link ends in its token)
"""

import json
import sys
import time
from urllib.parse import urlencode

from websockets.sync.client import connect


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    url, session, token = sys.argv[1:]
    address = url.rstrip("/").replace("http", "ws", 1) + "/ws?" + urlencode({"session": session, "token": token})
    with connect(address) as line:
        line.send(json.dumps({"type": "session.join"}))
        name = f"hello-{time.time_ns()}"
        wish = {"kind": "verse", "style": "lo-fi", "bars": 4, "key": "C dorian", "prompt": "late, warm, unhurried"}
        line.send(json.dumps({"type": "section.request", "id": name, **wish}))
        for text in line:
            message = json.loads(text)
            if message.get("id") == name or message["type"] == "refused":
                print(json.dumps(message))
                if message["type"] in ("section.done", "section.failed", "refused"):
                    return


if __name__ == "__main__":
    main()
