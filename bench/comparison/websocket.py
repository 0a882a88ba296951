"""A client's end of a WebSocket (RFC 6455) to this machine: texts of any length, which Janus's Unix sockets do not take."""
import base64
import os
import socket
import struct
import threading

CONTINUED, TEXT, CLOSE, PING, PONG = 0, 1, 8, 9, 10
FINAL, MASKED, LENGTH = 0x80, 0x80, 0x7F


def frame(opcode, payload):
    """As clients write it. A mask of zeros changes nothing: masks are for proxies that take frames for requests."""
    size = len(payload)
    if size < 126:
        length = bytes([MASKED | size])
    elif size < 1 << 16:
        length = bytes([MASKED | 126]) + struct.pack("!H", size)
    else:
        length = bytes([MASKED | 127]) + struct.pack("!Q", size)
    return bytes([FINAL | opcode]) + length + bytes(4) + payload


def read_frame(stream):
    """(final, opcode, payload); None where the stream ends."""
    head = stream.read(2)
    if len(head) < 2:
        return None
    size = head[1] & LENGTH
    if size > 125:
        size = int.from_bytes(stream.read(2 if size == 126 else 8), "big")
    payload = stream.read(size)
    return (head[0] & FINAL != 0, head[0] & 0x0F, payload) if len(payload) == size else None


class WebSocket:
    def __init__(self, port, protocol):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.stream = self.socket.makefile("rb")
        self.sending = threading.Lock()
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                            f"Sec-WebSocket-Protocol: {protocol}\r\n\r\n".encode())
        status = self.stream.readline()
        if b" 101 " not in status:
            raise ConnectionError(f"no WebSocket: {status.decode(errors='replace').strip()}")
        while self.stream.readline().strip():
            pass

    def send(self, text):
        self._send(frame(TEXT, text.encode()))

    def receive(self):
        """The next text; None at the end."""
        text = b""
        while (read := read_frame(self.stream)) and read[1] != CLOSE:
            final, opcode, payload = read
            if opcode == PING:
                self._send(frame(PONG, payload))
            elif opcode in (TEXT, CONTINUED):
                text += payload
                if final:
                    return text.decode()
        return None

    def _send(self, octets):
        with self.sending:
            self.socket.sendall(octets)
