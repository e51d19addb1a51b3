"""AWS's protocols (query, ec2, json, rest-json), driven by botocore's service models.

HTTP request ──find service──► operation model ──parse──► check ──► operation function
HTTP response ◄──────────────── serialise ◄───────────────────────── output | AwsError
"""
