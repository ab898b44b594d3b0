"""Makes Secrets Manager and STS calls with an unmodified boto3, for as long as its standard input is open.

One JSON object a line: {"service", "region", "operation", "parameters"}; one a line back: {"result"} or {"code", "message", "status"}.
Blobs are {"base64": text} on the way in and base64 text on the way out; times leave as ISO 8601 text.
"""

import base64
import datetime
import json
import sys

import boto3
import botocore.config
import botocore.exceptions

from botocore import xform_name

CONFIG = botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=30)
clients = {}


def client(service, region):
    key = (service, region)
    if key not in clients:
        clients[key] = boto3.client(service, region_name=region, config=CONFIG)
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
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    raise TypeError(type(value))


def call(request):
    try:
        made = client(request["service"], request["region"])
        result = getattr(made, xform_name(request["operation"]))(**blobs(request["parameters"]))
        result.pop("ResponseMetadata")
        return {"result": result}
    except botocore.exceptions.ClientError as error:
        return {
            "code": error.response["Error"]["Code"],
            "message": error.response["Error"]["Message"],
            "status": error.response["ResponseMetadata"]["HTTPStatusCode"],
        }
    except botocore.exceptions.BotoCoreError as error:
        return {"code": type(error).__name__, "message": str(error), "status": 0}


for line in sys.stdin:
    print(json.dumps(call(json.loads(line)), default=text), flush=True)
