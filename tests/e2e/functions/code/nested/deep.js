exports.at = { last: require('../plain').handler };
