// Faults of attachment, of runs and of names.
import { honest, refuse } from './honest.mjs';

const fault = (requirement, note, hooks) => ({ kind: 'faulty', requirement, note, hooks });
const { isVisible, isTaken, selectRows, movedRuns, resultOrg, sameName, fails } = honest;

const without = (...names) => honest.checks.filter((name) => !names.includes(name));
const ownerIsColleague = (ctx, row) => row.ownerId !== null && ctx.org !== null
  && ctx.store.users.get(row.ownerId).orgId === ctx.org;

export const attachmentFaults = {
  'att-invisible-skipped': fault(['ATT-7', 'ATT-5'], 'ids that the caller cannot see are filtered out while others remain', {
    selectRows: (ctx) => {
      const rows = selectRows(ctx);
      const good = rows.filter((row) => row === undefined || isVisible(ctx, row));
      return good.length > 0 ? good : rows;
    },
  }),
  'att-unknown-skipped': fault(['ATT-7', 'ATT-4'], 'WHERE id IN (...): an unknown id is dropped when another one exists', {
    selectRows: (ctx) => {
      const rows = selectRows(ctx).filter(Boolean);
      return rows.length > 0 ? rows : selectRows(ctx);
    },
  }),
  'att-taken-skipped': fault(['ATT-7', 'ATT-3'], 'datasets in a collection are left out when the others are free', {
    selectRows: (ctx) => {
      const free = selectRows(ctx).filter((row) => row === undefined || !isTaken(ctx, row));
      return free.length > 0 ? free : selectRows(ctx);
    },
  }),
  'att-proprietary-first-only': fault(['ATT-2', 'ATT-7'], 'only the first dataset is checked for being proprietary', {
    rowsFor: (ctx, name) => (name === 'proprietary' ? ctx.rows.slice(0, 1) : ctx.rows),
  }),
  'att-proprietary-owned-only': fault(['ATT-2'], 'proprietary is asked of the caller\'s own datasets; org-only and colleagues\' ones pass', {
    isProprietary: (ctx, row) => row.proprietary && row.ownerId === ctx.user.id,
  }),
  'att-proprietary-shared-passes': fault(['ATT-2'], 'a proprietary dataset passes once it is shared with the organization', {
    isProprietary: (ctx, row) => row.proprietary && row.orgId === null,
  }),
  'att-taken-last-unchecked': fault(['ATT-3', 'ATT-7'], 'off by one: the last of several datasets may be in another collection', {
    rowsFor: (ctx, name) => (name === 'taken' && ctx.rows.length > 1 ? ctx.rows.slice(0, -1) : ctx.rows),
  }),
  'att-taken-beyond-ten-unchecked': fault(['ATT-3', 'ATT-7'], 'from the eleventh dataset on nobody asks whether it is taken', {
    rowsFor: (ctx, name) => (name === 'taken' ? ctx.rows.slice(0, 10) : ctx.rows),
  }),
  'att-taken-by-colleague-moves': fault(['ATT-3'], 'a dataset in a colleague\'s collection is moved: only the caller\'s own are asked', {
    isTaken: (ctx, row) => ctx.store.collections.get(row.collectionId)?.ownerId === ctx.user.id,
  }),
  'att-taken-by-own-moves': fault(['ATT-3', 'ATT-6'], 'a dataset in one of the caller\'s own collections is moved silently', {
    isTaken: (ctx, row) => row.collectionId !== null && ctx.store.collections.get(row.collectionId).ownerId !== ctx.user.id,
  }),
  'att-taken-in-org-only-moves': fault(['ATT-3'], 'a join on the collection\'s owner: a dataset in an org-only collection counts as free', {
    isTaken: (ctx, row) => row.collectionId !== null && ctx.store.collections.get(row.collectionId).ownerId !== null,
  }),
  'att-taken-is-cached': fault(['ATT-6'], 'the taken flag is a cached one: what this endpoint attached can be attached again', {
    isTaken: (ctx, row) => row.arrangedIn !== null,
  }),
  'att-colleagues-foreign-share': fault(['ATT-5'], 'a colleague\'s dataset that belongs to another organization is attachable through its owner', {
    isVisible: (ctx, row) => isVisible(ctx, row) || (row.orgId !== null && ownerIsColleague(ctx, row)),
  }),
  'att-any-org-only': fault(['ATT-5'], 'a dataset without an owner is everybody\'s: another organization\'s org-only row is attached', {
    isVisible: (ctx, row) => isVisible(ctx, row) || (row.ownerId === null && ctx.org !== null),
  }),
  'att-ten-attached': fault(['ATT-1'], 'only the first ten datasets are attached', {
    attached: (ctx) => ctx.rows.slice(0, 10),
  }),
  'att-chunk-remainder-lost': fault(['ATT-1'], 'attached in chunks of eight; the incomplete last chunk after a full one is lost', {
    attached: (ctx) => (ctx.rows.length < 8 ? ctx.rows : ctx.rows.slice(0, ctx.rows.length - (ctx.rows.length % 8))),
  }),
  'att-listed-twice': fault(['ATT-1'], 'an id sent twice is accepted and listed twice in the answer', {
    uniqueIds: (h, ids) => ids,
    act: (ctx) => {
      const result = honest.act({ ...ctx, rows: [...new Set(ctx.rows)] });
      const nested = new Map(result.body.datasets.map((row) => [row.id, row]));
      result.body.datasets = ctx.ids.map((id) => nested.get(id));
      return result;
    },
  }),
  'att-fifty-at-most': fault(['ATT-1'], 'more than fifty ids are refused', {
    idsRefusal: (h, ids) => (ids.length > 50 ? refuse(422, 'too many datasets') : null),
  }),
  'att-ninety-nine-at-most': fault(['ATT-1'], 'exactly one hundred ids are cut to ninety-nine', {
    attached: (ctx) => ctx.rows.slice(0, 99),
  }),
};

export const runFaults = {
  'run-first-dataset-only': fault(['RUN-1'], 'only the runs of the first dataset move', {
    movedRuns: (ctx) => movedRuns({ ...ctx, rows: ctx.rows.slice(0, 1) }),
  }),
  'run-page-of-ten': fault(['RUN-1'], 'only one page of ten runs moves', {
    movedRuns: (ctx) => movedRuns(ctx).slice(0, 10),
  }),
  'run-visibility-must-match': fault(['RUN-1'], 'a private run of the caller on a shared dataset stays behind', {
    movedRuns: (ctx) => movedRuns(ctx).filter((run) => run.orgId === resultOrg(ctx) || ctx.rows.some((row) => row.id === run.datasetId && row.orgId === null)),
  }),
  'run-on-colleagues-dataset-stays': fault(['RUN-1'], 'the caller\'s runs move only where the dataset is the caller\'s as well', {
    movedRuns: (ctx) => movedRuns(ctx).filter((run) => ctx.store.datasets.get(run.datasetId).ownerId === run.ownerId),
  }),
  'run-null-dataset-moves': fault(['RUN-2'], 'null == null: without dataset_ids the caller\'s runs without a dataset move in', {
    movedRuns: (ctx) => (ctx.rows.length > 0 ? movedRuns(ctx)
      : [...ctx.store.runsOf(ctx.user.id)].filter((run) => run.datasetId === (ctx.ids[0] ?? null))),
  }),
  'run-null-dataset-moves-with-shared': fault(['RUN-2'], 'a left join: the caller\'s runs without a dataset move into every shared collection', {
    movedRuns: (ctx) => [
      ...movedRuns(ctx),
      ...(resultOrg(ctx) === null ? [] : [...ctx.store.runsOf(ctx.user.id)].filter((run) => run.datasetId === null && run.collectionId === null)),
    ],
  }),
  'run-empties-old-collection': fault(['RUN-2'], 'a run that lies in another collection takes all the runs there along', {
    movedRuns: (ctx) => [...new Set(movedRuns(ctx).flatMap((run) =>
      (run.collectionId === null ? [run] : [...ctx.store.runsInside(run.collectionId)])))],
  }),
  'run-stays-in-old-list': fault(['RUN-1'], 'a run that moves is listed by its old collection as well', {
    moveRun: (ctx, run, collection) => ctx.store.copyRun(run, collection.id),
  }),
  'run-unlisted-in-answer': fault(['CRE-3', 'RUN-1'], 'the 201 always says runs: [], reading shows them', {
    act: (ctx) => {
      const result = honest.act(ctx);
      result.body.runs = [];
      return result;
    },
  }),
};

const slug = (name) => name.toLowerCase().replace(/[^a-z0-9]+/g, '-');

// SQL's LIKE with the new name as the pattern: % and _ were never escaped.
function like(pattern, text) {
  const source = pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('%', '[^]*').replaceAll('_', '[^]');
  return new RegExp(`^${source}$`).test(text);
}

const scope = (choose) => (ctx) => honest.nameScope(ctx).filter((collection) => choose(ctx, collection));
const mine = (ctx, collection) => collection.ownerId === ctx.user.id;

export const nameFaults = {
  'nam-empty-is-422': fault(['NAM-1'], 'minLength in the schema turns the empty name into 422', { status: { emptyName: 422 } }),
  'nam-empty-accepted-with-datasets': fault(['NAM-1'], 'the empty name is refused only where no dataset is selected', {
    fails: (ctx, name) => !(name === 'emptyName' && ctx.rows.length > 0) && fails(ctx, name),
  }),
  'nam-visibility-before-promotion': fault(['NAM-3'], 'the organization\'s names are checked only when all is shared already, not in a mix', {
    nameOrg: (ctx) => (ctx.rows.every((row) => ctx.h.isShared(ctx, row)) ? ctx.org : null),
  }),
  'nam-colleagues-private-blocks': fault(['NAM-4', 'ISO-1'], 'a colleague\'s private collection blocks its name for a shared one', {
    nameScope: (ctx) => [
      ...honest.nameScope(ctx),
      ...(resultOrg(ctx) === null ? [] : [...ctx.store.membersOf(ctx.org)].flatMap((user) => [...ctx.store.collectionsOf(user.id)])),
    ],
  }),
  'nam-orgless-namespace': fault(['NAM-4', 'ISO-1'], 'callers without an organization share one namespace', {
    nameScope: (ctx) => (ctx.org !== null ? honest.nameScope(ctx)
      : [...ctx.store.membersOf(null), ...orglessUsers(ctx)].flatMap((user) => [...ctx.store.collectionsOf(user.id)])),
  }),
  'nam-former-members-free': fault(['NAM-3'], 'a shared collection of a former member does not hold its name', {
    nameScope: scope((ctx, collection) => mine(ctx, collection) || collection.ownerId === null || ownerIsColleague(ctx, collection)),
  }),
  'nam-org-only-free': fault(['NAM-3'], 'a join on users: an org-only collection does not hold its name', {
    nameScope: scope((ctx, collection) => collection.ownerId !== null),
  }),
  'nam-own-shared-free': fault(['NAM-2'], 'a private collection may repeat the name of an own shared one', {
    nameScope: scope((ctx, collection) => !(mine(ctx, collection) && resultOrg(ctx) === null && collection.orgId !== null)),
  }),
  'nam-own-private-free': fault(['NAM-2'], 'a shared collection may repeat the name of an own private one', {
    nameScope: scope((ctx, collection) => !(resultOrg(ctx) !== null && collection.orgId === null)),
  }),
  'nam-own-of-former-org-free': fault(['NAM-2'], 'an own collection that an earlier organization sees does not hold its name', {
    nameScope: scope((ctx, collection) => collection.orgId === null || collection.orgId === ctx.org),
  }),
  'nam-compared-by-slug': fault(['CRE-1', 'CRE-4'], 'names are compared by an ASCII slug: two names in one foreign script collide', { nameKey: slug }),
  'nam-compared-by-prefix': fault(['CRE-1'], 'names are compared by their first twenty characters', { nameKey: (name) => name.slice(0, 20) }),
  'nam-like-wildcards': fault(['CRE-1'], 'the duplicate is looked up by LIKE: % and _ in a name match other names', {
    sameName: (ctx, collection) => sameName(ctx, collection) || like(ctx.name, collection.name),
  }),
  'nam-mojibake': fault(['CRE-4'], 'the body is read as Latin-1: raw UTF-8 names are spoiled, escapes are not', {
    decode: (h, bytes) => bytes.toString('latin1'),
  }),
  'nam-255-bytes': fault(['CRE-4'], 'the limit is 255 bytes: a hundred characters of another script are too long', {
    nameRefusal: (h, name) => (Buffer.byteLength(name) > 255 ? refuse(422, 'name is too long') : null),
  }),
  'nam-cut-at-64': fault(['CRE-4'], 'names are stored with their first sixty-four characters', { storedName: (ctx) => ctx.name.slice(0, 64) }),
  'nam-nfkc': fault(['CRE-4'], 'names are stored in compatibility form: other characters come back', { storedName: (ctx) => ctx.name.normalize('NFKC') }),
  'nam-html-escaped': fault(['CRE-4'], 'names are escaped for HTML before they are stored', {
    storedName: (ctx) => ctx.name.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  }),
  'nam-inner-blanks-squeezed': fault(['CRE-4'], 'a run of blanks inside a name becomes one', { storedName: (ctx) => ctx.name.replace(/ {2,}/g, ' ') }),
};

function orglessUsers(ctx) {
  return [...ctx.store.users.values()].filter((user) => user.orgId === null);
}
