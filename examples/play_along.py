"""A band plays along: play a tune over a WebSocket, print all that is heard, the band's notes a beat ahead.

python examples/play_along.py http://127.0.0.1:8765 jam TOKEN    (`make run` prints all three: a link ends in its token)
"""

import json
import sys
import threading
import time
from urllib.parse import urlencode

from websockets.sync.client import connect

BPM, TUNE = 180, [69, 72, 76, 74, 72, 71, 69, 64] * 2  # in A minor, a note a beat, four bars


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    url, session, token = sys.argv[1:]
    with connect(f"ws{url[4:].rstrip('/')}/ws?" + urlencode({"session": session, "token": token})) as line:

        def play() -> None:
            for pitch in TUNE:
                for hard in (90, 0):
                    line.send(json.dumps({"type": "live.note", "part": "melody", "pitch": pitch, "velocity": hard}))
                    time.sleep(60 / BPM * (hard > 0))
            line.send(json.dumps({"type": "live.rest", "id": "band"}))

        line.send(json.dumps({"type": "live.accompany", "id": "band", "parts": "drums,bass", "key": "Am", "bpm": BPM}))
        for message in map(json.loads, line):
            print(json.dumps(message))
            if message["type"] == "live.accompanied":
                threading.Thread(target=play, daemon=True).start()
            if message["type"] in ("live.rested", "refused"):
                return


if __name__ == "__main__":
    main()
