"""Gates: what stands between a proven first factor and tokens, in one explicit order.

    Gate = async (Pools, Asked, Progress, PoolUser) -> Challenge | None      None: passed

A gate poses a challenge unless `progress.factors` holds what it wants; it refuses by AwsError.
"""
