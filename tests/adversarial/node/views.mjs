// What a reader sees of the rows, and which rows a reader may see.

const visibleTo = (h, reader, row) => h.canRead(h, null, reader, row);

export const views = {
  time: (date) => date.toISOString().replace(/\.\d+Z$/, 'Z'),
  updatedAt: (h, row) => h.time(row.updatedAt),
  extra: () => ({}),
  orgOnlyAuthor: null,

  canRead: (h, store, reader, row) =>
    row.ownerId === reader.id || (row.orgId !== null && row.orgId === reader.orgId),
  canReadOne: (h, store, reader, row) => h.canRead(h, store, reader, row),

  viewUser: (h, store, id) => {
    const user = store.users.get(id);
    return user ? { id: user.id, email: user.email } : null;
  },
  viewAuthor: (h, store, row) => store.users.get(row.authorId)?.email ?? h.orgOnlyAuthor,

  common: (h, store, row) => ({
    id: row.id,
    name: row.name,
    user: h.viewUser(h, store, row.ownerId),
    org_id: row.orgId,
    author_email: h.viewAuthor(h, store, row),
    created_at: h.time(row.createdAt),
    updated_at: h.updatedAt(h, row),
    ...h.extra(row),
  }),

  nestedDataset: (h, store, row) => h.common(h, store, row),

  nestedRun: (h, store, run) => ({
    id: run.id,
    user: h.viewUser(h, store, run.ownerId),
    run_type_id: 1,
    run_source_id: 1,
    api_key_id: null,
    org_id: run.orgId,
    dataset_id: run.datasetId,
    data_collection_id: run.collectionId,
    alias: run.alias,
  }),

  order: (rows) => rows,
  byId: (left, right) => left.id - right.id,

  listedDatasets: (h, store, reader, collection) => {
    const rows = [...store.datasetsInside(collection.id)].sort(h.byId);
    return h.order(h.reading.listedDatasets === 'all' ? rows : rows.filter((row) => visibleTo(h, reader, row)));
  },
  listedRuns: (h, store, reader, collection) => {
    const rows = [...store.runsInside(collection.id)].sort(h.byId);
    return h.order(h.reading.listedRuns === 'all' ? rows : rows.filter((row) => visibleTo(h, reader, row)));
  },

  // `where` is 'post', 'get' or 'list': the honest answer is the same in all three.
  present: (h, store, reader, collection, where) => ({
    ...h.common(h, store, collection),
    datasets: h.listedDatasets(h, store, reader, collection, where).map((row) => h.nestedDataset(h, store, row, where)),
    runs: h.listedRuns(h, store, reader, collection, where).map((run) => h.nestedRun(h, store, run, where)),
  }),

  presentDataset: (h, store, reader, row) => ({
    ...h.nestedDataset(h, store, row),
    dataset_type_id: 1,
    data_collection_id: row.collectionId,
    runs: [...store.runsOn(row.id)].filter((run) => visibleTo(h, reader, run)).map((run) => h.nestedRun(h, store, run)),
  }),

  presentRun: (h, store, reader, run) => ({
    id: run.id,
    user: store.users.get(run.ownerId)?.email ?? null,
    author_email: h.viewAuthor(h, store, run),
    dataset: store.datasets.get(run.datasetId)?.name ?? null,
    data_collection: store.collections.get(run.collectionId)?.name ?? null,
    org_id: run.orgId,
    alias: run.alias,
    started_at: h.time(run.createdAt),
    finished_at: null,
  }),

  // shared: true = my organization's, false = my own, null = all that I may read.
  accessible: (h, store, reader, shared) => {
    const own = store.collectionsOf(reader.id);
    const orgs = store.collectionsIn(reader.orgId);
    if (shared === true) return [...orgs];
    return shared === false ? [...own] : [...new Set([...own, ...orgs])];
  },
};
