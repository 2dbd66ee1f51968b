// Small worlds and requests, each meant to provoke a family of faults. Every claim holds under every reading.
const R = [400, 404];
const B = [422];

const people = {
  organizations: { acme: {}, globex: {} },
  users: {
    alice: { organization: 'acme' }, bob: { organization: 'acme' }, gone: { organization: 'globex' },
    carol: { organization: null }, dave: { organization: null }, rev: { organization: 'acme', api_key: 'revoked' },
  },
};
const own = { owner: 'alice', organization: null };
const ownShared = { owner: 'alice', organization: 'acme' };
const bobs = { owner: 'bob', organization: 'acme' };
const orgOnly = { owner: null, organization: 'acme' };
const world = (rows) => ({ ...people, ...rows });
const many = (count, prefix, row) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, row]));

// A success, or a refusal where the reading `attach` may forbid it.
const maybe = [201, ...R];

const selections = {
  none: undefined, private: ['p1', 'p2'], single: ['p1'], shared: ['s1', 's2'], mixed: ['s1', 'p1', 'p2'], reverse: ['p1', 'p2', 's1'],
};

const rich = world({
  collections: { old: { name: 'Old', owner: 'alice', organization: null }, olds: { name: 'Olds', owner: 'alice', organization: 'acme' } },
  datasets: { p1: { ...own, name: 'Twin' }, p2: own, p3: { ...own, name: 'Twin' }, s1: ownShared, s2: ownShared, b1: bobs, o1: orgOnly, f1: { owner: 'gone', organization: 'acme' }, bp: { owner: 'bob', organization: null, name: 'p2' } },
  runs: {
    a: { ...own, dataset: 'p1' }, a2: { ...own, dataset: 'p1' }, b: { ...own, dataset: 'p2', collection: 'old' }, c: { ...own }, c2: { ...own, collection: 'old' },
    d: { owner: 'bob', organization: null, dataset: 'p1' }, e: { ...own, dataset: 's1' }, f: { ...own, dataset: 'p3', collection: 'old' },
    g: { ...ownShared, dataset: 'p2' }, h: { ...own, dataset: 'b1' }, i: { ...ownShared, dataset: 's2' }, j: { ...own, dataset: 'p2' },
  },
});

const scenarios = {};

for (const [title, symbols] of Object.entries(selections)) {
  scenarios[`selection ${title}`] = async (make) => (await make(rich)).create('alice', 'My Bundle', symbols, 201);
}
for (const [title, symbols] of Object.entries({ bobs: ['b1'], orgOnly: ['o1'], former: ['f1'], om: ['o1', 'p1'], pm: ['p1', 'o1'], bm: ['b1', 'p1'], mb: ['p1', 'b1'], fm: ['f1', 'p1'] })) {
  scenarios[`others ${title}`] = async (make) => (await make(rich)).create('alice', 'Others', symbols, maybe);
}

scenarios['second of each kind'] = async (make) => {
  const w = await make(world({ datasets: { ...many(3, 'p', own), ...many(6, 's', ownShared) } }));
  for (const [i, symbols] of [['p0', 's0'], ['p1', 's1'], ['s2'], ['s3'], ['p2']].entries()) await w.create('alice', `Name ${i}`, symbols, 201);
  await w.create('alice', 'Again', ['p0'], R);
  await w.create('alice', 'Again 2', ['s4', 's2'], R);
  await w.create('alice', 'Again 3', ['s4', 's5'], 201);
};

for (const size of [12, 60, 100]) {
  scenarios[`${size} ids`] = async (make) => {
    const w = await make(world({ datasets: { ...many(size - 1, 'p', own), s: ownShared }, runs: many(25, 'r', { ...own, dataset: 'p0' }) }));
    await w.create('alice', 'Large', [...many2(size - 1, 'p'), 's'], 201);
  };
}
function many2(count, prefix) { return Array.from({ length: count }, (_, i) => `${prefix}${i}`); }

const ineligible = {
  stranger: { owner: 'carol', organization: null }, colleague: { owner: 'bob', organization: null },
  foreign: { owner: 'gone', organization: 'globex' }, foreignOnly: { owner: null, organization: 'globex' }, abroad: { owner: 'bob', organization: 'globex' },
  ownProprietary: { ...own, proprietary: true }, sharedProprietary: { ...ownShared, proprietary: true }, bobsProprietary: { ...bobs, proprietary: true }, onlyProprietary: { ...orgOnly, proprietary: true },
  inOwn: { ...own, collection: 'mine' }, inBobs: { ...ownShared, collection: 'bobs' }, inOnly: { ...ownShared, collection: 'only' }, inBobsPrivate: { ...own, collection: 'hidden' },
};
for (const [title, bad] of Object.entries(ineligible)) {
  scenarios[`ineligible ${title}`] = async (make) => {
    const collections = { mine: { name: 'M', owner: 'alice', organization: null }, bobs: { name: 'B', ...bobs }, only: { name: 'O', ...orgOnly }, hidden: { name: 'H', owner: 'bob', organization: null }, home: { name: 'Home', ...own } };
    const w = await make(world({ collections, datasets: { bad, p: own, s: ownShared, ...many(11, 'q', own) }, runs: { r: { ...own, dataset: 'p', collection: 'home' } } }));
    const lists = [['bad'], ['p', 'bad'], ['bad', 'p'], ['p', 's', 'bad'], ['bad', 's', 'p'], [...many2(11, 'q'), 'bad', 'p']];
    for (const list of lists) await w.create('alice', 'Repaired', list, R);
    await w.create('alice', 'Repaired', ['p', 's', 'q1'], 201);
  };
}

scenarios.unknown = async (make) => {
  const w = await make(world({ datasets: { p: own, s: ownShared } }));
  await w.create('alice', 'U', [2147483647], 404);
  await w.create('alice', 'U', ['p', 's', 2147483647], R);
  for (const id of [2 ** 32 + w.id('datasets', 'p'), -w.id('datasets', 'p'), 0, 2 ** 31, 1e19]) await w.create('alice', 'U', [id], [400, 404, 422]);
  await w.create('alice', 'U', ['p', 's'], 201);
};

scenarios.orgless = async (make) => {
  const stale = { owner: 'carol', organization: 'acme' };
  const w = await make(world({
    collections: { d: { name: 'Dave', owner: 'dave', organization: null } },
    datasets: { p: { owner: 'carol', organization: null }, x: stale, y: { owner: 'dave', organization: null } }, runs: { r: { owner: 'carol', organization: null } },
  }));
  await w.create('carol', 'C', ['x'], [400]);
  await w.create('carol', 'C', ['p', 'x'], [400]);
  await w.create('carol', 'C', ['y'], R);
  await w.create('carol', 'Dave', ['p'], 201);
  await w.create('carol', 'Empty', null, 201);
};

scenarios.stale = async (make, claim) => {
  const w = await make(world({ datasets: { x: { owner: 'alice', organization: 'globex' }, p: own, s: ownShared } }));
  await w.create('alice', 'X', ['x', 's', 'p'], maybe);
  const v = await make(world({ datasets: { x: { owner: 'alice', organization: 'globex' } } }));
  const { status, body } = await v.send(v.body('X', ['x']), v.key('alice'));
  claim(status !== 201 || body.org_id === null, 'foreign org_id');
};

scenarios['blocking names'] = async (make) => {
  const collections = {
    a: { name: 'Own private', ...own }, b: { name: 'Own shared', ...ownShared }, c: { name: 'Own abroad', owner: 'alice', organization: 'globex' },
    d: { name: 'Bobs shared', ...bobs }, e: { name: 'Former', owner: 'gone', organization: 'acme' }, f: { name: 'Only', ...orgOnly },
  };
  const w = await make(world({ collections, datasets: { p: own, s: ownShared, q: own }, runs: { r: { ...own, dataset: 'p' } } }));
  for (const name of ['Own private', 'Own shared', 'Own abroad']) for (const list of [undefined, ['q'], ['s'], ['s', 'p']]) await w.create('alice', name, list, [400]);
  for (const name of ['Bobs shared', 'Former', 'Only']) for (const list of [['s'], ['s', 'p'], ['p', 's']]) await w.create('alice', name, list, [400]);
  for (const list of [undefined, ['q'], ['s', 'p']]) await w.create('alice', '', list, [400]);
  await w.create('alice', 'Free', ['s', 'p'], 201);
};

scenarios['other names'] = async (make) => {
  const collections = { a: { name: 'Hidden', owner: 'bob', organization: null }, b: { name: 'Abroad', owner: null, organization: 'globex' }, c: { name: 'Stranger', owner: 'carol', organization: null }, ...many(25, 'k', { owner: 'bob', organization: null }) };
  const w = await make(world({ collections, datasets: { ...many(9, 's', ownShared), ...many(9, 'p', own) } }));
  let i = 0;
  for (const name of ['Hidden', 'Abroad', 'Stranger']) await w.create('alice', name, [`s${i}`, `p${i++}`], 201);
  for (const name of ['Данные', 'Отчёты', 'a_b', 'axb', 'A rather long name for a bundle 1', 'A rather long name for a bundle 2', 'axb%', 'R&D <x>', '漢'.repeat(100), '🙂'.repeat(100), 'ﬁne ①', 'two  blanks', 'CamelCase']) await w.create('alice', name, undefined, 201);
  for (const name of ['%', 'a_%']) await w.create('alice', name, undefined, 201);
};

scenarios['fields that share'] = async (make, claim) => {
  const w = await make(world({ datasets: { ...many(9, 's', ownShared), p: own }, runs: { r: own } }));
  const ok = [201, 400, 422];
  await w.create('alice', 'F1', ['s0'], ok, { more: { org_id: null } });
  await w.create('alice', 'F2', undefined, ok, { more: { org_id: w.org('acme') } });
  await w.create('alice', 'F3', undefined, ok, { more: { user_id: w.id('users', 'bob'), id: 987654, runs: [w.id('runs', 'r')] } });
  await w.create('alice', 'F4', undefined, ok, { more: { user: { id: w.id('users', 'bob'), email: 'x' } } });
  await w.create('alice', 'F5', undefined, ok, { more: { datasets: [w.id('datasets', 'p')] } });
};

scenarios.keys = async (make) => {
  const w = await make(world({ datasets: { s: ownShared } }));
  const key = w.made.users.alice.api_key;
  const last = key.endsWith('0') ? '1' : '0';
  const near = [`Bearer ${key.slice(0, -1)}${last}`, `Bearer ${key}0`, `Bearer ${key.toUpperCase()}`, `Bearer ${key.slice(0, 20)}${'0'.repeat(15)}`, `Basic ${key}`, key, 'Bearer', 'Bearer sk_x'];
  for (const authorization of near) await w.create('alice', 'K', ['s'], [401], { authorization });
  claimStatus((await w.send(w.body('K', ['s']))).status);
  for (let i = 0; i < 2; i += 1) await w.create('bob', 'K', ['s'], [401], { authorization: w.key('rev') });
  const list = await w.get('bob', 'data-collections?page_size=10000');
  if (list.items.length > 0) throw new Error('a revoked key created one');
  await w.create('alice', 'K', ['s'], 201);
};
function claimStatus(status) { if (status !== 401) throw new Error(`status ${status} without credentials`); }

scenarios.bodies = async (make) => {
  const w = await make(world({ datasets: { p: own, q: own } }));
  const id = w.id('datasets', 'p');
  const invalid = ['', '{', 'null', '[]', '"x"', '{}', '{"Name":"x"}', '{"name":null}', '{"name":5}', '{"name":["x"]}', '{"dataset_ids":[]}',
    ...['""', '0', 'false', '{}', `${id}`, `[${id},null]`, '[[]]', '[{}]', '["x"]', `[${id}.5]`, '[null]'].map((ids) => `{"name":"x","dataset_ids":${ids}}`)];
  for (const raw of invalid) await w.create('alice', 'x', ['p'], B, { raw });
  for (const name of ['a\0b', '\ud800', 'x'.repeat(70000), 'y'.repeat(300)]) await w.send(JSON.stringify({ name }), w.key('alice'));
  await w.send(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), w.key('alice'));
  await w.send(`{"name":"deep","x":${'['.repeat(900)}${']'.repeat(900)}}`, w.key('alice'));
  await w.create('alice', 'after all', ['p'], 201);
  const twice = await w.send(`{"name":"twice","dataset_ids":[${w.id('datasets', 'q')},${w.id('datasets', 'q')}]}`, w.key('alice'));
  if (twice.body && twice.body.datasets.length !== 1) throw new Error('listed twice');
};

scenarios.readers = async (make) => {
  const w = await make(world({ collections: { a: { name: 'A', ...own }, c: { name: 'C', owner: 'carol', organization: null } } }));
  const seen = [await w.get('bob', `data-collections/${w.id('collections', 'a')}`), await w.get('dave', `data-collections/${w.id('collections', 'c')}`)];
  const list = await w.get('bob', 'data-collections');
  if (seen[0] || seen[1] || list.items.length > 0) throw new Error('a private collection is readable');
};

async function race(w, claim, requests, winners) {
  const results = await Promise.all(requests.map(([user, name, list]) => w.send(w.body(name, list), w.key(user))));
  const won = results.filter((each) => each.status === 201);
  claim(won.length === winners, `${won.length} winners instead of ${winners}`);
  results.forEach(({ body }, i) => claim(!body || body.user.id === w.id('users', requests[i][0]), 'owner after a race'));
  return results;
}

scenarios.races = async (make, claim) => {
  const datasets = { ...many(9, 's', ownShared), ...many(9, 'p', own), b: { owner: 'bob', organization: null }, b2: bobs, c: bobs };
  const w = await make(world({ datasets }));
  await race(w, claim, [['alice', 'R1', ['s0', 'p0']], ['alice', 'R2', ['p1', 's0']], ['alice', 'R3', ['p2', 's0']]], 1);
  const after = await w.rows();
  const promoted = ['p0', 'p1', 'p2'].filter((each) => after.datasets[each][0] !== null);
  claim(promoted.length === 1, 'a loser promoted');
  await race(w, claim, [['alice', 'D1', ['s1', 'p3']], ['alice', 'D2', ['p4', 's2']], ['bob', 'D3', ['b', 'b2']]], 3);
  const last = await w.rows();
  claim(['p3', 'p4', 'b'].every((each) => last.datasets[each][0] !== null), 'a promotion was lost');
  await race(w, claim, [['alice', 'Same'], ['alice', 'Same']], 1);
  await race(w, claim, [['alice', 'Org', ['s3']], ['bob', 'Org', ['c']]], 1);
  await race(w, claim, [['alice', 'T1', ['s4', 'p5']], ['alice', 'T2', ['p6', 's4']]], 1);
};

scenarios['colleagues race'] = async (make, claim) => {
  const w = await make(world({ datasets: { s: bobs } }));
  const results = await Promise.all([['alice', 'X'], ['bob', 'Y']].map(([user, name]) => w.send(w.body(name, ['s']), w.key(user))));
  claim(results.filter((each) => each.status === 201).length === 1, 'winners');
};

export { scenarios };
