// Faults of visibility and of promotion.
import { honest } from './honest.mjs';

const fault = (requirement, note, hooks) => ({ kind: 'faulty', requirement, note, hooks });
const { isVisible, resultOrg, promoted, promotedRuns, act, canRead } = honest;

const orgOf = (ctx, userId) => ctx.store.users.get(userId)?.orgId ?? null;
const isColleagues = (ctx, row) => row.ownerId !== null && ctx.org !== null && orgOf(ctx, row.ownerId) === ctx.org;
const nothingPrivate = (ctx) => ctx.rows.every((row) => row.orgId !== null);

export const visibilityFaults = {
  'vis-empty-selection-shared': fault(['VIS-1'], 'all([]) is true: a member\'s collection without datasets is shared', {
    resultOrg: (ctx) => (ctx.rows.every((row) => ctx.h.isShared(ctx, row)) ? ctx.org : resultOrg(ctx)),
  }),
  'vis-orgless-see-each-other': fault(['ATT-5'], 'null == null: a caller without an organization may attach a stranger\'s private dataset', {
    isVisible: (ctx, row) => isVisible(ctx, row) || (ctx.org === null && row.orgId === ctx.org),
  }),
  'vis-last-decides': fault(['VIS-4'], 'the last selected dataset decides the visibility of the collection', {
    resultOrg: (ctx) => ctx.rows.at(-1)?.orgId ?? null,
    nameOrg: (ctx) => resultOrg(ctx),
  }),
  'vis-majority-decides': fault(['VIS-4'], 'a mixed selection is shared only when at least half of it is shared already', {
    sharedRows: (ctx) => {
      const shared = honest.sharedRows(ctx);
      return shared.length * 2 >= ctx.rows.length ? shared : [];
    },
  }),
  'vis-mix-noticed-in-first-ten': fault(['VIS-4', 'PRO-1'], 'only the first ten datasets are looked at for a shared one', {
    sharedRows: (ctx) => honest.sharedRows({ ...ctx, rows: ctx.rows.slice(0, 10) }),
  }),
  'vis-org-only-makes-no-mix': fault(['VIS-4', 'PRO-1'], 'an org-only dataset (no owner to join) does not make a selection mixed', {
    sharedRows: (ctx) => honest.sharedRows(ctx).filter((row) => nothingPrivate(ctx) || row.ownerId !== null),
  }),
  'vis-owners-current-organization': fault(['VIS-3', 'VIS-4'], 'shared means that the owner is a member now: a former member\'s shared dataset counts as private', {
    isShared: (ctx, row) => honest.isShared(ctx, row) && (row.ownerId === null || isColleagues(ctx, row)),
  }),
  'vis-get-opens-colleagues-private': fault(['VIS-6'], 'GET by id lets a colleague read a private collection', {
    canReadOne: (h, store, reader, row, kind) => canRead(h, store, reader, row)
      || (kind === 'data-collections' && reader.orgId !== null && store.users.get(row.ownerId)?.orgId === reader.orgId),
  }),
  'vis-get-orgless-share-null': fault(['VIS-6'], 'GET by id: readers without an organization read each other\'s private collections', {
    canReadOne: (h, store, reader, row, kind) => canRead(h, store, reader, row)
      || (kind === 'data-collections' && row.orgId === reader.orgId && row.ownerId !== null && orglessOwner(store, row)),
  }),
  'vis-list-opens-colleagues-private': fault(['VIS-6'], 'the list shows the private collections of colleagues; GET by id does not', {
    accessible: (h, store, reader, shared) => {
      const rows = honest.accessible(h, store, reader, shared);
      if (shared === false || reader.orgId === null) return rows;
      const colleagues = [...store.membersOf(reader.orgId)].flatMap((user) => [...store.collectionsOf(user.id)]);
      return [...new Set([...rows, ...colleagues])];
    },
  }),
  'vis-orgless-only-first-checked': fault(['VIS-5'], 'a caller without an organization is refused only when the first dataset is org-visible', {
    rowsFor: (ctx, name) => (name === 'orgless' ? ctx.rows.slice(0, 1) : ctx.rows),
  }),
  'vis-orgless-shares': fault(['VIS-5'], 'a caller who left the organization still shares with it by an own shared dataset', {
    checks: honest.checks.filter((name) => name !== 'orgless'),
    resultOrg: (ctx) => ctx.rows.find((row) => row.orgId !== null)?.orgId ?? null,
  }),
  'vis-stale-organization-on-collection': fault(['VIS-4', 'VIS-2'], 'the first org_id found is taken, also that of an organization which the caller has left', {
    reading: { stale: 'attach' },
    resultOrg: (ctx) => ctx.rows.find((row) => row.orgId !== null)?.orgId ?? null,
    nameOrg: (ctx) => resultOrg(ctx),
  }),
  'vis-org-run-makes-shared': fault(['VIS-2', 'PRO-5'], 'a private dataset with a run that is shared counts as org-visible', {
    resultOrg: (ctx) => {
      const runs = ctx.h.runsOf(ctx, ctx.rows);
      return runs.some((run) => ctx.h.isOrgs(ctx, run)) ? ctx.org : resultOrg(ctx);
    },
  }),
  'vis-second-create-private': fault(['VIS-3', 'VIS-4'], 'the organization is read from a cache that the caller\'s first shared collection empties', {
    act: (ctx) => {
      const cache = ctx.store.scratchMap('org');
      const org = cache.has(ctx.user.id) ? null : resultOrg(ctx);
      if (org !== null) cache.set(ctx.user.id, true);
      return act({ ...ctx, h: { ...ctx.h, resultOrg: () => org } });
    },
  }),
};

function orglessOwner(store, row) {
  return store.users.get(row.ownerId)?.orgId === null;
}

export const promotionFaults = {
  'pro-first-only': fault(['PRO-1'], 'only the first private dataset is promoted', {
    promoted: (ctx) => promoted(ctx).slice(0, 1),
  }),
  'pro-batch-of-ten': fault(['PRO-1'], 'the promotion is one batch of ten datasets', {
    promoted: (ctx) => promoted(ctx).slice(0, 10),
  }),
  'pro-org-only-promotes-nothing': fault(['PRO-1'], 'mixed with org-only datasets alone, the collection is shared and nothing is promoted', {
    promoted: (ctx) => (honest.sharedRows(ctx).some((row) => row.ownerId !== null) ? promoted(ctx) : []),
  }),
  'pro-runs-forgotten': fault(['PRO-2'], 'the runs on promoted datasets stay private', {
    promotedRuns: () => [],
  }),
  'pro-newest-run-only': fault(['PRO-2'], 'only the newest run of each promoted dataset is promoted', {
    promotedRuns: (ctx, rows) => rows.flatMap((row) => promotedRuns(ctx, [row]).slice(-1)),
  }),
  'pro-twenty-runs-at-most': fault(['PRO-2'], 'the update of runs is limited to twenty rows', {
    promotedRuns: (ctx, rows) => promotedRuns(ctx, rows).slice(0, 20),
  }),
  'pro-runs-elsewhere-forgotten': fault(['PRO-2'], 'runs that lie in another collection are neither moved nor promoted', {
    reading: { elsewhere: 'stay' },
    promotedRuns: (ctx, rows) => promotedRuns(ctx, rows).filter((run) => run.collectionId === null),
  }),
  'pro-colleagues-runs': fault(['PRO-6'], 'every run on a promoted dataset is promoted, a colleague\'s private one too', {
    promotedRuns: (ctx, rows) => ctx.h.runsOf(ctx, rows),
  }),
  'pro-runs-without-dataset': fault(['PRO-5'], 'the caller\'s runs without a dataset are promoted along with a mix', {
    promotedRuns: (ctx, rows) => [
      ...promotedRuns(ctx, rows),
      ...(rows.length > 0 ? [...ctx.store.runsOf(ctx.user.id)].filter((run) => run.datasetId === null) : []),
    ],
  }),
  'pro-runs-of-shared-selection': fault(['PRO-5'], 'in a selection that is wholly shared the caller\'s private runs become shared', {
    promotedRuns: (ctx, rows) => promotedRuns(ctx, honest.sharedRows(ctx).length > 0 && nothingPrivate(ctx) ? ctx.rows : rows),
  }),
  'pro-all-with-the-same-name': fault(['PRO-5'], 'datasets are promoted by name: the caller\'s namesakes outside the selection follow', {
    promoted: (ctx) => {
      const names = new Set(promoted(ctx).map((row) => row.name));
      return [...ctx.store.datasetsOf(ctx.user.id)].filter((row) => row.orgId === null && names.has(row.name));
    },
  }),
  'pro-colleagues-private-in-a-mix': fault(['PRO-3', 'PRO-4', 'PRO-6'], 'in a mix, and only there, a colleague\'s private dataset is taken along and promoted', {
    isVisible: (ctx, row) => isVisible(ctx, row) || (isColleagues(ctx, row) && row.orgId === null && honest.sharedRows(ctx).length > 0),
    checks: honest.checks.filter((name) => name !== 'mix'),
    promoted: (ctx) => (honest.sharedRows(ctx).length > 0 ? ctx.rows.filter((row) => row.orgId === null) : []),
  }),
  'pro-colleagues-private-left-private': fault(['PRO-3', 'ATT-5'], 'a mix with a colleague\'s private dataset succeeds, that dataset stays private', {
    isVisible: (ctx, row) => isVisible(ctx, row) || (isColleagues(ctx, row) && row.orgId === null),
    checks: honest.checks.filter((name) => name !== 'mix'),
  }),
  'pro-stale-dataset-promoted': fault(['PRO-5', 'PRO-1'], 'an own dataset that another organization sees is re-homed by a mix', {
    reading: { stale: 'attach' },
    promoted: (ctx) => (promoted(ctx).length > 0 ? ctx.rows.filter((row) => ctx.h.isMine(ctx, row) && row.orgId !== ctx.org) : []),
  }),
  'pro-once-per-account': fault(['PRO-1', 'PRO-2'], 'a cached flag: the second mixed selection of an account promotes nothing', {
    promoted: (ctx) => {
      const done = ctx.store.scratchMap('promoted');
      const rows = done.has(ctx.user.id) ? [] : promoted(ctx);
      if (rows.length > 0) done.set(ctx.user.id, true);
      return rows;
    },
  }),
  'pro-shown-not-stored': fault(['CRE-3', 'PRO-1'], 'promotion is in the answer, and lost in the store when the dataset has no run', {
    act: (ctx) => {
      const result = act(ctx);
      for (const row of ctx.rows) if (row.ownerId === ctx.user.id && row.wasPrivate && ctx.store.runsOn(row.id).size === 0) row.orgId = null;
      return result;
    },
    promoted: (ctx) => promoted(ctx).map((row) => Object.assign(row, { wasPrivate: true })),
  }),
  'pro-answer-before-promotion': fault(['CRE-3', 'PRO-1'], 'the nested datasets of the 201 are serialized before their promotion', {
    act: (ctx) => {
      const before = new Map(ctx.rows.map((row) => [row.id, row.orgId]));
      const result = act(ctx);
      for (const nested of result.body.datasets) nested.org_id = before.get(nested.id);
      return result;
    },
  }),
};
