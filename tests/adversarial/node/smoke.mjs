// Starts every behaviour as its own process, sets up the contract's example world, creates one collection.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { availableParallelism } from 'node:os';
import { behaviours } from './behaviours.mjs';

const here = new URL('.', import.meta.url).pathname;

const example = {
  organizations: { acme: {}, globex: {} },
  users: {
    alice: { organization: 'acme' }, bob: { organization: 'acme' }, carol: { organization: null },
    mallory: { organization: null, api_key: 'revoked' },
  },
  collections: { quarterly: { name: 'Quarterly', owner: 'bob', organization: 'acme' } },
  datasets: {
    'private': { owner: 'alice', organization: null },
    'shared': { owner: 'bob', organization: 'acme' },
    'org-only': { owner: null, organization: 'acme' },
    'catalog': { owner: 'alice', organization: null, proprietary: true },
    'taken': { owner: 'bob', organization: 'acme', collection: 'quarterly' },
  },
  runs: { nightly: { owner: 'alice', dataset: 'private', organization: null, collection: null } },
};

// Leaves out what the target says it cannot arrange.
function reduce(params, unsupported) {
  const copy = structuredClone(params);
  for (const path of unsupported) {
    const [kind, symbol] = path.split('.');
    delete copy[kind][symbol];
  }
  return copy;
}

async function post(url, body, key) {
  const headers = { 'Content-Type': 'application/json', ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function setUp(base, params) {
  const url = new URL('/_conformance/provider-states', base);
  const response = await post(url, { consumer: 'smoke', action: 'setup', state: 'world', params });
  const answer = await response.json();
  if (response.status === 422) return setUp(base, reduce(params, answer.unsupported));
  if (response.status !== 200) throw new Error(`set-up answered ${response.status}`);
  return answer;
}

function start(name) {
  const child = spawn(process.execPath, [`${here}target.mjs`, '--behaviour', name], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((done, failed) => {
    child.once('exit', () => failed(new Error('exited')));
    createInterface({ input: child.stdout }).once('line', (line) => done({ child, base: line.replace('listening on ', '') }));
  });
}

async function smoke(name) {
  const { child, base } = await start(name);
  try {
    const world = await setUp(base, example);
    const body = { name: 'My bundle', dataset_ids: [world.datasets.private.id] };
    const response = await post(`${base}/data-collections`, body, world.users.alice.api_key);
    await response.text();
    // A faulty one may answer what it likes, but it must answer and not crash.
    const fine = behaviours[name].kind === 'correct' ? response.status === 201 : response.status < 500;
    return `${fine ? 'ok    ' : 'failed'} ${name} ${response.status}`;
  } catch (error) {
    return `failed ${name} ${error.message}`;
  } finally {
    child.kill();
  }
}

const waiting = Object.keys(behaviours);
const lines = [];
async function worker() {
  while (waiting.length > 0) lines.push(await smoke(waiting.shift()));
}
await Promise.all(Array.from({ length: Math.min(8, availableParallelism()) }, worker));
for (const line of lines.sort()) console.log(line);
const failures = lines.filter((line) => line.startsWith('failed')).length;
console.log(`${lines.length - failures} ok, ${failures} failed`);
process.exit(failures > 0 ? 1 : 0);
