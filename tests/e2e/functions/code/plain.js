// Functions of every style.
exports.handler = async (event, context) => ({
  event,
  left: context.getRemainingTimeInMillis(),
  id: context.awsRequestId,
  arn: context.invokedFunctionArn,
  name: context.functionName,
});
exports.callback = (event, context, callback) => setTimeout(() => callback(null, event), 5);
exports.promise = (event) => Promise.resolve(event);
exports.early = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = false;
  setTimeout(() => {}, 60000);
  callback(null, 'early');
};
exports.waits = (event, context, callback) => {
  let answer = { toJSON: () => text };
  let text = 'too early';
  setTimeout(() => { text = 'waited'; }, 20);
  callback(null, answer);
};
exports.silent = () => {};
exports.nothing = async () => undefined;
exports.done = (event, context) => context.done(null, 'done');
exports.fails = async () => { throw new TypeError('no such thing'); };
exports.throws = () => { throw new RangeError('at once'); };
exports.rejects = () => Promise.reject('a text');
exports.called = (event, context, callback) => callback(new Error('called back'));
exports.cycle = async () => { const it = {}; it.it = it; return it; };
exports.late = () => { setTimeout(() => { throw new Error('late'); }, 5); };
exports.large = async (event) => 'z'.repeat(event);
exports.spins = () => { for (;;); };
exports.text = 'not a function';
