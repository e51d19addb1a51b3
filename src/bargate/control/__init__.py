"""The control process: AWS's APIs on :4566, the store behind them, and what it publishes.

    AWS SDK, CLI ──► edge (ASGI) ──► wire ──► authenticate ──► authorize ──► operation ──► store
                                                                                            │
                            supervisor ──► workers ◄── parts that changed ◄── publisher ◄───┘

It may die and come back: workers go on serving what they have.
"""
