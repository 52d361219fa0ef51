// What one evaluation knows. There is one thread and one evaluation at a time, so it is a module variable:
// feelin's functions have no parameter to hand it through.
export const state = {
  /** UTC milliseconds. */
  now: 0,

  /** The calendar and its zone, see calendar.js; null for an expression that needs none. */
  calendar: null,

  deadlines: {},
  units: {},

  /** When units meet, in UTC seconds; `begins` and `ends` say which stretch of time is known. */
  meetings: { begins: -Infinity, ends: Infinity, byUnit: {} },

  /** The warnings of this evaluation: feelin's InterpreterContext. */
  warnings: null,

  /** The syntax node that warnings of the functions below are about. */
  node: null
};

/**
 * Remarks something; the value is `null` then. `problem` is a variant of the rule `feel` (engine/rules/expressions.toml)
 * and `values` is what its words ask for: never the value of a variable, which may be about a person.
 */
export function warn(type, problem, values = {}, node = state.node) {
  state.warnings?.warnings.push({ type, problem, values, position: node?.position ?? { from: 0, to: 0 } });

  return null;
}

/** The same where there can be no value: the expression cannot be compiled, or has no result. */
export class Problem extends Error {
  constructor(problem, values = {}, position = null) {
    super(problem);

    Object.assign(this, { problem, values, position });
  }
}

/** Runs without remarks, and says whether there were any. */
export function quietly(call) {
  const before = state.warnings.warnings.length;
  const value = call();
  const remarked = state.warnings.warnings.length > before;

  state.warnings.warnings.length = before;

  return { value, remarked };
}
