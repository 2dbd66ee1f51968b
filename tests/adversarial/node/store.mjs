// The rows, in maps and indexes only, so that a world of thousands of rows costs no scans.
import { randomBytes } from 'node:crypto';

const EMPTY = new Set();

// An index is a map from a foreign key to the set of rows that hold it.
function link(index, key, row) {
  if (key === null) return;
  if (!index.has(key)) index.set(key, new Set());
  index.get(key).add(row);
}

function unlink(index, key, row) {
  if (key !== null) index.get(key)?.delete(row);
}

export class Store {
  constructor(firstId = 1) {
    this.firstId = firstId;
    this.counters = {};
    this.organizations = new Map();
    this.users = new Map();
    this.keys = new Map();
    this.collections = new Map();
    this.datasets = new Map();
    this.runs = new Map();
    this.index = {
      collectionsByOwner: new Map(), collectionsByOrg: new Map(), members: new Map(),
      datasetsByCollection: new Map(), datasetsByOwner: new Map(),
      runsByCollection: new Map(), runsByDataset: new Map(), runsByOwner: new Map(),
    };
    // Memory for faults that remember what they should not (caches, locks).
    this.scratch = new Map();
  }

  nextId(kind) {
    const id = this.counters[kind] ?? this.firstId;
    this.counters[kind] = id + 1;
    return id;
  }

  addOrganization(symbol) {
    const row = { id: this.nextId('organization'), symbol };
    this.organizations.set(row.id, row);
    return row;
  }

  addUser(symbol, orgId, revoked) {
    const id = this.nextId('user');
    const key = `sk_${randomBytes(16).toString('hex')}`;
    const row = { id, email: `${symbol}.${id}@example.test`, orgId, key, revoked };
    this.users.set(id, row);
    this.keys.set(key, row);
    link(this.index.members, orgId, row);
    return row;
  }

  stamp(kind, fields) {
    const now = new Date();
    return { id: this.nextId(kind), createdAt: now, updatedAt: now, ...fields };
  }

  addCollection(fields) {
    const row = this.stamp('collection', fields);
    this.collections.set(row.id, row);
    link(this.index.collectionsByOwner, row.ownerId, row);
    link(this.index.collectionsByOrg, row.orgId, row);
    return row;
  }

  removeCollection(row) {
    this.collections.delete(row.id);
    unlink(this.index.collectionsByOwner, row.ownerId, row);
    unlink(this.index.collectionsByOrg, row.orgId, row);
  }

  addDataset(fields) {
    const row = this.stamp('dataset', fields);
    this.datasets.set(row.id, row);
    link(this.index.datasetsByOwner, row.ownerId, row);
    link(this.index.datasetsByCollection, row.collectionId, row);
    return row;
  }

  addRun(fields) {
    const row = this.stamp('run', fields);
    this.runs.set(row.id, row);
    link(this.index.runsByOwner, row.ownerId, row);
    link(this.index.runsByDataset, row.datasetId, row);
    link(this.index.runsByCollection, row.collectionId, row);
    return row;
  }

  moveDataset(row, collectionId) {
    unlink(this.index.datasetsByCollection, row.collectionId, row);
    row.collectionId = collectionId;
    link(this.index.datasetsByCollection, collectionId, row);
  }

  moveRun(row, collectionId) {
    unlink(this.index.runsByCollection, row.collectionId, row);
    this.copyRun(row, collectionId);
  }

  // Forgets to leave the old collection: only a fault calls this directly.
  copyRun(row, collectionId) {
    row.collectionId = collectionId;
    link(this.index.runsByCollection, collectionId, row);
  }

  collectionsOf(userId) { return this.index.collectionsByOwner.get(userId) ?? EMPTY; }
  collectionsIn(orgId) { return this.index.collectionsByOrg.get(orgId) ?? EMPTY; }
  membersOf(orgId) { return this.index.members.get(orgId) ?? EMPTY; }
  datasetsOf(userId) { return this.index.datasetsByOwner.get(userId) ?? EMPTY; }
  datasetsInside(collectionId) { return this.index.datasetsByCollection.get(collectionId) ?? EMPTY; }
  runsInside(collectionId) { return this.index.runsByCollection.get(collectionId) ?? EMPTY; }
  runsOn(datasetId) { return this.index.runsByDataset.get(datasetId) ?? EMPTY; }
  runsOf(userId) { return this.index.runsByOwner.get(userId) ?? EMPTY; }

  scratchMap(name) {
    if (!this.scratch.has(name)) this.scratch.set(name, new Map());
    return this.scratch.get(name);
  }
}
