// Shuts the engine once the bundle is loaded. FEEL has no way to name what is shut here; should feelin ever leave a
// gap, there is nothing behind it: no way to make code out of text, and nothing shared that can be changed.

const MAKERS = [ function() {}, function* () {}, async function() {}, async function* () {} ];

/** What neither feelin nor we use and what could hold something from one evaluation to the next, or make code. */
const UNUSED = [
  'eval', 'Function', 'Proxy', 'WeakRef', 'FinalizationRegistry', 'SharedArrayBuffer', 'Atomics', 'performance',
  'queueMicrotask', 'Worker', 'navigator'
];

const SHARED = [
  Object, Array, String, Number, Boolean, Date, RegExp, Map, Set, WeakMap, WeakSet, Promise, Symbol, BigInt, Error,
  TypeError, RangeError, SyntaxError, ReferenceError, InternalError
];

/** @param {Function[]} own classes of ours and feelin's whose instances an expression gets to see */
export function lock(own) {
  for (const make of MAKERS) {
    Object.defineProperty(Object.getPrototypeOf(make), 'constructor', { value: undefined });
  }

  for (const name of UNUSED) {
    delete globalThis[name];
  }

  const roots = [ Math, JSON, ...MAKERS.map(Object.getPrototypeOf) ];

  for (const shared of [ ...SHARED, ...own ]) {
    roots.push(shared, shared.prototype);
  }

  roots.push(Object.getPrototypeOf([][Symbol.iterator]()), Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())));
  roots.forEach(Object.freeze);
}
