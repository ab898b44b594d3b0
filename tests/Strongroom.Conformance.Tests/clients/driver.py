"""Makes AWS calls with an unmodified boto3, for as long as its standard input is open.

One JSON object a line: {"service", "region", "operation", "parameters", "credentials"?}; one a line back: {"result"} or {"code", "message", "status"}.
Credentials are [access key id, secret access key, session token or null]; without them those of the environment sign.
Blobs are {"base64": text} on the way in and base64 text on the way out; times leave as ISO 8601 text.
An answer that is not as the service model has it comes back as the error WrongShape.
"""

import base64
import datetime
import json
import os
import sys

import boto3
import botocore.config
import botocore.exceptions
import botocore.response
import shapes

from botocore import xform_name

CONFIG = botocore.config.Config(retries={"total_max_attempts": int(os.environ.get("DRIVER_ATTEMPTS", "1"))}, connect_timeout=10, read_timeout=30)
clients = {}
found = []


def look(http_response, model, **_):
    # A body that is streamed can be read once, and that is the caller's.
    streamed = model.has_streaming_output and http_response.status_code < 300
    found.extend(shapes.problems(model, http_response.status_code, b"" if streamed else http_response.content, http_response.headers))


def client(service, region, credentials):
    key = (service, region, *credentials)
    if key not in clients:
        named = dict(zip(("aws_access_key_id", "aws_secret_access_key", "aws_session_token"), credentials))
        clients[key] = boto3.client(service, region_name=region, config=CONFIG, **named)
        clients[key].meta.events.register("after-call", look)
    return clients[key]


def blobs(value):
    if isinstance(value, dict):
        if list(value) == ["base64"]:
            return base64.b64decode(value["base64"])
        return {k: blobs(v) for k, v in value.items()}
    if isinstance(value, list):
        return [blobs(v) for v in value]
    return value


def text(value):
    if isinstance(value, botocore.response.StreamingBody):
        value = value.read()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    raise TypeError(type(value))


def call(request):
    found.clear()
    try:
        made = client(request["service"], request["region"], request.get("credentials") or ())
        result = getattr(made, xform_name(request["operation"]))(**blobs(request["parameters"]))
        result.pop("ResponseMetadata")
        answer = {"result": result}
    except botocore.exceptions.ClientError as error:
        answer = {
            "code": error.response["Error"]["Code"],
            "message": error.response["Error"]["Message"],
            "status": error.response["ResponseMetadata"]["HTTPStatusCode"],
        }
    except botocore.exceptions.BotoCoreError as error:
        answer = {"code": type(error).__name__, "message": str(error), "status": 0}
    return {"code": "WrongShape", "message": "; ".join(found), "status": 0} if found else answer


for line in sys.stdin:
    print(json.dumps(call(json.loads(line)), default=text), flush=True)
