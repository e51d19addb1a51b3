"""The memory one worker may spend on what clients and backends make it hold."""


class MemoryBudget:
    """Counts bytes held; never goes over its size.

    INVARIANT: every successful `reserve` is matched by one `release` of the same size.
    """

    __slots__ = ("held_bytes", "size_bytes")

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.held_bytes = 0

    def reserve(self, size_bytes: int) -> bool:
        """Take `size_bytes` if they are left, and say so."""
        held = self.held_bytes + size_bytes
        if held > self.size_bytes:
            return False
        self.held_bytes = held
        return True

    def release(self, size_bytes: int) -> None:
        """Give back what was reserved."""
        self.held_bytes -= size_bytes
