"""Authentication flows: how a sign-in begins. One file a flow, one line each in `FLOWS`.

    Flow = async (Pools, Asked) -> Answer          AuthParameters stand in `asked.parameters`

Whether the client may use a flow is `FlowRule.permits`, decided before the flow runs.
"""
