// The syntax nodes that are evaluated in our own way instead of feelin's. Why, one by one, is in docs/reference/feel.md;
// the rule behind them: a mistake is remarked and never an answer, and what is not needed is not evaluated.
import { FUNCTION_PARAMETER_MISSMATCH, Range, getFromContext as find, replaceInner, wrapFunction } from '@bpmn-io/feelin';

import { builtins, NULL_IS_AN_ANSWER } from './builtins.js';
import { quietly, state, warn } from './state.js';
import { Duration, difference, plus } from './temporal.js';
import {
  compare, createRange, describe, equals, getFromContext, getType, has, same, toString
} from './values.js';

const TEMPORAL = [ 'date', 'time', 'date time' ];

/** A condition: true or false; null and anything else count as false, the latter with a remark. */
function holds(value, node) {
  if (typeof value === 'boolean') {
    return value;
  }

  if (value !== null && value !== undefined) {
    warn('INVALID_TYPE', `A condition is true or false, and this is ${ describe(value) }`, node);
  }

  return false;
}

/** feelin marks what it builds with a static type; Object.assign on a function is what made it slow to build. */
function tag(call, type) {
  call.type = type;

  return call;
}

// logic ////////////////////

/** `and` (decisive: false) and `or` (true): the right side is evaluated only if the left does not decide. */
function logic(decisive) {
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

  return warn('INVALID_TYPE', `“and” and “or” join conditions, and this is ${ describe(value) }`, node);
}

function ifExpression(node, args) {
  const [ , condition, , then, , otherwise ] = args;
  const type = otherwise && then.type === otherwise.type ? then.type : 'any';

  return tag((context) => holds(condition(context), node) ? then(context) : otherwise ? otherwise(context) : null, type);
}

function quantified(every) {
  return (node) => tag((context) => (contextsOf, condition) => {
    const contexts = contextsOf(context);

    if (getType(contexts) !== 'list') {
      return contexts;
    }

    const met = (inner) => holds(condition(inner), node);

    return every ? contexts.every(met) : contexts.some(met);
  }, 'test');
}

// comparison ////////////////////

function compareOp(node) {
  const tests = {
    '>': (b) => createRange(b, null, false, false),
    '>=': (b) => createRange(b, null, true, false),
    '<': (b) => createRange(null, b, false, false),
    '<=': (b) => createRange(null, b, false, true),
    '=': (b) => (a) => equals(a, b),
    '!=': (b) => (a) => {
      const answer = equals(a, b);

      return answer === null ? null : !answer;
    }
  };

  return tag(() => tests[node.input], 'test');
}

const ORDERED = {
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0
};

function comparison(node, args, warnings) {
  const operator = args[1];

  if (operator === 'in' || operator === 'between') {
    const call = operator === 'in' ? feelins(node, args, warnings) : between(args);

    return tag((context) => {
      state.node = node;

      return call(context);
    }, 'test');
  }

  const [ left, , right ] = args;
  const sign = operator.sign;
  const ordered = ORDERED[sign];

  return tag((context) => {
    const a = left(context);
    const b = right(context);

    state.node = node;

    if (ordered) {
      return orderedBy(ordered, a, b);
    }

    const answer = equals(a, b);

    return sign === '=' || answer === null ? answer : !answer;
  }, 'test');
}

function orderedBy(test, a, b) {
  if (typeof a === 'number' && typeof b === 'number') {
    return test(a - b);
  }

  if (getType(a) === 'nil' || getType(b) === 'nil') {
    return null;
  }

  const order = compare(a, b);

  return order === null ? null : test(order);
}

function between(args) {
  return (context) => {
    const [ start, end ] = [ args[2](context), args[4](context) ];

    return start === null || end === null ? null : createRange(start, end).includes(args[0](context));
  };
}

function compareValue(test, value) {
  if (typeof test === 'function') {
    return test(value);
  }

  return test instanceof Range ? test.includes(value) : equals(test, value);
}

// arithmetic ////////////////////

const NUMERIC = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b, node) => b === 0 ? warn('INVALID_TYPE', 'A number is divided by zero', node) : a / b,
  '**': (a, b) => a ** b,
  '^': (a, b) => a ** b
};

function arithmetic(node, args) {
  if (args.length === 2) {
    const [ , value ] = args;

    return tag((context) => negated(value(context), node), value.type);
  }

  const [ left, operator, right ] = args;
  const sign = operator.sign;
  const type = left.type === right.type ? left.type : 'any';

  return tag((context) => {
    const a = left(context);
    const b = right(context);

    return typeof a === 'number' && typeof b === 'number' ? NUMERIC[sign](a, b, node) : combined(sign, a, b, node);
  }, type);
}

function negated(value, node) {
  if (typeof value === 'number') {
    return -value;
  }

  return value instanceof Duration ? value.times(-1) : cannot('negate', node, value);
}

function cannot(verb, node, ...values) {
  return warn('INVALID_TYPE', `Cannot ${ verb } ${ values.map(describe).join(' and ') }`, node);
}

const VERBS = { '+': 'add', '-': 'subtract', '*': 'multiply', '/': 'divide', '**': 'raise', '^': 'raise' };

function combined(sign, a, b, node) {
  const [ x, y ] = [ getType(a), getType(b) ];

  state.node = node;

  if (x === 'string' && y === 'string' && sign === '+') {
    return a + b;
  }

  if (y === 'duration' && (sign === '+' || sign === '-')) {
    const change = sign === '+' ? b : b.times(-1);

    return x === 'duration' ? a.plus(change) : TEMPORAL.includes(x) ? plus(a, change) : cannot(VERBS[sign], node, a, b);
  }

  if (x === 'duration' && TEMPORAL.includes(y) && sign === '+') {
    return plus(b, a);
  }

  if (x === y && TEMPORAL.includes(x) && sign === '-') {
    return difference(a, b);
  }

  if (sign === '*' && (x === 'duration' && Number.isInteger(b) || y === 'duration' && Number.isInteger(a))) {
    return x === 'duration' ? a.times(b) : b.times(a);
  }

  return cannot(VERBS[sign], node, a, b);
}

// names and calls ////////////////////

function variableName(node, args) {
  const name = args.join(' ');

  const call = tag((context, local = false) => {
    const value = find(name, context);

    return value !== undefined ? value : missing(node, name, context, local);
  }, 'any');

  call.variable = name;

  return call;
}

/** feelin wraps a function each time it is called. */
const wrapped = new Map(Object.entries(builtins).map(([ name, call ]) => [ name, wrapFunction(call) ]));

function missing(node, name, context, local) {
  if (!local) {
    return wrapped.get(name) ?? warn('NO_VARIABLE_FOUND', `There is no variable “${ name }”`, node);
  }

  return getType(context) === 'context'
    ? warn('NO_CONTEXT_ENTRY_FOUND', `There is no “${ name }” here`, node)
    : warn('NO_PROPERTY_FOUND', `${ describe(context) } has no “${ name }”`, node);
}

function invocation(node, args, type) {
  const [ target, , parameters ] = args;
  const name = target.variable ?? (typeof target === 'function' ? undefined : target);

  if (name === 'is defined' || name === 'get or else') {
    return tag(lenient(name, parameters, node), type);
  }

  return tag((context) => {
    const call = name === undefined ? wrapFunction(target(context)) : wrapFunction(find(name, context)) ?? wrapped.get(name);

    if (!call) {
      return warn('NO_FUNCTION_FOUND', `There is no function “${ name ?? node.input }”`, node);
    }

    return invoke(call, name, parameters(context), node);
  }, type);
}

/** A call. `null` from a built-in function marks a wrong call, except where null is an answer. */
function invoke(call, name, parameters, node) {
  const before = state.warnings.warnings.length;

  state.node = node;

  const result = call.invoke(parameters);

  if (result === FUNCTION_PARAMETER_MISSMATCH) {
    return warn('FUNCTION_INVOCATION_FAILURE', `“${ name ?? 'The function' }” takes ${ call.parameterNames.join(', ') || 'nothing' }`, node);
  }

  if (result !== null && result !== undefined) {
    return result;
  }

  const remarked = state.warnings.warnings.length > before;
  const builtin = wrapped.has(name);

  if (builtin && !remarked && (!NULL_IS_AN_ANSWER.has(name) || wrongTypes(name, parameters))) {
    const given = (Array.isArray(parameters) ? parameters : Object.values(parameters)).map(describe).join(', ');

    warn('FUNCTION_INVOCATION_FAILURE', `“${ name }” cannot be called with ${ given || 'nothing' }, or not with this value`, node);
  }

  return null;
}

/** Of the functions for which null is an answer: did they get something they cannot read? */
function wrongTypes(name, parameters) {
  const values = Array.isArray(parameters) ? parameters : Object.values(parameters);

  switch (name) {
  case 'get value': return values.length !== 2 || getType(values[0]) !== 'context' && values[0] !== null;
  case 'not': return values.length !== 1 || values[0] !== null;
  case 'string': return values.length !== 1;
  case 'min': case 'max': case 'sum': case 'mean': case 'median': case 'product': case 'stddev': return values.flat().some((value) => value !== null);
  default: return false;
  }
}

/** `is defined(x)` and `get or else(x, default)`: what is missing in x is no mistake. */
function lenient(name, parameters, node) {
  const [ value, fallback ] = parameters.parts ?? [];
  const complete = value && (name === 'is defined' ? !fallback : fallback);

  return (context) => {
    if (!complete) {
      return warn('FUNCTION_INVOCATION_FAILURE', `“${ name }” takes ${ name === 'is defined' ? 'one value' : 'two values' }`, node);
    }

    const found = quietly(() => value(context));

    if (name === 'is defined') {
      return !found.remarked;
    }

    return found.remarked || found.value === null ? fallback(context) : found.value;
  };
}

function positional(node, args) {
  const call = (context) => args.map((arg) => arg(context));

  call.parts = args;

  return call;
}

function withParts(node, args) {
  return args.length === 3 ? args[1] : () => [];
}

// lists ////////////////////

function filter(node, args) {
  const [ list, , test ] = args;

  return tag((context) => {
    const target = list(context);

    if (target === null) {
      return null;
    }

    const items = Array.isArray(target) ? target : [ target ];

    if (test.type === 'number') {
      return at(items, test(context), node);
    }

    return test.type === 'string' || test.type === 'date' || test.type === 'nil'
      ? warn('INVALID_TYPE', 'A list is filtered by a number or a condition', node)
      : filtered(items, test, context, node);
  }, 'any');
}

function at(items, index, node) {
  if (!Number.isInteger(index) || index === 0) {
    return warn('INVALID_TYPE', 'An item is the first (1), second (2), …, or the last (-1)', node);
  }

  return items.at(index < 0 ? index : index - 1) ?? null;
}

function filtered(items, test, context, node) {
  const kept = [];

  for (const item of items) {
    const scope = getType(item) === 'context' ? { ...context, item, ...item } : { ...context, item };
    let answer = test(scope);

    if (typeof answer === 'number') {
      return at(items, answer, node);
    }

    if (typeof answer === 'function') {
      answer = answer(item);
    } else if (answer instanceof Range) {
      answer = answer.includes(item);
    }

    if (holds(answer, node)) {
      kept.push(item);
    }
  }

  return kept;
}

function iterationContext(node, args) {
  const [ start, end ] = args;

  return end ? (context) => {
    state.node = node;

    return createRange(start(context), end(context));
  } : start;
}

/** `name in list` of for, some and every. */
function inExpression(node, args) {
  const [ name, , list ] = args;

  return (context) => {
    const items = list(context);

    if (items instanceof Range || Array.isArray(items)) {
      return items.map((item) => ({ [name]: item }));
    }

    return warn('INVALID_TYPE', `A list is gone through, and this is ${ describe(items) }`, node);
  };
}

// types ////////////////////

const TYPES = {
  'number': 'number', 'string': 'string', 'boolean': 'boolean', 'date': 'date', 'time': 'time',
  'date and time': 'date time', 'list': 'list', 'context': 'context', 'function': 'function', 'range': 'range', 'Null': 'nil'
};

function instanceOf(node, args) {
  const [ value ] = args;
  const name = /\binstance\s+of\s+([\s\S]*)$/.exec(node.input)[1].trim().replace(/\s+/g, ' ');

  return tag((context) => {
    const found = value(context);
    const type = getType(found);

    if (name === 'Any') {
      return type !== 'nil';
    }

    if (name === 'days and time duration' || name === 'years and months duration') {
      return type === 'duration' && [ name.startsWith('days') ? 'clock' : 'months', 'none' ].includes(found.kind);
    }

    return Object.hasOwn(TYPES, name) ? type === TYPES[name] : warn('INVALID_TYPE', `There is no type “${ name }”`, node);
  }, 'test');
}

// all of them ////////////////////

let feelins;

const NODES = {
  ArithOp: (node) => tag(Object.assign(() => null, { sign: node.input }), 'any'),
  ArithmeticExpression: arithmetic,
  CompareOp: (node) => Object.assign(compareOp(node), { sign: node.input }),
  Comparison: comparison,
  Conjunction: logic(false),
  DateTimeConstructor: (node) => Object.assign(() => builtins[node.input], { variable: node.input.replace(/\s+/g, ' ') }),
  DateTimeLiteral: (node, args) => args.length === 1 ? args[0] : invocation(node, args, 'any'),
  AtLiteral: (node, args) => tag((context) => invoke(wrapped.get('@'), '@', [ args[0](context) ], node), 'any'),
  Disjunction: logic(true),
  FilterExpression: filter,
  FunctionInvocation: (node, args) => invocation(node, args, 'any'),
  IfExpression: ifExpression,
  InExpression: inExpression,
  InstanceOfExpression: instanceOf,
  IterationContext: iterationContext,
  Parameters: withParts,
  PositionalParameters: positional,
  SpecialFunctionName: (node) => Object.assign(() => builtins[node.input], { variable: node.input.replace(/\s+/g, ' ') }),
  SpecialType: (node) => node.input,
  VariableName: variableName,
  every: quantified(true),
  some: quantified(false)
};

replaceInner({
  getType: () => getType,
  has: () => has,
  equals: () => equals,
  toString: () => toString,
  tag: () => tag,
  createRange: () => createRange,
  getFromContext,
  formatValue: () => describe,
  matches: () => same,
  compareValue: () => compareValue,
  typeCast: () => () => null,
  evalNode: (original) => {
    feelins = original;

    return (node, args, warnings) => (NODES[node.name] ?? original)(node, args, warnings);
  }
});
