"""What runs inside of a function's process: `bootstrap.py` walls it in, then the runtime runs.

Nothing here imports `bargate`, which the function's process cannot see.
"""
