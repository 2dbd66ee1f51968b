// Faults of atomicity, isolation, concurrency, shape, and of answers that differ from the store.
import { honest, refuse, sleep } from './honest.mjs';

const fault = (requirement, note, hooks) => ({ kind: 'faulty', requirement, note, hooks });
const { check, act, present, nestedRun, nestedDataset, fails, promotedRuns } = honest;

const GAP = 25;

export const atomicityFaults = {
  'ato-promotion-before-duplicate': fault(['ATO-1', 'PRO-5'], 'a mix with a duplicate name is refused after its datasets were promoted', {
    fails: (ctx, name) => {
      const failed = fails(ctx, name);
      if (failed && name === 'duplicate') ctx.h.promote(ctx);
      return failed;
    },
  }),
  'ato-runs-promoted-before-duplicate': fault(['ATO-1'], 'the duplicate name is noticed after the runs were promoted', {
    fails: (ctx, name) => {
      const failed = fails(ctx, name);
      if (failed && name === 'duplicate') for (const run of promotedRuns(ctx, ctx.h.promoted(ctx))) run.orgId = ctx.org;
      return failed;
    },
  }),
  'ato-attached-until-the-bad-one': fault(['ATO-1', 'ATO-2'], 'datasets are attached one by one; those before a bad one stay attached to nothing', {
    check: (ctx) => {
      const refusal = check(ctx);
      if (refusal) attachUntilBad(ctx);
      return refusal;
    },
  }),
  'ato-name-stays-taken': fault(['ATO-2', 'ATO-1'], 'a refused request keeps its name reserved', {
    check: (ctx) => {
      const reserved = ctx.store.scratchMap(`names ${ctx.user.id}`);
      const refusal = reserved.has(ctx.name) ? refuse(400, 'duplicate name') : check(ctx);
      if (refusal) reserved.set(ctx.name, true);
      return refusal;
    },
  }),
  'ato-collection-left-behind': fault(['ATO-1'], 'the empty collection is inserted before the datasets are checked', {
    check: (ctx) => {
      const refusal = check(ctx);
      if (refusal && ctx.ids.length > 0 && ctx.name !== '' && !ctx.h.nameTaken(ctx)) ctx.h.insert({ ...ctx, rows: [] });
      return refusal;
    },
  }),
  'ato-runs-detached-on-refusal': fault(['ATO-1', 'RUN-2'], 'before a mix fails, the caller\'s runs were taken out of their collections', {
    check: (ctx) => {
      const refusal = check(ctx);
      const own = ctx.rows.filter((row) => row && ctx.h.isMine(ctx, row));
      if (refusal && ctx.rows.length > own.length) for (const run of ctx.h.runsOf(ctx, own)) ctx.store.moveRun(run, null);
      return refusal;
    },
  }),
};

function attachUntilBad(ctx) {
  const lost = ctx.store.addCollection({ ownerId: -1, authorId: -1, orgId: null, name: 'rolled back' });
  for (const row of ctx.rows) {
    if (!row || !ctx.h.isMine(ctx, row) || row.proprietary || row.collectionId !== null) return;
    ctx.store.moveDataset(row, lost.id);
  }
}

const colleagues = (ctx) => (ctx.org === null ? [] : [...ctx.store.membersOf(ctx.org)].filter((user) => user !== ctx.user));

export const isolationFaults = {
  'iso-colleagues-private-dataset-name': fault(['ISO-1'], 'promotion wants dataset names unique in the organization, colleagues\' private ones included', {
    check: (ctx) => check(ctx) ?? (ctx.h.promoted(ctx).some((row) => colleagues(ctx).some((user) =>
      [...ctx.store.datasetsOf(user.id)].some((other) => other.orgId === null && other.name === row.name)))
      ? refuse(400, 'duplicate dataset name') : null),
  }),
  'iso-colleagues-names-block-selections': fault(['ISO-1', 'NAM-4'], 'a colleague\'s private collection blocks its name, but only for requests with datasets', {
    nameScope: (ctx) => [...honest.nameScope(ctx),
      ...(ctx.ids.length > 0 ? colleagues(ctx).flatMap((user) => [...ctx.store.collectionsOf(user.id)]) : [])],
  }),
  'iso-quota-of-the-organization': fault(['ISO-1'], 'members\' private collections count against a quota of twenty', {
    check: (ctx) => check(ctx) ?? (ctx.h.resultOrg(ctx) !== null
      && colleagues(ctx).reduce((sum, user) => sum + ctx.store.collectionsOf(user.id).size, 0) >= 20
      ? refuse(400, 'too many collections') : null),
  }),
};

// One promise chain per key.
function locked(ctx, key, task) {
  const locks = ctx.store.scratchMap('locks');
  const turn = (locks.get(key) ?? Promise.resolve()).then(task);
  locks.set(key, turn.catch(() => {}));
  return turn;
}

async function checkGapAct(ctx) {
  const refusal = ctx.h.check(ctx);
  if (refusal) return refusal;
  await sleep(GAP);
  return ctx.h.act(ctx);
}

export const concurrencyFaults = {
  'con-gap': fault(['CON-1', 'CON-2'], 'check and act with an await between them', { create: checkGapAct }),
  'con-gap-for-names': fault(['CON-2'], 'datasets are locked by a second check, names are not', {
    create: async (ctx) => {
      const refusal = ctx.h.check(ctx);
      if (refusal) return refusal;
      await sleep(GAP);
      return ctx.h.check({ ...ctx, h: { ...ctx.h, nameTaken: () => false } }) ?? ctx.h.act(ctx);
    },
  }),
  'con-lock-per-account': fault(['CON-1', 'CON-2'], 'the lock is the account\'s: colleagues race for a shared dataset', {
    create: (ctx) => locked(ctx, ctx.user.id, () => checkGapAct(ctx)),
  }),
  'con-lock-per-selection': fault(['CON-1'], 'the lock is keyed by the whole selection: overlapping ones race', {
    create: (ctx) => locked(ctx, [...ctx.ids].sort().join(), async () => checkGapAct(ctx)),
  }),
  'con-lock-on-first-dataset': fault(['CON-1'], 'the lock is on the first dataset only', {
    create: (ctx) => locked(ctx, `${ctx.ids[0]}`, () => checkGapAct(ctx)),
  }),
  'con-busy-is-409': fault(['CON-1'], 'while one request of an account runs its others are refused, disjoint ones too', {
    create: async (ctx) => {
      const busy = ctx.store.scratchMap('busy');
      if (busy.has(ctx.user.id)) return refuse(409, 'busy');
      busy.set(ctx.user.id, true);
      const result = await checkGapAct(ctx);
      busy.delete(ctx.user.id);
      return result;
    },
  }),
  'con-loser-crashes': fault(['CON-3'], 'the unique index notices the race, as a 500', {
    create: async (ctx) => {
      const refusal = ctx.h.check(ctx);
      if (refusal) return refusal;
      await sleep(GAP);
      return ctx.h.check(ctx) ? refuse(500, 'unique violation') : ctx.h.act(ctx);
    },
  }),
  'con-loser-keeps-promotion': fault(['CON-3', 'ATO-1'], 'the loser of a race is refused after its datasets were promoted', {
    create: async (ctx) => {
      const refusal = ctx.h.check(ctx);
      if (refusal) return refusal;
      await sleep(GAP);
      const late = ctx.h.check(ctx);
      if (late) ctx.h.promote({ ...ctx, rows: ctx.rows });
      return late ?? ctx.h.act(ctx);
    },
  }),
  'con-shared-current-user': fault(['CON-1', 'OWN-1'], 'the current user lives in a global that the next request overwrites', {
    create: async (ctx) => {
      const global = ctx.store.scratchMap('global');
      global.set('user', ctx.user);
      const refusal = ctx.h.check(ctx);
      if (refusal) return refusal;
      await sleep(GAP);
      const stranger = { ...ctx, h: { ...ctx.h, ownerId: () => global.get('user').id } };
      return ctx.h.check(ctx) ?? ctx.h.act(stranger);
    },
  }),
  'con-shared-promotion-list': fault(['CON-1', 'PRO-1'], 'the list of datasets to promote is a global: of two mixes at once one is not promoted', {
    create: async (ctx) => {
      const refusal = ctx.h.check(ctx);
      if (refusal) return refusal;
      const global = ctx.store.scratchMap('global');
      global.set('promoted', ctx.h.promoted(ctx));
      await sleep(GAP);
      const late = ctx.h.check(ctx);
      const list = global.get('promoted').filter((row) => ctx.rows.includes(row));
      return late ?? ctx.h.act({ ...ctx, h: { ...ctx.h, promoted: () => list } });
    },
  }),
};

// Changes every collection that is shown, in all three places.
const shown = (change) => ({ present: (...args) => change(present(...args), args[4], args) });

export const shapeFaults = {
  'cre-answers-200': fault(['CRE-1'], 'success is 200', { createdStatus: 200 }),
  'cre-created-twice': fault(['CRE-1'], 'a shared collection is inserted a second time as a private copy', {
    act: (ctx) => {
      const result = act(ctx);
      if (result.body.org_id !== null) ctx.store.addCollection({ ownerId: ctx.user.id, authorId: ctx.user.id, orgId: null, name: ctx.name });
      return result;
    },
  }),
  'cre-id-is-a-string': fault(['CRE-2'], 'the id is a string', shown((view) => ({ ...view, id: String(view.id) }))),
  'cre-empty-datasets-null': fault(['CRE-2'], 'a nil slice: without datasets the field is null', shown((view) => ({
    ...view, datasets: view.datasets.length > 0 ? view.datasets : null,
  }))),
  'cre-runs-missing-when-empty': fault(['CRE-2'], 'omitempty: without runs the field is missing', shown((view) => ({
    ...view, runs: view.runs.length > 0 ? view.runs : undefined,
  }))),
  'cre-org-id-missing-when-private': fault(['CRE-2'], 'null fields are left out: a private collection has no org_id', shown((view) => ({
    ...view, org_id: view.org_id ?? undefined,
  }))),
  'cre-epoch-times': fault(['CRE-2'], 'created_at is a number of milliseconds', shown((view) => ({ ...view, created_at: Date.parse(view.created_at) }))),
  'cre-local-date': fault(['CRE-2'], 'times are written the American way', { time: (date) => date.toLocaleString('en-US') }),
  'cre-run-user-is-an-email': fault(['CRE-2'], 'a nested run\'s user is an e-mail, as in GET /runs/{id}', {
    nestedRun: (...args) => ({ ...nestedRun(...args), user: args[1].users.get(args[2].ownerId)?.email ?? null }),
  }),
  'cre-run-collection-stale': fault(['CRE-2', 'CRE-3'], 'nested runs still name the collection they came from in the 201', {
    act: (ctx) => {
      const before = new Map(ctx.h.runsOf(ctx, ctx.rows).map((run) => [run.id, run.collectionId]));
      const result = act(ctx);
      for (const run of result.body.runs) run.data_collection_id = before.get(run.id);
      return result;
    },
  }),
  'cre-nested-user-without-id': fault(['CRE-2'], 'the nested user of a shared dataset lacks its id', {
    nestedDataset: (h, store, row) => {
      const view = nestedDataset(h, store, row);
      return row.orgId !== null && view.user ? { ...view, user: { email: view.user.email } } : view;
    },
  }),
};

const only = (place, change) => shown((view, where) => (where === place ? change(view) : view));

export const storeFaults = {
  'sto-list-hides-runs': fault(['CRE-3'], 'the list shows no runs', only('list', (view) => ({ ...view, runs: [] }))),
  'sto-get-joins-owners': fault(['CRE-3', 'ATT-1'], 'GET by id joins users: org-only datasets are missing there', only('get', (view) => ({
    ...view, datasets: view.datasets.filter((row) => row.user !== null),
  }))),
  'sto-get-first-ten': fault(['CRE-3', 'ATT-1'], 'GET by id shows at most ten datasets', only('get', (view) => ({
    ...view, datasets: view.datasets.slice(0, 10),
  }))),
  'sto-list-private-flag': fault(['CRE-3'], 'the list shows org_id null for collections that became shared by a mix', {
    act: (ctx) => {
      const mixed = ctx.h.promoted(ctx).length > 0;
      const result = act(ctx);
      if (mixed) ctx.store.scratchMap('mixed').set(result.body.id, true);
      return result;
    },
    present: (h, store, reader, row, where) => {
      const view = present(h, store, reader, row, where);
      return where === 'list' && store.scratchMap('mixed').has(row.id) ? { ...view, org_id: null } : view;
    },
  }),
  'sto-name-differs': fault(['CRE-3', 'CRE-4'], 'the answer echoes the name, the store keeps it in lower case', {
    storedName: (ctx) => ctx.name.toLowerCase(),
    act: (ctx) => {
      const result = act(ctx);
      result.body.name = ctx.name;
      return result;
    },
  }),
  'sto-created-at-differs': fault(['CRE-3'], 'created_at of the answer is a day off from the stored one', {
    act: (ctx) => {
      const result = act(ctx);
      result.body.created_at = ctx.h.time(new Date(Date.parse(result.body.created_at) + 86_400_000));
      return result;
    },
  }),
};
