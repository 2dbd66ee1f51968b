// node target.mjs [--port N] [--behaviour NAME] | --list
import http from 'node:http';
import { parseArgs } from 'node:util';
import { refuse, sleep, withHooks } from './honest.mjs';
import { Store } from './store.mjs';
import { providerState } from './worlds.mjs';
import { behaviours } from './behaviours.mjs';

const PREFIX = '/api/v1';

async function readBytes(request, limit) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    // Read on, so that the client gets the answer and not a reset; keep nothing.
    if (size <= limit) chunks.push(chunk);
  }
  return size > limit ? null : Buffer.concat(chunks);
}

function write(h, response, status, type, text) {
  const bytes = Buffer.from(text);
  const length = h.chunked ? {} : { 'Content-Length': bytes.length };
  const typed = type ? { 'Content-Type': type } : {};
  response.writeHead(status, { ...typed, ...length, ...h.headers });
  if (!h.chunked) return response.end(bytes);
  for (let start = 0; start < bytes.length; start += 50) response.write(bytes.subarray(start, start + 50));
  return response.end();
}

function send(h, response, result) {
  if (!result.refused) return write(h, response, result.status, 'application/json', JSON.stringify(result.body));
  const { type, text } = h.errorBody(result);
  return write(h, response, result.status, type, text);
}

const found = (body) => ({ status: 200, body });
const unauthorized = (h, request) => h.unauthorized(h, request.headers.authorization);
const missing = () => refuse(404, 'not found');

async function post(h, store, request) {
  const bytes = await readBytes(request, h.maxBytes);
  const read = () => (bytes === null
    ? refuse(413, 'too large')
    : h.typeRefusal(h, request.headers['content-type']) ?? h.readBody(h, bytes));
  const user = h.authenticate(h, store, request.headers.authorization, 'post');
  if (!user && !h.bodyBeforeAuth) return unauthorized(h, request);
  const input = read();
  if (input.refused) return input;
  if (!user) return unauthorized(h, request);
  return h.create({ h, store, user, org: user.orgId, ...input });
}

function positive(text, fallback, most) {
  if (text === null) return fallback;
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= most ? number : null;
}

function listCollections(h, store, user, query) {
  const page = positive(query.get('page'), 1, 1e9);
  const size = positive(query.get('page_size'), 10, 10000);
  const flag = query.get('shared');
  if (page === null || size === null || ![null, 'true', 'false'].includes(flag)) return refuse(422, 'bad query');
  if (flag === 'true' && user.orgId === null) return missing();
  const rows = h.accessible(h, store, user, flag === null ? null : flag === 'true').sort((left, right) => right.id - left.id);
  const pages = Math.ceil(rows.length / size);
  const items = rows.slice((page - 1) * size, page * size).map((row) => h.present(h, store, user, row, 'list'));
  const meta = {
    current_page: page, page_size: size, total_items: rows.length, items_on_page: items.length, total_pages: pages,
    has_next: page < pages, has_previous: page > 1,
    next_page: page < pages ? page + 1 : null, previous_page: page > 1 ? page - 1 : null,
  };
  return found({ items, meta });
}

const ONE = {
  'data-collections': { rows: 'collections', view: (h, ...rest) => h.present(h, ...rest, 'get') },
  datasets: { rows: 'datasets', view: (h, ...rest) => h.presentDataset(h, ...rest) },
  runs: { rows: 'runs', view: (h, ...rest) => h.presentRun(h, ...rest) },
};

function readOne(h, store, user, kind, id) {
  const row = store[ONE[kind].rows].get(Number(id));
  if (!row || !h.canReadOne(h, store, user, row, kind)) return missing();
  return found(ONE[kind].view(h, store, user, row));
}

function get(h, store, request, url) {
  const user = h.authenticate(h, store, request.headers.authorization, 'get');
  if (!user) return unauthorized(h, request);
  if (url.pathname === `${PREFIX}/data-collections`) return listCollections(h, store, user, url.searchParams);
  const match = /^\/api\/v1\/(data-collections|datasets|runs)\/(\d{1,15})$/.exec(url.pathname);
  return match ? readOne(h, store, user, match[1], match[2]) : missing();
}

async function world(h, store, request) {
  try {
    return providerState(h, store, JSON.parse(await readBytes(request, Infinity)));
  } catch (error) {
    return refuse(400, String(error));
  }
}

async function route(h, store, request) {
  const url = new URL(request.url, 'http://target');
  if (request.method === 'POST' && url.pathname === '/_conformance/provider-states') return world(h, store, request);
  if (h.delay > 0) await sleep(h.delay);
  if (request.method === 'POST' && url.pathname === `${PREFIX}/data-collections`) return post(h, store, request);
  return request.method === 'GET' && h.reads ? get(h, store, request, url) : missing();
}

export function startTarget(name, port = 0) {
  const h = withHooks(behaviours[name].hooks);
  const store = new Store(h.firstId);
  const server = http.createServer(async (request, response) => {
    const result = await route(h, store, request).catch((error) => refuse(500, String(error?.stack ?? error)));
    send(h, response, result);
  });
  return new Promise((done) => {
    server.listen(port, '127.0.0.1', () => done({ server, url: `http://127.0.0.1:${server.address().port}${PREFIX}` }));
  });
}

function printList() {
  for (const [name, { kind, requirement = [], advisory = [], note }] of Object.entries(behaviours)) {
    console.log(JSON.stringify({ name, kind, requirement, advisory, note }));
  }
}

async function main() {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '0' }, behaviour: { type: 'string', default: 'honest' }, list: { type: 'boolean' } },
  });
  if (values.list) return printList();
  if (!Object.hasOwn(behaviours, values.behaviour)) {
    console.error(`no behaviour ${values.behaviour}; see --list`);
    process.exit(2);
  }
  const { url } = await startTarget(values.behaviour, Number(values.port));
  return console.log(`listening on ${url}`);
}

if (process.argv[1] === new URL(import.meta.url).pathname) await main();
