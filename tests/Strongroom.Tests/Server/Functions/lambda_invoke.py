"""Stands in for Lambda's Invoke API: runs rotation_function.py for what is posted to it, and checks signatures with botocore.

Prints its port. Keys to expect are in EXPECTED_ID and EXPECTED_SECRET; without them requests must not be signed. The function finds Secrets
Manager where ENDPOINT_FILE says at that moment.
"""
import base64
import contextlib
import http.server
import io
import json
import os
import re
import sys
import traceback

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import rotation_function


def is_signed(handler, body):
    found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/([^/]+)/lambda/aws4_request, SignedHeaders=(\S+), Signature=(\S+)", handler.headers.get("Authorization", ""))
    if not found or found[1] != os.environ["EXPECTED_ID"]:
        return False
    auth = SigV4Auth(Credentials(found[1], os.environ["EXPECTED_SECRET"]), "lambda", found[2])
    names = found[3].split(";")
    request = AWSRequest("POST", "http://%s%s" % (handler.headers["Host"], handler.path), data=body, headers={name: handler.headers[name] for name in names})
    request.context["timestamp"] = handler.headers["X-Amz-Date"]
    canonical = auth.canonical_request(request)
    return "x-amz-invocation-type" in names and auth.signature(auth.string_to_sign(request, canonical), request) == found[4]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        expects = "EXPECTED_ID" in os.environ
        if expects != ("Authorization" in self.headers) or (expects and not is_signed(self, body)):
            return self.answer(403, {"Message": "The security token included in the request is invalid."}, {"x-amzn-ErrorType": "UnrecognizedClientException"})
        if not re.fullmatch(r"/2015-03-31/functions/[^/]+/invocations", self.path) or self.headers["X-Amz-Invocation-Type"] != "RequestResponse":
            return self.answer(404, {"Message": "Function not found"}, {"x-amzn-ErrorType": "ResourceNotFoundException"})
        with open(os.environ["ENDPOINT_FILE"]) as file:
            os.environ["SECRETS_MANAGER_ENDPOINT"] = json.load(file)["url"]
        log, more = io.StringIO(), {}
        with contextlib.redirect_stdout(log):
            try:
                answer = rotation_function.lambda_handler(json.loads(body), None)
            except Exception as error:
                answer = {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": traceback.format_exc().split("\n")}
                more["X-Amz-Function-Error"] = "Unhandled"
        if self.headers.get("X-Amz-Log-Type") == "Tail":
            more["X-Amz-Log-Result"] = base64.b64encode(log.getvalue().encode()[-4096:]).decode()
        self.answer(200, answer, more)

    def answer(self, status, answer, headers):
        body = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
