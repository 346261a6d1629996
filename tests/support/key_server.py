"""An issuer's web server on loopback, for tests: key_server.py FOLDER PORT [CERTIFICATE KEY]; without a certificate plain HTTP.

Each GET is answered as the folder says at that moment: `status` (200 where there is none), `location` (a header), `answer` (the body).
A line goes to `requests` before an answer leaves, so that whoever counts lines knows what was asked. While `wait` is there no answer
leaves."""

import http.server
import os
import ssl
import sys
import time

FOLDER, PORT = sys.argv[1], int(sys.argv[2])


def read(name, default=b""):
    try:
        with open(os.path.join(FOLDER, name), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return default


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(os.path.join(FOLDER, "requests"), "a", encoding="utf-8") as file:
            file.write(self.path + "\n")
        while os.path.exists(os.path.join(FOLDER, "wait")):
            time.sleep(0.02)
        body = read("answer")
        self.send_response(int(read("status", b"200")))
        if read("location"):
            self.send_header("Location", read("location").decode())
        # Without a length the client has to count for itself.
        if read("unbounded"):
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """A client that hangs up in the middle is what some tests are about."""


server = Server(("127.0.0.1", PORT), Answer)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
