export const handler = async (event, context) => ({
  event,
  left: context.getRemainingTimeInMillis(),
  id: context.awsRequestId,
  arn: context.invokedFunctionArn,
  name: context.functionName,
});
