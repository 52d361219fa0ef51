// What one evaluation knows. There is one thread and one evaluation at a time, so it is a module variable:
// feelin's functions have no parameter to hand it through.
export const state = {
  /** UTC milliseconds. */
  now: 0,

  /** The calendar and its zone, see calendar.js; null for an expression that needs none. */
  calendar: null,

  deadlines: {},
  units: {},

  /** The warnings of this evaluation: feelin's InterpreterContext. */
  warnings: null,

  /** The syntax node that warnings of the functions below are about. */
  node: null
};

/** Remarks something; the value is `null` then. Messages never hold a value: it may be about a person. */
export function warn(type, message, node = state.node) {
  state.warnings?.warnings.push({ type, message, position: node?.position ?? { from: 0, to: 0 } });

  return null;
}

/** Runs without remarks, and says whether there were any. */
export function quietly(call) {
  const before = state.warnings.warnings.length;
  const value = call();
  const remarked = state.warnings.warnings.length > before;

  state.warnings.warnings.length = before;

  return { value, remarked };
}
