#!/usr/bin/env python3
"""Receives what Strongroom posts, checks the signature, and prints each record or event as a line of JSON.

    webhook_receiver.py --secret-file FILE [--port 8099] [--certificate PEM --key PEM]

An example to start from: it needs nothing but Python 3.8. Format: docs/formats/webhook-signature.md.
"""
import argparse
import hashlib
import hmac
import http.server
import json
import ssl
import sys
import time

MAX_BODY = 32 << 20
MAX_AGE_SECONDS = 300


def verify(header, body, secrets, now):
    """Whether the header is a signature of the body, by one of the secrets, made within the last minutes."""
    made, signatures = None, []
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == "t" and value.isascii() and value.isdigit():
            made = value
        elif name == "v1":
            signatures.append(value)
    # Old requests are refused, so that nobody who saw one can send it again later.
    if made is None or abs(now - int(made)) > MAX_AGE_SECONDS:
        return False
    signed = made.encode() + b"." + body
    wanted = [hmac.new(secret, signed, hashlib.sha256).hexdigest() for secret in secrets]
    # compare_digest takes as long whatever differs.
    return any([hmac.compare_digest(w.encode(), s.encode("utf-8", "replace")) for w in wanted for s in signatures])


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    secrets = []

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            self.close_connection = True
            return self.answer(413)
        body = self.rfile.read(length)
        # The bytes as they came, before anything parses them.
        if not verify(self.headers.get("Strongroom-Signature", ""), body, self.secrets, time.time()):
            return self.answer(401)
        for line in body.splitlines():
            # Delivery is at least once: use "eventID" of a record, or "id" of an event, to know a repetition.
            print(json.dumps(json.loads(line)), flush=True)
        # Answer once the records are safe with you: what is answered 2xx is not sent again.
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format, *args):
        pass


def main():
    options = argparse.ArgumentParser(description="Receives signed requests of Strongroom.")
    options.add_argument("--secret-file", required=True)
    options.add_argument("--port", type=int, default=8099)
    options.add_argument("--certificate")
    options.add_argument("--key")
    given = options.parse_args()
    with open(given.secret_file, "rb") as file:
        Receiver.secrets = [line.strip() for line in file if line.strip()]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", given.port), Receiver)
    if given.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(given.certificate, given.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(f"listening on port {server.server_address[1]}", file=sys.stderr, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
