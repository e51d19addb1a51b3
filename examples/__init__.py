"""Protected APIs to try Bargate with."""
