"""IAM principals as they bear on a decision: what is stored, resolved to what is decided upon.

records (users, groups, roles, policies) ──resolve──► model.identity (User, Role, AccessKey)
                                                        ├──► snapshot parts for the workers
                                                        ├──► the control plane's own decisions
                                                        └──► policy simulation
"""
