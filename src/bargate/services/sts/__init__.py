"""The AWS API `sts`."""
