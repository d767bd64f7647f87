"""Hello over OSC: join, ask for four bars of drums and bass, print what comes back.

python examples/hello_osc.py 127.0.0.1:9720 TOKEN    (`make run` prints both: a link ends in its token)
"""

import socket
import sys
import time

from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket


def send(line: socket.socket, address: str, *arguments: str | int | float) -> None:
    message = OscMessageBuilder(address)
    for argument in arguments:
        message.add_arg(argument)
    line.send(message.build().dgram)


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    host, _, port = sys.argv[1].rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect((host, int(port)))
        line.settimeout(60)
        send(line, "/session/join", sys.argv[2])
        wish = ("kind", "drop", "style", "dubstep", "bars", 4, "parts", "drums,bass")
        send(line, "/section/request", f"hello-{time.time_ns()}", *wish)
        while True:
            for timed in OscPacket(line.recv(65536)).messages:
                print(timed.message.address, *timed.message.params)
                if timed.message.address in ("/section/done", "/section/failed", "/refused"):
                    return


if __name__ == "__main__":
    main()
