"""The AWS API `iam`."""
