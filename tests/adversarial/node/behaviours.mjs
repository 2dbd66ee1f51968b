// name -> { kind, requirement, advisory, note, hooks }. Faulty ones say what they break, the most specific first.
import { apart, dimensions } from './choices.mjs';
import { promotionFaults, visibilityFaults } from './faults-visibility.mjs';
import { attachmentFaults, nameFaults, runFaults } from './faults-attachment.mjs';
import { authFaults, bodyFaults, ownershipFaults } from './faults-request.mjs';
import {
  atomicityFaults, concurrencyFaults, isolationFaults, shapeFaults, storeFaults,
} from './faults-state.mjs';

const MIXTURES = 12;
const MERGED = ['reading', 'status', 'headers'];

// mulberry32: small, seeded, the same everywhere.
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function merge(into, hooks) {
  for (const [key, value] of Object.entries(hooks)) {
    if (key in into && !MERGED.includes(key)) throw new Error(`two dimensions change ${key}`);
    into[key] = MERGED.includes(key) ? { ...into[key], ...value } : value;
  }
}

// In every dimension either the base's answer or one of the others.
function mixture(seed) {
  const next = random(seed);
  const hooks = {};
  const names = [];
  const advisory = [];
  for (const answers of Object.values(dimensions)) {
    const options = [null, ...Object.entries(answers)];
    const chosen = options[Math.floor(next() * options.length)];
    if (chosen === null) continue;
    merge(hooks, chosen[1].hooks);
    names.push(chosen[0]);
    advisory.push(...(chosen[1].advisory ?? []));
  }
  return { kind: 'correct', requirement: [], advisory, note: names.join(' '), hooks };
}

function correct(answers) {
  return Object.fromEntries(Object.entries(answers).map(([name, { note, hooks, advisory = [] }]) =>
    [name, { kind: 'correct', requirement: [], advisory, note, hooks }]));
}

function mixtures() {
  const seeds = Array.from({ length: MIXTURES }, (_, index) => index + 1);
  return Object.fromEntries(seeds.map((seed) => [`mixture-${seed}`, mixture(seed)]));
}

export const behaviours = {
  ...correct(apart),
  ...Object.assign({}, ...Object.values(dimensions).map(correct)),
  ...mixtures(),
  ...visibilityFaults, ...promotionFaults, ...attachmentFaults, ...runFaults, ...nameFaults,
  ...ownershipFaults, ...authFaults, ...bodyFaults,
  ...atomicityFaults, ...isolationFaults, ...concurrencyFaults, ...shapeFaults, ...storeFaults,
};
