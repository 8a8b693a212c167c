// The properties that replace their resource, in the specification that the differ behind `cdk diff` works with.
//
// Reads a JSON list of types from standard input, and writes {type: {property: 'maybe' or 'always'}}.
'use strict';

const { loadAwsServiceSpecSync } = require('@aws-cdk/aws-service-spec');

const RECREATES = { yes: 'always', maybe: 'maybe' };

function replacing(database, type) {
  const [resource] = database.lookup('resource', 'cloudFormationType', 'equals', type);
  const properties = Object.entries(resource.properties);
  const found = properties.map(([name, { causesReplacement }]) => [name, RECREATES[causesReplacement]]);
  return Object.fromEntries(found.filter(([, recreates]) => recreates));
}

let text = '';
process.stdin.on('data', (part) => (text += part));
process.stdin.on('end', () => {
  const database = loadAwsServiceSpecSync();
  const found = JSON.parse(text).map((type) => [type, replacing(database, type)]);
  process.stdout.write(JSON.stringify(Object.fromEntries(found)));
});
