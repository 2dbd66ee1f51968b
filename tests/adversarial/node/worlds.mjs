// The provider-state call-back: arranges a world exactly as the contract's parameters say.

class Contradiction extends Error {}

const answer = (status, body) => ({ status, body });

// A reference is null, absent, or a symbol that the world has.
function resolve(rows, symbol, what) {
  if (symbol === null || symbol === undefined) return null;
  if (!Object.hasOwn(rows, symbol)) throw new Contradiction(`no ${what} ${symbol}`);
  return rows[symbol].id;
}

function mapRows(map, make) {
  return Object.fromEntries(Object.entries(map ?? {}).map(([symbol, row]) => [symbol, make(symbol, row ?? {})]));
}

function ownerAndOrg(made, row, symbol) {
  const ownerId = resolve(made.users, row.owner, 'user');
  const orgId = resolve(made.organizations, row.organization, 'organization');
  if (ownerId === null && orgId === null) throw new Contradiction(`${symbol} belongs to nobody`);
  return { ownerId, authorId: ownerId, orgId };
}

// Every reference is checked before the first row is made: a refused set-up leaves nothing.
function validate(params) {
  const known = {};
  for (const kind of ['organizations', 'users', 'collections', 'datasets', 'runs']) {
    known[kind] = mapRows(params[kind], () => ({ id: 1 }));
  }
  for (const [, user] of Object.entries(params.users ?? {})) resolve(known.organizations, user.organization, 'organization');
  for (const kind of ['collections', 'datasets', 'runs']) {
    for (const [symbol, row] of Object.entries(params[kind] ?? {})) {
      ownerAndOrg(known, row, symbol);
      resolve(known.collections, row.collection, 'collection');
      resolve(known.datasets, row.dataset, 'dataset');
    }
  }
}

function arrange(store, params) {
  const made = {};
  made.organizations = mapRows(params.organizations, (symbol) => store.addOrganization(symbol));
  made.users = mapRows(params.users, (symbol, row) =>
    store.addUser(symbol, resolve(made.organizations, row.organization, 'organization'), row.api_key === 'revoked'));
  made.collections = mapRows(params.collections, (symbol, row) =>
    store.addCollection({ ...ownerAndOrg(made, row, symbol), name: row.name ?? symbol }));
  made.datasets = mapRows(params.datasets, (symbol, row) => store.addDataset({
    ...ownerAndOrg(made, row, symbol),
    name: row.name ?? symbol,
    proprietary: row.proprietary === true,
    collectionId: resolve(made.collections, row.collection, 'collection'),
    arrangedIn: resolve(made.collections, row.collection, 'collection'),
  }));
  made.runs = mapRows(params.runs, (symbol, row) => store.addRun({
    ...ownerAndOrg(made, row, symbol),
    alias: symbol,
    datasetId: resolve(made.datasets, row.dataset, 'dataset'),
    collectionId: resolve(made.collections, row.collection, 'collection'),
  }));
  return made;
}

function describe(made) {
  const ids = (rows) => mapRows(rows, (_, row) => ({ id: row.id }));
  return {
    organizations: ids(made.organizations),
    users: mapRows(made.users, (_, row) => ({ id: row.id, email: row.email, api_key: row.key })),
    collections: ids(made.collections),
    datasets: ids(made.datasets),
    runs: ids(made.runs),
  };
}

export function providerState(h, store, message) {
  if (message?.state !== 'world') return answer(400, { detail: 'the only state is "world"' });
  if (message.action === 'teardown') return answer(200, {});
  if (message.action !== 'setup') return answer(400, { detail: 'action is setup or teardown' });
  const params = message.params ?? {};
  const unsupported = h.unsupported(params);
  if (unsupported.length > 0) return answer(422, { unsupported });
  try {
    validate(params);
    return answer(200, describe(arrange(store, params)));
  } catch (error) {
    if (!(error instanceof Contradiction)) throw error;
    return answer(400, { detail: error.message });
  }
}
