// Cross-check of the table itself: claims that hold under every reading, asked over HTTP.
// `node witness.mjs [NAME...]`: each correct behaviour must keep all, each faulty one break one.
import { behaviours } from './behaviours.mjs';
import { startTarget } from './target.mjs';
import { scenarios } from './witness-scenarios.mjs';

export class Broken extends Error {}
export function claim(truth, text) {
  if (!truth) throw new Broken(text);
}

const READABLE = ['no-read-operations', 'unsupported-revoked', 'unsupported-org-only', 'unsupported-runs'];
const same = (left, right) => JSON.stringify(left) === JSON.stringify(right);
const sorted = (list) => [...list].sort((left, right) => left - right);

export class World {
  constructor(base, params) {
    this.base = base;
    this.params = params;
  }

  async setUp() {
    const response = await fetch(new URL('/_conformance/provider-states', this.base), {
      method: 'POST', body: JSON.stringify({ action: 'setup', state: 'world', params: this.params }),
    });
    claim(response.status === 200, 'set-up');
    this.made = await response.json();
    return this;
  }

  id(kind, symbol) { return this.made[kind][symbol].id; }
  key(user) { return `Bearer ${this.made.users[user].api_key}`; }
  org(symbol) { return symbol ? this.id('organizations', symbol) : null; }

  async send(raw, authorization) {
    const headers = { 'Content-Type': 'application/json', ...(authorization ? { Authorization: authorization } : {}) };
    const response = await fetch(`${this.base}/data-collections`, { method: 'POST', headers, body: raw });
    const text = await response.text();
    claim(response.status < 500, `status ${response.status}`);
    return { status: response.status, body: response.status === 201 ? JSON.parse(text) : null };
  }

  body(name, symbols, more = {}) {
    const ids = symbols && symbols.map((each) => (typeof each === 'string' ? this.id('datasets', each) : each));
    return JSON.stringify({ name, ...(ids ? { dataset_ids: ids } : {}), ...more });
  }

  async get(user, path) {
    const response = await fetch(`${this.base}/${path}`, { headers: { Authorization: this.key(user) } });
    return response.status === 200 ? response.json() : (await response.text(), null);
  }

  reader(row) {
    const users = Object.entries(this.params.users);
    return row.owner ?? users.find(([, user]) => user.organization === row.organization)[0];
  }

  // What the rows are now, each read by somebody who may.
  async rows() {
    const state = { datasets: {}, runs: {}, inside: {} };
    const read = (kind, path, use) => Object.entries(this.params[kind] ?? {}).map(async ([symbol, row]) => {
      const view = await this.get(this.reader(row), `${path}/${this.id(kind, symbol)}`);
      claim(view, `${kind} ${symbol} is unreadable`);
      use(symbol, view);
    });
    await Promise.all([
      ...read('datasets', 'datasets', (symbol, view) => { state.datasets[symbol] = [view.org_id, view.data_collection_id]; }),
      ...read('runs', 'runs', (symbol, view) => { state.runs[symbol] = view.org_id; }),
      ...read('collections', 'data-collections', (symbol, view) => { state.inside[symbol] = sorted(view.runs.map((run) => run.id)); }),
    ]);
    return state;
  }

  async count(user) { return (await this.get(user, 'data-collections?page_size=10000&shared=false')).meta.total_items; }

  // Sends and judges. `expect`: 201, a list of refusals, or both where a reading may refuse.
  async create(user, name, symbols, expect, { more = {}, raw, authorization } = {}) {
    const before = await this.rows();
    const count = await this.count(user);
    const result = await this.send(raw ?? this.body(name, symbols, more), authorization ?? this.key(user));
    claim([expect].flat().includes(result.status), `status ${result.status} where ${expect} is permitted`);
    const after = await this.rows();
    claim((await this.count(user)) === count + (result.status === 201 ? 1 : 0), 'number of own collections');
    if (result.status !== 201) claim(same(sort(before), sort(after)), 'a refusal changed rows');
    else await this.judge(user, name, symbols ?? [], result.body, before, after);
    return result;
  }

  async judge(user, name, symbols, body, before, after) {
    const org = this.org(this.params.users[user].organization);
    const rows = symbols.map((each) => (typeof each === 'string' ? each : null));
    const shared = rows.some((each) => org !== null && before.datasets[each][0] === org);
    const collectionOrg = shared ? org : null;
    claim(body.org_id === collectionOrg, 'org_id of the collection');
    claim(body.user?.id === this.id('users', user) && body.author_email === this.made.users[user].email, 'owner');
    claim(body.name === name || (name !== name.trim() && body.name === name.trim()), 'name');
    claim(Number.isInteger(body.id) && Array.isArray(body.datasets) && Array.isArray(body.runs), 'shape');
    claim(/^\d{4}-\d\d-\d\dT/.test(body.created_at), 'time');
    for (const nested of body.datasets) claim(nested.user === null || Number.isInteger(nested.user.id), 'nested user');
    for (const nested of body.datasets) claim(nested.org_id === after.datasets[rows.find((each) => this.id('datasets', each) === nested.id)]?.[0], 'nested org_id');
    for (const run of body.runs) claim(run.user === undefined || run.user === null || typeof run.user === 'object', 'run user');
    claim(same(sorted(body.datasets.map((row) => row.id)), sorted(new Set(rows.map((each) => this.id('datasets', each))))), 'datasets of the answer');
    claim(same(await this.get(user, `data-collections/${body.id}`), body), 'GET differs from the answer');
    const list = await this.get(user, 'data-collections?page_size=10000');
    claim(same(list.items.find((each) => each.id === body.id), body), 'the list differs from the answer');
    this.judgeDatasets(rows, org, shared, body, before, after);
    this.judgeRuns(user, rows, org, body, before, after);
  }

  judgeDatasets(rows, org, shared, body, before, after) {
    for (const [symbol, [was, where]] of Object.entries(before.datasets)) {
      const selected = rows.includes(symbol);
      claim(after.datasets[symbol][0] === (selected && shared && was === null ? org : was), `org_id of dataset ${symbol}`);
      claim(after.datasets[symbol][1] === (selected ? body.id : where), `collection of dataset ${symbol}`);
    }
  }

  judgeRuns(user, rows, org, body, before, after) {
    const listed = new Set(body.runs.map((run) => run.id));
    const mixed = rows.some((each) => before.datasets[each][0] !== after.datasets[each][0]);
    for (const [symbol, run] of Object.entries(this.params.runs ?? {})) {
      const id = this.id('runs', symbol);
      const selected = run.dataset && rows.includes(run.dataset);
      const promoted = selected && before.datasets[run.dataset][0] !== after.datasets[run.dataset][0];
      const mine = run.owner === user;
      if (promoted && mine) claim(after.runs[symbol] === org, `run ${symbol} was not promoted`);
      else if (!(selected && mine && mixed)) claim(after.runs[symbol] === before.runs[symbol], `org_id of run ${symbol}`);
      if (selected && mine && !run.collection) claim(listed.has(id), `run ${symbol} did not move`);
      if (!selected) claim(!listed.has(id), `run ${symbol} moved`);
      if (!selected && run.collection) claim(after.inside[run.collection].includes(id) === before.inside[run.collection].includes(id), `run ${symbol} left`);
      if (run.collection && listed.has(id)) claim(!after.inside[run.collection].includes(id), `run ${symbol} is in two collections`);
    }
  }
}

function sort(state) {
  return Object.values(state).map((rows) => Object.entries(rows).sort(([left], [right]) => (left < right ? -1 : 1)));
}

async function breaks(name) {
  const { server, url } = await startTarget(name);
  const broken = [];
  for (const [title, scenario] of Object.entries(scenarios)) {
    try {
      await scenario((params) => new World(url, params).setUp(), claim);
    } catch (error) {
      broken.push(`${title}: ${error instanceof Broken ? error.message : error.message}`);
    }
  }
  server.close();
  server.closeAllConnections();
  return broken;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(behaviours).filter((name) => !READABLE.includes(name));
  let wrong = 0;
  for (const name of names) {
    const broken = await breaks(name);
    const good = (broken.length > 0) === (behaviours[name].kind === 'faulty');
    if (!good) wrong += 1;
    if (!good || process.argv.length > 2) console.log(`${good ? 'ok   ' : 'WRONG'} ${name} (${behaviours[name].kind}) ${broken.join(' | ')}`);
  }
  console.log(`${names.length - wrong} as they say, ${wrong} not`);
  process.exit(wrong > 0 ? 1 : 0);
}
