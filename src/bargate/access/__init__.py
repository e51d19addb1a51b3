"""The controls on one call: small steps in one explicit ordered tuple per API kind.

A control is one file here. When a snapshot is built, each control looks at what it protects
(`Guarded`: an API, a stage and one method or route of it) and compiles itself into a `Step`, or
into None where it is not configured. At run time a step is a synchronous function:

    Step = (Call, Facts) -> Denial | Need | None

    Call    the request as it arrived; no step writes to it
    Facts   what steps learned; each field is written by exactly one step
    Denial  the call ends here: a stable reason for the operator, AWS's message for the client
    Need    a key set that is not in memory; the driver fetches it and runs the step again

The order of the tuples in `access.order` is the documentation (AWS [D]/[R] apigw-evaluation §1-2).
`access.explain` runs the very same steps with a recorder beside them.
"""
