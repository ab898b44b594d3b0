"""Prints what shapes.py finds wrong with answers that are wrong in known ways, a line each."""

import botocore.session
import shapes

CASES = [
    ("iam", "GetUser", 200, b"""<GetUserResponse xmlns="x"><GetUserResult><User><Path>/</Path><UserNam>a</UserNam><UserId>AIDA2222222222222222</UserId>
        <Arn>arn:aws:iam::111122223333:user/a</Arn><CreateDate>2026-01-01</CreateDate></User><More/></GetUserResult><ResponseMetadata/></GetUserResponse>"""),
    ("iam", "ListUsers", 200, b"<ListUserResponse><ListUsersResult><IsTruncated>no</IsTruncated><Users><User/></Users></ListUsersResult></ListUserResponse>"),
    ("iam", "DeleteUser", 404, b"<ErrorResponse><Error><Code>NoSuchKey</Code></Error></ErrorResponse>"),
    ("kms", "DescribeKey", 200, b'{"KeyMetadata": {"KeyState": "On", "Enabled": "true", "More": 1, "CreationDate": "1"}}'),
    ("kms", "GenerateRandom", 200, b'{"Plaintext": "not base64"}'),
    ("kms", "EnableKey", 200, b'{"a": 1}'),
    ("kms", "EnableKey", 400, b'{"__type": "TagException"}'),
    ("kms", "Encrypt", 400, b'{"__type": "DisabledException"}'),
    ("kms", "EnableKey", 200, b""),
    ("lambda", "GetFunction", 200, b'{"Configuration": {"State": "On"}, "More": 1}'),
    ("lambda", "CreateFunction", 200, b'{"Version": "$LATEST"}'),
    ("lambda", "GetFunction", 400, b'{"Message": "x"}'),
    ("lambda", "RemovePermission", 204, b"{1}"),
    ("lambda", "Invoke", 200, b"anything"),
]
session = botocore.session.get_session()
for service, operation, status, body in CASES:
    print("; ".join(shapes.problems(session.get_service_model(service).operation_model(operation), status, body, {"x-amzn-ErrorType": "NoneOfThese"})) or "nothing")
