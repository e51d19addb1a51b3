"""The AWS API `apigateway`."""
