// Numbers, and what can be added to and taken from dates and durations.
import { rounded } from '../numbers.js';
import { Problem, state, warn } from '../state.js';
import { Duration, difference, plus } from '../temporal.js';
import { getType } from '../values.js';
import { tag } from './node.js';

const TEMPORAL = [ 'date', 'time', 'date time' ];

const NUMERIC = {
  '+': (a, b) => rounded(a + b),
  '-': (a, b) => rounded(a - b),
  '*': (a, b) => rounded(a * b),
  '/': (a, b, node) => b === 0 ? warn('INVALID_TYPE', 'zero', {}, node) : a / b,
  '**': (a, b) => a ** b,
  '^': (a, b) => a ** b
};

export function numericLiteral(node) {
  const number = Number(node.input);

  if (!Number.isFinite(number) || Number.isInteger(number) && !Number.isSafeInteger(number)) {
    throw new Problem('digits', {}, node.position);
  }

  return tag(() => number, 'number');
}

export function arithmetic(node, args) {
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

  return value instanceof Duration ? value.times(-1) : cannot('-', node, value);
}

function cannot(sign, node, ...values) {
  return warn('INVALID_TYPE', 'cannot-calculate', { sign, types: values.map(getType) }, node);
}

function combined(sign, a, b, node) {
  const [ x, y ] = [ getType(a), getType(b) ];

  state.node = node;

  if (x === 'string' && y === 'string' && sign === '+') {
    return a + b;
  }

  if (y === 'duration' && (sign === '+' || sign === '-')) {
    const change = sign === '+' ? b : b.times(-1);

    return x === 'duration' ? a.plus(change) : TEMPORAL.includes(x) ? plus(a, change) : cannot(sign, node, a, b);
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

  return cannot(sign, node, a, b);
}
