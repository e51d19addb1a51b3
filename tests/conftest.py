"""What holds for all tests."""

from hypothesis import settings

# How long one example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("unhurried", settings.default, deadline=None)
settings.load_profile("unhurried")
