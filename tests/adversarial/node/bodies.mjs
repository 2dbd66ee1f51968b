// From the bytes of a request to {name, ids, body}, or to a refusal.

const invalid = (h, detail) => ({ refused: true, status: h.status.body, detail });

export const bodies = {
  maxBytes: 16 * 1024 * 1024,
  typeRefusal: () => null,
  // Fatal: bytes that are not UTF-8 are no JSON. A byte order mark is dropped.
  decode: (h, bytes) => new TextDecoder('utf-8', { fatal: true }).decode(bytes),
  parseJson: (h, text) => JSON.parse(text),
  notJson: (h) => invalid(h, 'the body is not JSON'),
  fieldsRefusal: () => null,
  maxName: 1000,
  nameRefusal: () => null,
  readName: (h, value) => (typeof value === 'string' ? value : undefined),
  readId: (h, value) => (Number.isInteger(value) ? value : undefined),
  noIds: (h, value) => value === undefined || value === null,
  isList: (h, value) => Array.isArray(value),
  idsRefusal: () => null,
  uniqueIds: (h, ids) => [...new Set(ids)],
  field: (h, body, key) => (Object.hasOwn(body, key) ? body[key] : undefined),

  readIds: (h, value) => {
    if (h.noIds(h, value)) return [];
    if (!h.isList(h, value)) return undefined;
    const ids = value.map((element) => h.readId(h, element));
    return ids.includes(undefined) ? undefined : ids;
  },

  validate: (h, body) => {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return invalid(h, 'the body is not an object');
    const name = h.readName(h, h.field(h, body, 'name'));
    if (name === undefined) return invalid(h, 'name must be a string');
    if (name.length > h.maxName) return invalid(h, 'name is too long');
    const sent = h.field(h, body, 'dataset_ids');
    const ids = h.readIds(h, sent);
    if (ids === undefined) return invalid(h, 'dataset_ids must be a list of integers');
    const refusal = h.fieldsRefusal(h, body) ?? h.nameRefusal(h, name) ?? h.idsRefusal(h, ids, sent);
    return refusal ?? { name, ids: h.uniqueIds(h, ids), body };
  },

  readBody: (h, bytes) => {
    let parsed;
    try {
      parsed = h.parseJson(h, h.decode(h, bytes));
    } catch {
      return h.notJson(h);
    }
    return h.validate(h, parsed);
  },
};
