// Conditions: and, or, if, some, every.
import { warn } from '../state.js';
import { getType } from '../values.js';
import { holds, tag } from './node.js';

/** `and` (decisive: false) and `or` (true): the right side is evaluated only if the left does not decide. */
export function logic(decisive) {
  return (node, args) => {
    const [ left, , right ] = args;

    return tag((context) => {
      const a = truth(left(context), node);

      if (a === decisive) {
        return decisive;
      }

      const b = truth(right(context), node);

      return b === decisive ? decisive : a === null || b === null ? null : !decisive;
    }, 'test');
  };
}

function truth(value, node) {
  if (typeof value === 'boolean' || value === null) {
    return value;
  }

  return warn('INVALID_TYPE', 'not-joined', { type: getType(value) }, node);
}

export function ifExpression(node, args) {
  const [ , condition, , then, , otherwise ] = args;
  const type = otherwise && then.type === otherwise.type ? then.type : 'any';

  return tag((context) => holds(condition(context), node) ? then(context) : otherwise ? otherwise(context) : null, type);
}

export function quantified(every) {
  return (node) => tag((context) => (contextsOf, condition) => {
    const contexts = contextsOf(context);

    if (getType(contexts) !== 'list') {
      return contexts;
    }

    const met = (inner) => holds(condition(inner), node);

    return every ? contexts.every(met) : contexts.some(met);
  }, 'test');
}
