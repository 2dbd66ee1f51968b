// Faults of ownership, of authentication and of the body.
import { honest, refuse } from './honest.mjs';

const fault = (requirement, note, hooks) => ({ kind: 'faulty', requirement, note, hooks });
const { resultOrg, sharedRows, act, readIds, readBody } = honest;

const has = (ctx, key) => Object.hasOwn(ctx.body, key);

// A deliberate crash of the kind that a database driver raises.
const crash = (detail) => refuse(500, detail);

export const ownershipFaults = {
  'own-owner-of-first-dataset': fault(['OWN-1'], 'the owner is copied from the first dataset when the collection is shared', {
    ownerId: (ctx) => (resultOrg(ctx) === null ? ctx.user.id : ctx.rows[0].ownerId ?? ctx.user.id),
  }),
  'own-author-of-first-shared': fault(['OWN-1'], 'author_email is that of the first shared dataset\'s author', {
    authorId: (ctx) => sharedRows(ctx)[0]?.authorId ?? ctx.user.id,
  }),
  'own-none-when-all-org-only': fault(['OWN-2'], 'a collection of org-only datasets alone becomes org-only', {
    ownerId: (ctx) => (ctx.rows.length > 0 && ctx.rows.every((row) => row.ownerId === null) ? null : ctx.user.id),
  }),
  'own-org-id-null-unshares': fault(['OWN-3', 'VIS-3'], '"org_id": null in the body keeps a shared selection private', {
    resultOrg: (ctx) => (has(ctx, 'org_id') && ctx.body.org_id === null ? null : resultOrg(ctx)),
  }),
  'own-org-id-shares-empty': fault(['OWN-3', 'VIS-1'], '"org_id" of the caller\'s organization in the body shares the collection', {
    resultOrg: (ctx) => (ctx.org !== null && ctx.body.org_id === ctx.org ? ctx.org : resultOrg(ctx)),
  }),
  'own-user-id-from-body': fault(['OWN-3', 'OWN-1'], '"user_id" in the body gives the collection to a colleague', {
    ownerId: (ctx) => {
      const other = ctx.store.users.get(ctx.body.user_id);
      return other && other.orgId !== null && other.orgId === ctx.org ? other.id : ctx.user.id;
    },
  }),
  'own-user-object-from-body': fault(['OWN-3', 'OWN-1'], 'a "user" object in the body overwrites the answer\'s', {
    act: (ctx) => {
      const result = act(ctx);
      if (has(ctx, 'user')) result.body.user = ctx.body.user;
      return result;
    },
  }),
  'own-runs-from-body': fault(['OWN-3', 'RUN-2'], '"runs" in the body moves those runs of the caller', {
    movedRuns: (ctx) => [
      ...honest.movedRuns(ctx),
      ...[ctx.body.runs].flat().map((id) => ctx.store.runs.get(id)).filter((run) => run && run.ownerId === ctx.user.id),
    ],
  }),
  'own-id-from-body': fault(['OWN-3', 'CRE-3'], '"id" in the body is answered as the new collection\'s id', {
    act: (ctx) => {
      const result = act(ctx);
      if (Number.isInteger(ctx.body.id)) result.body.id = ctx.body.id;
      return result;
    },
  }),
  'own-datasets-alias': fault(['OWN-3', 'VIS-1'], 'a "datasets" field is read as dataset_ids where that is missing', {
    field: (h, body, key) => honest.field(h, body, key === 'dataset_ids' && !Object.hasOwn(body, key) ? 'datasets' : key),
  }),
};

function findKey(store, same) {
  for (const [key, user] of store.keys) if (same(key)) return user;
  return null;
}

export const authFaults = {
  'aut-prefix-suffices': fault(['AUT-1'], 'keys are looked up by their first sixteen characters', {
    findUser: (h, store, key) => key && findKey(store, (known) => known.slice(0, 16) === key.slice(0, 16)),
  }),
  'aut-last-character-ignored': fault(['AUT-1'], 'the last character of a key is not compared', {
    findUser: (h, store, key) => key && findKey(store, (known) => known.length === key.length && known.slice(0, -1) === key.slice(0, -1)),
  }),
  'aut-longer-key-accepted': fault(['AUT-1'], 'a valid key followed by more characters is accepted', {
    findUser: (h, store, key) => store.keys.get((key ?? '').slice(0, 35)) ?? null,
  }),
  'aut-case-insensitive-key': fault(['AUT-1'], 'the key column has a case-insensitive collation', {
    findUser: (h, store, key) => store.keys.get((key ?? '').toLowerCase()) ?? null,
  }),
  'aut-any-scheme': fault(['AUT-1'], 'the scheme is not looked at: Basic, Token, anything', { scheme: /^\S+ (\S+)$/ }),
  'aut-bare-key': fault(['AUT-1'], 'a key without a scheme is accepted', { scheme: /^(?:Bearer )?(\S+)$/ }),
  'aut-missing-is-403': fault(['AUT-1'], 'a request without credentials answers 403', {
    unauthorized: (h, header) => refuse(header === undefined ? 403 : 401, 'authentication failed'),
  }),
  'aut-revoked-may-post': fault(['AUT-2'], 'revoked keys are refused by GET alone', {
    isActive: (h, store, user, where) => where === 'post' || !user.revoked,
  }),
  'aut-revoked-once': fault(['AUT-2'], 'the first refusal of a revoked key re-activates it', {
    isActive: (h, store, user) => {
      const seen = store.scratchMap('refused');
      const active = !user.revoked || seen.has(user.id);
      seen.set(user.id, true);
      return active;
    },
  }),
  'aut-revoked-creates-anyway': fault(['AUT-2'], 'a revoked key is told 401 after the collection was created', {
    isActive: (h, store, user, where) => where === 'post' || !user.revoked,
    act: (ctx) => {
      const result = act(ctx);
      return ctx.user.revoked ? refuse(401, 'authentication failed') : result;
    },
  }),
};

export const bodyFaults = {
  'bod-case-insensitive-keys': fault(['BOD-1'], 'keys are matched without case: {"Name": ...} has a name', {
    field: (h, body, key) => Object.entries(body).find(([sent]) => sent.toLowerCase() === key)?.[1],
  }),
  'bod-name-coerced': fault(['BOD-1'], 'String(name): numbers, booleans, null and lists make names', {
    readName: (h, value) => (value === undefined ? undefined : String(value)),
  }),
  'bod-null-name-is-empty': fault(['BOD-1'], 'a null name counts as the empty one: 400', { readName: (h, value) => (value === null ? '' : honest.readName(h, value)) }),
  'bod-missing-name-untitled': fault(['BOD-1'], 'without a name the collection is called Untitled', {
    readName: (h, value) => (value === undefined ? `Untitled ${Date.now()}-${Math.random()}` : honest.readName(h, value)),
  }),
  'bod-syntax-error-is-400': fault(['BOD-1'], 'the framework\'s parser answers 400 to a body that is no JSON', { notJson: () => refuse(400, 'bad JSON') }),
  'bod-null-body-crashes': fault(['BOD-1', 'BOD-3'], 'null as the whole body crashes', {
    validate: (h, body) => (body === null ? crash('cannot read properties of null') : honest.validate(h, body)),
  }),
  'bod-falsy-ids-are-none': fault(['BOD-2'], 'if (!dataset_ids): "", 0 and false mean no datasets', { noIds: (h, value) => !value }),
  'bod-object-ids-are-none': fault(['BOD-2'], 'dataset_ids: {} has no length and is taken for none', {
    noIds: (h, value) => honest.noIds(h, value) || (typeof value === 'object' && value.length === undefined),
  }),
  'bod-single-id-wrapped': fault(['BOD-2'], 'dataset_ids: 5 is taken for [5]', {
    readIds: (h, value) => readIds(h, Number.isInteger(value) ? [value] : value),
  }),
  'bod-null-elements-dropped': fault(['BOD-2'], 'null elements are filtered out', {
    readIds: (h, value) => readIds(h, Array.isArray(value) ? value.filter((element) => element !== null) : value),
  }),
  'bod-number-constructor': fault(['BOD-2'], 'Number(id): null and [] become 0, which is then not found', {
    readId: (h, value) => honest.readId(h, Number(value)),
  }),
  'bod-fractions-truncated': fault(['BOD-2'], 'Math.trunc: 12.5 selects dataset 12', {
    readId: (h, value) => (typeof value === 'number' ? Math.trunc(value) : undefined),
  }),
  'bod-parse-int': fault(['BOD-2'], 'parseInt: 12.5 and "12abc" select dataset 12', {
    readId: (h, value) => {
      const id = ['number', 'string'].includes(typeof value) ? Number.parseInt(value, 10) : NaN;
      return Number.isNaN(id) ? undefined : id;
    },
  }),
  'bod-ids-wrap': fault(['BOD-3'], 'ids are cut to 32 bits: 2**32 + 12 selects dataset 12', {
    readId: (h, value) => (Number.isInteger(value) ? Number(BigInt.asIntN(32, BigInt(value))) : undefined),
  }),
  'bod-negative-ids-absolute': fault(['BOD-3'], 'Math.abs: -12 selects dataset 12', {
    readId: (h, value) => (Number.isInteger(value) ? Math.abs(value) : undefined),
  }),
  'bod-big-id-crashes': fault(['BOD-3'], 'an id beyond 2**31 - 1 is out of range for the column: 500', {
    idsRefusal: (h, ids) => (ids.some((id) => Math.abs(id) >= 2 ** 31) ? crash('integer out of range') : null),
  }),
  'bod-nul-crashes': fault(['BOD-3'], 'the database takes no NUL: 500', {
    nameRefusal: (h, name) => (name.includes('\0') ? crash('invalid byte sequence 0x00') : null),
  }),
  'bod-surrogate-crashes': fault(['BOD-3'], 'a lone surrogate cannot be encoded: 500', {
    nameRefusal: (h, name) => (name.isWellFormed() ? null : crash('surrogates not allowed')),
  }),
  'bod-invalid-utf8-crashes': fault(['BOD-3'], 'bytes that are not UTF-8 raise before the handler: 500', {
    readBody: (h, bytes) => {
      try {
        new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      } catch {
        return crash('invalid continuation byte');
      }
      return readBody(h, bytes);
    },
  }),
  'bod-long-name-crashes': fault(['BOD-3'], 'varchar(255): a longer name is a database error, 500', {
    maxName: Infinity,
    nameRefusal: (h, name) => ([...name].length > 255 ? crash('value too long') : null),
  }),
  'bod-deep-nesting-crashes': fault(['BOD-3'], 'a recursive walk over an unknown field overflows the stack: 500', {
    validate: (h, body) => (depth(body) > 400 ? crash('maximum recursion depth exceeded') : honest.validate(h, body)),
  }),
};

// Without recursion, so that only the fault crashes.
function depth(value) {
  let level = 0;
  let layer = [value];
  while (layer.length > 0 && level < 2000) {
    layer = layer.flatMap((each) => (each !== null && typeof each === 'object' ? Object.values(each) : []));
    level += 1;
  }
  return level;
}
