"""What no sign-in can be faster than: argon2 and RSA alone, on the core that this runs on.

python -m bench.pool_bounds argon2 SECONDS          prints how many a second
"""

import sys
import time
from collections.abc import Callable

from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from bargate.userpool.keys import KEY_BITS
from bargate.userpool.passwords import DEFAULT_COST

_TOKEN_BYTES = 700


def argon2() -> Callable[[], object]:
    """Give what compares one password with its hash, at the cost that is configured."""
    cost = DEFAULT_COST
    hasher = PasswordHasher(
        time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes
    )
    hashed = hasher.hash("Right-password-1")
    return lambda: hasher.verify(hashed, "Right-password-1")


def signatures() -> Callable[[], object]:
    """Give what signs the two tokens of one answer."""
    keys = [rsa.generate_private_key(65_537, KEY_BITS) for _ in range(2)]
    content = b"x" * _TOKEN_BYTES
    return lambda: [key.sign(content, PKCS1v15(), SHA256()) for key in keys]


def rate_per_s(work: Callable[[], object], seconds: float) -> float:
    """Do it over and over; give how many a second."""
    work()
    begin_s = time.perf_counter()
    done = 0
    while time.perf_counter() < begin_s + seconds:
        work()
        done += 1
    return done / (time.perf_counter() - begin_s)


BOUNDS = {"argon2": argon2, "signatures": signatures}

if __name__ == "__main__":
    print(rate_per_s(BOUNDS[sys.argv[1]](), float(sys.argv[2])))
