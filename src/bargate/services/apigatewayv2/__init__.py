"""The AWS API `apigatewayv2`."""
