"""A web application of a user's, as far as a preview can tell. Runs in a workspace, on Python alone."""

import base64
import hashlib
import http.server
import struct
import sys


class App(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        name = self.path.partition("?")[0].strip("/").replace("-", "_") or "head"
        getattr(self, "answer_" + name)()

    def do_PUT(self):
        left = size = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, 65536)))
        self.say(str(size).encode())

    def say(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_head(self):
        self.say(f"{self.requestline}\n{self.headers}".encode())

    def answer_big(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(30):
            self.wfile.write(b"100000\r\n" + bytes(1 << 20) + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def answer_garbage(self):
        self.wfile.write(b"\x00garbage\r\n" * 100)
        self.close_connection = True

    def answer_endless(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            self.wfile.write(b"X-Endless: yes\r\n" * 1000)

    def answer_closes(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")
        self.close_connection = True

    def answer_silent_then_closes(self):
        self.close_connection = True

    def answer_socket(self):
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header(
            "Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        )
        self.end_headers()
        self.close_connection = True
        while True:
            kind, size = self.rfile.read(2)
            size &= 127
            if size == 126:
                (size,) = struct.unpack("!H", self.rfile.read(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", self.rfile.read(8))
            mask = self.rfile.read(4)
            data = self.rfile.read(size)
            key = (mask * (size // 4 + 1))[:size]
            data = (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")
            head = bytes([kind]) + (
                bytes([size])
                if size < 126
                else b"\x7e" + struct.pack("!H", size)
                if size < 65536
                else b"\x7f" + struct.pack("!Q", size)
            )
            self.wfile.write(head + data)
            if kind & 15 == 8:
                return


http.server.ThreadingHTTPServer.request_queue_size = 128
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), App).serve_forever()
