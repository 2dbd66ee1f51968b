// The honest implementation as one table of hooks, one function or setting per decision.
// Every function reaches the others through `h`, so that a behaviour overrides just one.
import { views } from './views.mjs';
import { bodies } from './bodies.mjs';

export const refuse = (status, detail) => ({ refused: true, status, detail });
export const sleep = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });

const authentication = {
  scheme: /^Bearer (\S+)$/,
  readKey: (h, header) => h.scheme.exec(header ?? '')?.[1] ?? null,
  findUser: (h, store, key) => store.keys.get(key) ?? null,
  // `where` is 'post' or 'get': some engineers protect only one of them.
  authenticate: (h, store, header, where) => {
    const user = h.findUser(h, store, h.readKey(h, header));
    return user && h.isActive(h, store, user, where) ? user : null;
  },
  isActive: (h, store, user) => !user.revoked,
  unauthorized: () => refuse(401, 'authentication failed'),
  bodyBeforeAuth: false,
};

// What a row is to the caller. `ctx` is {h, store, user, org, name, body, ids, rows}.
const eligibility = {
  isMine: (ctx, row) => row.ownerId === ctx.user.id,
  isOrgs: (ctx, row) => ctx.org !== null && row.orgId === ctx.org,
  isVisible: (ctx, row) => ctx.h.isMine(ctx, row) || ctx.h.isOrgs(ctx, row),
  isShared: (ctx, row) => ctx.h.isOrgs(ctx, row),
  isPrivate: (ctx, row) => row.orgId === null,
  isStale: (ctx, row) => ctx.org !== null && row.orgId !== null && row.orgId !== ctx.org && ctx.h.isMine(ctx, row),
  isTaken: (ctx, row) => row.collectionId !== null,
  isProprietary: (ctx, row) => row.proprietary,
  readingForbids: (ctx, row) => {
    if (ctx.h.isMine(ctx, row) || ctx.h.reading.attach === 'visible') return false;
    if (ctx.h.reading.attach === 'owned') return row.ownerId === null;
    if (ctx.h.reading.attach === 'own-and-org-only') return row.ownerId !== null;
    return true;
  },
};

// One predicate per refusal, over one selected row (undefined: the id is unknown).
const rowChecks = {
  unknown: (ctx, row) => row === undefined,
  invisible: (ctx, row) => row && !ctx.h.isVisible(ctx, row),
  forbidden: (ctx, row) => row && ctx.h.isVisible(ctx, row) && ctx.h.readingForbids(ctx, row),
  proprietary: (ctx, row) => row && ctx.h.isProprietary(ctx, row),
  taken: (ctx, row) => row && ctx.h.isTaken(ctx, row),
  orgless: (ctx, row) => row && ctx.org === null && row.orgId !== null,
  stale: (ctx, row) => row && ctx.h.reading.stale === 'refuse' && ctx.h.isStale(ctx, row),
  mix: (ctx, row) => row && ctx.h.isPrivate(ctx, row) && !ctx.h.isMine(ctx, row) && ctx.h.sharedRows(ctx).length > 0,
};

const requestChecks = {
  emptyName: (ctx) => ctx.name === '',
  duplicate: (ctx) => ctx.h.nameTaken(ctx),
};

const checking = {
  checks: ['emptyName', 'unknown', 'invisible', 'forbidden', 'proprietary', 'taken', 'orgless', 'stale', 'mix', 'duplicate'],
  status: {
    emptyName: 400, unknown: 404, invisible: 404, forbidden: 400, proprietary: 400, taken: 400,
    orgless: 400, stale: 400, mix: 400, duplicate: 400, body: 422,
  },
  selectRows: (ctx) => ctx.ids.map((id) => ctx.store.datasets.get(id)),
  rowsFor: (ctx) => ctx.rows,
  fails: (ctx, check) => {
    if (check in requestChecks) return requestChecks[check](ctx);
    return ctx.h.rowsFor(ctx, check).some((row) => rowChecks[check](ctx, row));
  },
  detail: (ctx, check) => `refused: ${check}`,
  check: (ctx) => {
    ctx.rows = ctx.h.selectRows(ctx);
    for (const check of ctx.h.checks) {
      if (ctx.h.fails(ctx, check)) return refuse(ctx.h.status[check], ctx.h.detail(ctx, check));
    }
    return null;
  },
};

const names = {
  nameKey: (name) => name,
  // The organization the name is compared in: the resulting one, or always mine.
  nameOrg: (ctx) => (ctx.h.reading.duplicate === 'both' ? ctx.org : ctx.h.resultOrg(ctx)),
  nameScope: (ctx) => [
    ...ctx.store.collectionsOf(ctx.user.id),
    ...ctx.store.collectionsIn(ctx.h.nameOrg(ctx)),
  ],
  sameName: (ctx, collection) => ctx.h.nameKey(collection.name) === ctx.h.nameKey(ctx.name),
  nameTaken: (ctx) => ctx.h.nameScope(ctx).some((collection) => ctx.h.sameName(ctx, collection)),
};

const outcome = {
  sharedRows: (ctx) => ctx.rows.filter((row) => row && ctx.h.isShared(ctx, row)),
  resultOrg: (ctx) => (ctx.h.sharedRows(ctx).length > 0 ? ctx.org : null),
  ownerId: (ctx) => ctx.user.id,
  authorId: (ctx) => ctx.user.id,
  attached: (ctx) => ctx.rows,
  promoted: (ctx) => {
    if (ctx.h.sharedRows(ctx).length === 0) return [];
    return ctx.rows.filter((row) => ctx.h.isPrivate(ctx, row) && ctx.h.isMine(ctx, row));
  },
  runsOf: (ctx, rows) => rows.flatMap((row) => [...ctx.store.runsOn(row.id)]),
  promotedRuns: (ctx, promoted) => {
    const whole = ctx.h.reading.runPromotion === 'selection' && promoted.length > 0;
    return ctx.h.runsOf(ctx, whole ? ctx.rows : promoted).filter((run) => ctx.h.isMine(ctx, run));
  },
  runMoves: (ctx, run) => {
    const { moved, elsewhere } = ctx.h.reading;
    if (elsewhere === 'stay' && run.collectionId !== null) return false;
    if (moved === 'mine') return ctx.h.isMine(ctx, run);
    return moved === 'all' || ctx.h.isMine(ctx, run) || ctx.h.isOrgs(ctx, run);
  },
  movedRuns: (ctx) => ctx.h.runsOf(ctx, ctx.rows).filter((run) => ctx.h.runMoves(ctx, run)),
};

const acting = {
  promote: (ctx) => {
    const promoted = ctx.h.promoted(ctx);
    const runs = ctx.h.promotedRuns(ctx, promoted);
    for (const row of [...promoted, ...runs]) row.orgId = ctx.org;
  },
  insert: (ctx) => ctx.store.addCollection({
    ownerId: ctx.h.ownerId(ctx), authorId: ctx.h.authorId(ctx), orgId: ctx.h.resultOrg(ctx), name: ctx.h.storedName(ctx),
  }),
  storedName: (ctx) => ctx.name,
  moveRun: (ctx, run, collection) => ctx.store.moveRun(run, collection.id),
  attach: (ctx, collection) => {
    const runs = ctx.h.movedRuns(ctx);
    for (const row of ctx.h.attached(ctx)) ctx.store.moveDataset(row, collection.id);
    for (const run of runs) ctx.h.moveRun(ctx, run, collection);
  },
  createdStatus: 201,
  act: (ctx) => {
    const collection = ctx.h.insert(ctx);
    ctx.h.promote(ctx);
    ctx.h.attach(ctx, collection);
    return { status: ctx.h.createdStatus, body: ctx.h.present(ctx.h, ctx.store, ctx.user, collection, 'post') };
  },
  // Check and act without an await between them: in one thread that is a transaction.
  create: (ctx) => ctx.h.check(ctx) ?? ctx.h.act(ctx),
};

const transport = {
  firstId: 1,
  delay: 0,
  reads: true,
  headers: {},
  chunked: false,
  unsupported: () => [],
  errorBody: (refusal) => ({ type: 'application/json', text: JSON.stringify({ detail: refusal.detail }) }),
};

export const honest = {
  reading: {
    attach: 'visible', duplicate: 'by-visibility', moved: 'all', elsewhere: 'move',
    runPromotion: 'promoted', stale: 'refuse', listedDatasets: 'all', listedRuns: 'all',
  },
  ...authentication, ...eligibility, ...checking, ...names, ...outcome, ...acting, ...transport, ...bodies, ...views,
};

// `reading`, `status` and `headers` are merged key by key, everything else is replaced.
export function withHooks(...overrides) {
  const h = { ...honest };
  for (const override of overrides) {
    for (const [key, value] of Object.entries(override)) {
      h[key] = ['reading', 'status', 'headers'].includes(key) ? { ...h[key], ...value } : value;
    }
  }
  return h;
}
