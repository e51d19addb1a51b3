"""What is stored: one module per AWS noun with its frozen struct and its `Kind`.

    services write them ──► store ──► snapshot parts (what workers need of them)

Records hold what the AWS API gives back, in snake_case and with units in names; times are aware
UTC datetimes. Keys begin with the account id, then the region where the noun is regional;
of what is in a user pool, with the pool's id, since its users name no account.
"""
