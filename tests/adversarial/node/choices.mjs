// What the page leaves open: one dimension per question, each with every answer that is permitted.
// A correct behaviour is one answer; a random one takes an answer in every dimension.
import { honest, refuse, sleep } from './honest.mjs';

const choice = (note, hooks, advisory) => ({ note, hooks, advisory });
const reading = (note, values) => choice(note, { reading: values });

const without = (map, test, path) => Object.entries(map ?? {}).filter(([, row]) => test(row)).map(([symbol]) => path(symbol));

function missingRevoked(params) {
  return without(params.users, (row) => row.api_key === 'revoked', (symbol) => `users.${symbol}.api_key`);
}

function missingOrgOnly(params) {
  return ['collections', 'datasets', 'runs'].flatMap((kind) =>
    without(params[kind], (row) => row.owner === null, (symbol) => `${kind}.${symbol}.owner`));
}

function missingRuns(params) {
  return without(params.runs, () => true, (symbol) => `runs.${symbol}`);
}

function missingProprietary(params) {
  return without(params.datasets, (row) => row.proprietary === true, (symbol) => `datasets.${symbol}.proprietary`);
}

const GAP = 10;
let tail = Promise.resolve();

async function checkGapAct(ctx) {
  const refusal = ctx.h.check(ctx);
  if (refusal) return refusal;
  await sleep(GAP);
  return ctx.h.act(ctx);
}

// One request at a time, whoever sends it: slow and right.
function oneAtATime(ctx) {
  const turn = tail.then(() => checkGapAct(ctx));
  tail = turn.catch(() => {});
  return turn;
}

// Checked, waited, checked again in the moment of the act: losers get 409.
async function optimistic(ctx) {
  const refusal = ctx.h.check(ctx);
  if (refusal) return refusal;
  await sleep(GAP);
  return ctx.h.check(ctx) ? refuse(409, 'somebody was faster') : ctx.h.act(ctx);
}

// Row by row, each through all the checks, instead of check by check.
function checkRowByRow(ctx) {
  ctx.rows = ctx.h.selectRows(ctx);
  const whole = ctx.rows;
  for (const row of [...whole].reverse()) {
    const narrow = { ...ctx, h: { ...ctx.h, rowsFor: () => [row] } };
    const failed = ctx.h.checks.find((check) => !['emptyName', 'duplicate'].includes(check) && ctx.h.fails(narrow, check));
    if (failed) return refuse(ctx.h.status[failed], `refused: ${failed}`);
  }
  const failed = ['duplicate', 'emptyName'].find((check) => ctx.h.fails(ctx, check));
  return failed ? refuse(ctx.h.status[failed], `refused: ${failed}`) : null;
}

const laxId = (h, value) => {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'string' && /^\d{1,15}$/.test(value)) return Number(value);
  return honest.readId(h, value);
};

const blank = (name) => name !== '' && name.trim() === '';
const repeated = (ids) => new Set(ids).size < ids.length;
const known = (body) => Object.keys(body).every((key) => ['name', 'dataset_ids'].includes(key));
const withoutZone = (date) => date.toISOString().slice(0, 19);
const microseconds = (date) => date.toISOString().replace('Z', '123+00:00');
const inBerlin = (date) => new Date(date.getTime() + 7_200_000).toISOString().replace(/\.\d+Z/, '+02:00');

export const dimensions = {
  attach: {
    'attach-owned': reading('org-only datasets cannot be attached', { attach: 'owned' }),
    'attach-own-and-org-only': reading('colleagues\' datasets cannot be attached', { attach: 'own-and-org-only' }),
    'attach-own': reading('only the caller\'s own datasets can be attached', { attach: 'own' }),
  },
  duplicate: { 'duplicate-both': reading('the organization\'s names block private collections too', { duplicate: 'both' }) },
  moved: {
    'moved-runs-visible': reading('only the runs that the caller sees move', { moved: 'visible' }),
    'moved-runs-mine': reading('only the caller\'s runs move', { moved: 'mine' }),
  },
  elsewhere: { 'runs-elsewhere-stay': reading('a run in another collection stays there', { elsewhere: 'stay' }) },
  runPromotion: { 'run-promotion-selection': reading('the caller\'s runs on the whole mixed selection are promoted', { runPromotion: 'selection' }) },
  stale: { 'stale-org-attach': reading('an own dataset of a former organization is attached as it is', { stale: 'attach' }) },
  listed: {
    'listed-readable': reading('nested rows show only to those who may read them', { listedDatasets: 'readable', listedRuns: 'readable' }),
    'listed-runs-readable': reading('nested runs show only to those who may read them', { listedRuns: 'readable' }),
  },
  status: {
    'refusals-400': choice('everything but an unknown id is 400', { status: { invisible: 400 } }),
    'refusals-404': choice('whatever is wrong with an id is 404', {
      status: { invisible: 404, forbidden: 404, proprietary: 404, taken: 404, stale: 404, mix: 404 },
    }, ['ATT-2', 'ATT-3', 'ATT-6']),
  },
  order: {
    'checks-reversed': choice('the name is checked first, the ids in the opposite order', { checks: [...honest.checks].reverse() }),
    'checks-row-by-row': choice('each dataset goes through all the checks before the next one, the last first', { check: checkRowByRow }),
  },
  ids: {
    'ids-strict': choice('[] and repeated ids are 422', {
      idsRefusal: (h, ids, sent) => ((Array.isArray(sent) && ids.length === 0) || repeated(ids) ? refuse(422, 'ids') : null),
    }),
    'ids-strict-400': choice('[] and repeated ids are 400, more than a hundred 413', {
      idsRefusal: (h, ids, sent) => {
        if (ids.length > 100) return refuse(413, 'too many');
        return (Array.isArray(sent) && ids.length === 0) || repeated(ids) ? refuse(400, 'ids') : null;
      },
    }),
  },
  coercion: {
    'ids-lax': choice('"12" and true are read as integers', { readId: laxId }),
    'ids-without-fraction': choice('1.0 and 1e0 are 422', {
      readBody: (h, bytes) => (/"dataset_ids"\s*:\s*\[[^\]]*\d(\.|e)\d/i.test(bytes.toString()) ? refuse(422, 'not an integer') : honest.readBody(h, bytes)),
    }),
  },
  fields: {
    'fields-strict': choice('unknown fields are 422', { fieldsRefusal: (h, body) => (known(body) ? null : refuse(422, 'unknown field')) }),
    'fields-strict-400': choice('unknown fields are 400', { fieldsRefusal: (h, body) => (known(body) ? null : refuse(400, 'unknown field')) }),
  },
  blanks: {
    'names-trimmed': choice('names are trimmed, so that a blank one is empty', { readName: (h, value) => honest.readName(h, value)?.trim() }),
    'blank-names-400': choice('blank names are 400', { nameRefusal: (h, name) => (blank(name) ? refuse(400, 'blank') : null) }),
    'blank-names-422': choice('blank names and control characters are 422', {
      nameRefusal: (h, name) => (blank(name) || /\p{Cc}|\p{Cs}/u.test(name) ? refuse(422, 'unprintable') : null),
    }),
  },
  sameName: {
    'names-without-case': choice('duplicate names are found whatever their case', { nameKey: (name) => name.toLowerCase() }),
    'names-without-form': choice('duplicate names are found whatever their normal form and case', { nameKey: (name) => name.normalize('NFKC').toLowerCase() }),
  },
  length: { 'names-short': choice('names beyond two hundred code units are 422', { maxName: 200 }) },
  times: {
    'times-microseconds': choice('times have microseconds and an offset, updated_at is null', { time: microseconds, updatedAt: () => null }),
    'times-elsewhere': choice('times are those of Berlin', { time: inBerlin }),
    'times-without-zone': choice('times have no zone', { time: withoutZone }, ['CRE-2']),
  },
  fieldsAnswered: {
    'extra-fields': choice('answers have fields that the page does not show', { extra: () => ({ description: null, tags: [], links: { self: '/' } }) }),
    'org-only-author': choice('org-only rows name an administrator as author', { orgOnlyAuthor: 'admin@example.test' }),
  },
  nested: {
    'nested-reversed': choice('nested rows come in the opposite order', { order: (rows) => [...rows].reverse() }),
    'nested-runs-bare': choice('a nested run has nothing but its id', { nestedRun: (h, store, run) => ({ id: run.id }) }),
  },
  errors: {
    'errors-plain': choice('refusals are plain text', { errorBody: (refusal) => ({ type: 'text/plain', text: `Error: ${refusal.detail}` }) }),
    'errors-html': choice('refusals are HTML pages', { errorBody: (refusal) => ({ type: 'text/html', text: `<h1>${refusal.status}</h1>` }) }),
    'errors-empty': choice('refusals have no body', { errorBody: () => ({ type: null, text: '' }) }),
    'errors-odd': choice('refusals are a JSON list', { errorBody: (refusal) => ({ type: 'application/json', text: JSON.stringify([refusal.status, null]) }) }),
  },
  types: {
    'types-415': choice('any other content type is 415', { typeRefusal: (h, type) => (/^application\/json\b/i.test(type ?? '') ? null : refuse(415, 'JSON only')) }),
    'types-422': choice('any other content type is 422', { typeRefusal: (h, type) => (/^application\/json\b/i.test(type ?? '') ? null : refuse(422, 'JSON only')) }),
  },
  size: { 'bodies-64k': choice('bodies over 64 kB are 413', { maxBytes: 65536 }) },
  authentication: {
    'body-before-auth': choice('the body is validated before the credentials', { bodyBeforeAuth: true }),
    'scheme-any-case': choice('the scheme may be written in lower case', { scheme: /^bearer +(\S+)$/i }),
  },
  identity: { 'ids-from-a-billion': choice('ids start at a billion', { firstId: 1_000_000_000 }) },
  transport: {
    'connection-close': choice('one request per connection', { headers: { Connection: 'close' } }),
    'chunked': choice('answers are chunked', { chunked: true }),
  },
  isolation: {
    'one-at-a-time': choice('a global lock around an awaited gap', { create: oneAtATime }),
    'optimistic': choice('check, wait, check again: losers of a race get 409', { create: optimistic }),
  },
};

// These cost coverage or time, so the random mixtures leave them out.
export const apart = {
  'honest': choice('the base as it is', {}),
  'no-read-operations': choice('nothing but the endpoint itself', { reads: false }),
  'unsupported-revoked': choice('revoked keys cannot be arranged', { unsupported: missingRevoked }),
  'unsupported-org-only': choice('org-only rows cannot be arranged', { unsupported: missingOrgOnly }),
  'unsupported-runs': choice('runs and proprietary datasets cannot be arranged', {
    unsupported: (params) => [...missingRuns(params), ...missingProprietary(params)],
  }),
  'slow': choice('every answer takes 60 ms', { delay: 60 }),
  'leaky-refusals': choice('a refusal names the dataset that the caller cannot see', {
    detail: (ctx, check) => `${check}: ${ctx.rows.map((row) => `${row?.name} of ${ctx.store.users.get(row?.ownerId)?.email}`).join()}`,
  }, ['ISO-2']),
};
