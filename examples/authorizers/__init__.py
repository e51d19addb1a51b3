"""Lambda authorizers to copy: each folder is a function, complete and tested."""
