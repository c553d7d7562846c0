// Reads a JSON array of Kubernetes objects from stdin and writes a JSON array of what their schemas refuse.
// The packages' validators let unknown fields pass, as the API server does unless it is asked to be strict. They do read
// every field that they know, so a field that was never read is one that Kubernetes would drop in silence.
const read = new Map();

function watch(value) {
  if (value === null || typeof value !== 'object') return value;
  if (!read.has(value)) {
    const names = new Set();
    const proxy = new Proxy(value, {
      get(target, name) {
        if (Object.hasOwn(target, name)) names.add(name);
        return watch(Reflect.get(target, name));
      },
    });
    read.set(value, { names, proxy });
  }
  return read.get(value).proxy;
}

function* unread(value, path) {
  if (value === null || typeof value !== 'object') return;
  for (const [name, item] of Object.entries(value)) {
    if (!read.get(value).names.has(name)) yield `${path}/${name} is unknown`;
    else yield* unread(item, `${path}/${name}`);
  }
}

function modelOf({ apiVersion, kind }) {
  const folder = apiVersion.startsWith('monitoring.coreos.com/') ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models';
  return require(`${folder}/${apiVersion}`)[kind];
}

function* check(object) {
  const name = `${object.kind} ${object.metadata?.name}`;
  const model = modelOf(object);
  if (!model) {
    yield `${name}: ${object.apiVersion} has no such kind`;
    return;
  }
  const instance = new model(object);
  try {
    model.prototype.validate.call(watch(instance));
  } catch (e) {
    for (const fault of e.errors ?? [{ instancePath: '', message: e.message }]) yield `${name}: ${fault.instancePath} ${fault.message}`;
    return;
  }
  for (const fault of unread(instance, '')) yield `${name}: ${fault}`;
}

const input = require('node:fs').readFileSync(0, 'utf8');
process.stdout.write(JSON.stringify(JSON.parse(input).flatMap((object) => [...check(object)])));
