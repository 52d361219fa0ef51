// What the makers of nodes share. A maker gets a syntax node and the makings of its children, and gives a function of
// the context that evaluates it.
import { warn } from '../state.js';
import { getType } from '../values.js';

/** A condition: true or false; null and anything else count as false, the latter with a remark. */
export function holds(value, node) {
  if (typeof value === 'boolean') {
    return value;
  }

  if (value !== null && value !== undefined) {
    warn('INVALID_TYPE', 'not-condition', { type: getType(value) }, node);
  }

  return false;
}

/** feelin marks what it builds with a static type; Object.assign on a function is what made it slow to build. */
export function tag(call, type) {
  call.type = type;

  return call;
}
