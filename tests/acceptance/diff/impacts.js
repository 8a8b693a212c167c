// What a change of a template does to each resource, in the eyes of the differ behind `cdk diff`.
//
// Reads {pairs: [[before, after]], otherwise: {type: {property: {value, reference}}}} from standard
// input, and writes a list of {ID: {type, impact, properties: {name: impact}, attributes: [name]}}.
// `otherwise` are impacts that the differ has wrong, of another value and of what is referred to.
//
// The differ takes a replacement on only to properties that replace their own resource, and it
// doesn't look for references inside of functions. Here it is shown a template in which every
// reference to a replaced resource reads differently, again and again until nothing more changes.
'use strict';

const { fullDiff, ResourceImpact } = require('@aws-cdk/cloudformation-diff');

const { MAY_REPLACE, WILL_REPLACE, WILL_UPDATE } = ResourceImpact;
// Attributes that an update in place changes. No other one of the types that rackform writes does.
const CHANGING = { 'AWS::EC2::LaunchTemplate': 'LatestVersionNumber' };

// A copy in which what `mark` says of a reference stands beside it.
function marked(value, mark) {
  if (Array.isArray(value)) return value.map((item) => marked(item, mark));
  if (value === null || typeof value !== 'object') return value;
  const [[name, inner] = []] = Object.entries(value);
  if (Object.keys(value).length === 1 && (name === 'Ref' || name === 'Fn::GetAtt')) {
    const [id, attribute] = [inner].flat();
    return { [name]: inner, ...mark(id, attribute) };
  }
  if (name === 'Fn::Sub') {
    const names = [...[inner].flat()[0].matchAll(/\$\{([^!}][^}]*)\}/g)].map((found) => found[1].split('.'));
    return { Sub: inner, of: names.map(([id, attribute]) => ({ id, ...mark(id, attribute) })) };
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, marked(item, mark)]));
}

function withMarks(template, mark) {
  const resources = Object.entries(template.Resources).map(([id, resource]) => {
    const properties = marked(resource.Properties ?? {}, mark);
    return [id, { ...resource, Properties: properties }];
  });
  return { Resources: Object.fromEntries(resources) };
}

function impacts(before, after, otherwise) {
  const old = withMarks(before, () => ({}));
  const unmarked = withMarks(after, () => ({})).Resources;
  const fates = new Map(); // ID: what the differ said of it in the last round
  for (;;) {
    const mark = (id, attribute) => {
      const fate = fates.get(id);
      const mayDiffer = fate === MAY_REPLACE || (fate && attribute && CHANGING[after.Resources[id].Type] === attribute);
      return fate === WILL_REPLACE ? { replaced: true } : mayDiffer ? { perhaps: true } : {};
    };
    const now = withMarks(after, mark);
    const changes = {};
    fullDiff(old, now).resources.forEachDifference((id, change) => {
      const type = change.newResourceType ?? change.oldResourceType;
      const properties = {};
      for (const [name, { changeImpact }] of Object.entries(change.propertyUpdates)) {
        const text = (resources) => JSON.stringify(resources[id].Properties[name] ?? null);
        const isValue = text(old.Resources) !== text(unmarked);
        const isCertain = isValue || text(now.Resources).includes('"replaced":true');
        const impact = otherwise[type]?.[name]?.[isValue ? 'value' : 'reference'] ?? changeImpact;
        properties[name] = impact === WILL_REPLACE && !isCertain ? MAY_REPLACE : impact;
      }
      const found = Object.values(properties);
      const worst = [WILL_REPLACE, MAY_REPLACE, WILL_UPDATE].find((impact) => found.includes(impact));
      const impact = change.isUpdate && !change.resourceTypeChanged && worst ? worst : change.changeImpact;
      changes[id] = { type, impact, properties, attributes: Object.keys(change.otherChanges) };
    });
    const isSettled = Object.entries(changes).every(([id, { impact }]) => fates.get(id) === impact);
    if (isSettled && Object.keys(changes).length === fates.size) return changes;
    fates.clear();
    for (const [id, { impact }] of Object.entries(changes)) fates.set(id, impact);
  }
}

let text = '';
process.stdin.on('data', (part) => (text += part));
process.stdin.on('end', () => {
  const { pairs, otherwise } = JSON.parse(text);
  process.stdout.write(JSON.stringify(pairs.map(([before, after]) => impacts(before, after, otherwise))));
});
