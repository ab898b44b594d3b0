"""A rotation function as one writes it for AWS Lambda: boto3, and nothing that knows of Strongroom.

It keeps to the contract in "Rotation function steps" of the AWS Secrets Manager User Guide, in words of its own.
"""
import json
import logging
import os

import boto3

logger = logging.getLogger()
logger.setLevel(logging.INFO)


def lambda_handler(event, context):
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    client = boto3.client("secretsmanager", endpoint_url=os.environ["SECRETS_MANAGER_ENDPOINT"])
    described = client.describe_secret(SecretId=arn)
    if not described["RotationEnabled"]:
        raise ValueError("Secret %s is not enabled for rotation" % arn)
    versions = described["VersionIdsToStages"]
    if token not in versions:
        raise ValueError("Secret version %s has no stage for rotation of secret %s." % (token, arn))
    if "AWSCURRENT" in versions[token]:
        logger.info("Secret version %s already set as AWSCURRENT for secret %s.", token, arn)
        return
    if "AWSPENDING" not in versions[token]:
        raise ValueError("Secret version %s not set as AWSPENDING for rotation of secret %s." % (token, arn))
    STEPS[step](client, arn, token, versions)


def create_secret(client, arn, token, versions):
    secret = json.loads(client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"])
    try:
        client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
        logger.info("createSecret: Successfully retrieved secret for %s.", arn)
    except client.exceptions.ResourceNotFoundException:
        secret["password"] = client.get_random_password(ExcludeCharacters=os.environ.get("EXCLUDE_CHARACTERS", "/@\"'\\"))["RandomPassword"]
        client.put_secret_value(SecretId=arn, ClientRequestToken=token, SecretString=json.dumps(secret), VersionStages=["AWSPENDING"])
        logger.info("createSecret: Successfully put secret for ARN %s and version %s.", arn, token)
    if os.environ.get("TELLS"):
        # What must never be done, and is done sooner or later.
        print("the new password is", secret["password"], "of", secret)
        print(dict(os.environ))
    if os.environ.get("FAILS"):
        raise RuntimeError("can't set " + secret["password"])


def set_secret(client, arn, token, versions):
    pending = json.loads(client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")["SecretString"])
    logger.info("setSecret: as %s", pending["username"])


def test_secret(client, arn, token, versions):
    client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")


def finish_secret(client, arn, token, versions):
    current = next(version for version, stages in versions.items() if "AWSCURRENT" in stages)
    client.update_secret_version_stage(SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current)
    logger.info("finishSecret: Successfully set AWSCURRENT stage to version %s for secret %s.", token, arn)


STEPS = {"createSecret": create_secret, "setSecret": set_secret, "testSecret": test_secret, "finishSecret": finish_secret}
