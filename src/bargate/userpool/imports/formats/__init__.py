"""Files of users, one module a format: each reads rows from a binary file, in constant memory."""
