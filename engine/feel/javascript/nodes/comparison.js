// Comparisons: =, <, between, in, instance of.
import { Range } from '@bpmn-io/feelin';

import { state, warn } from '../state.js';
import { compare, createRange, equals, getType } from '../values.js';
import { tag } from './node.js';

export function compareOp(node) {
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

/** @param {() => Function} feelins feelin's own, for `in` */
export function comparison(node, args, feelins) {
  const operator = args[1];

  if (operator === 'in' || operator === 'between') {
    const call = operator === 'in' ? feelins() : between(args);

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

export function compareValue(test, value) {
  if (typeof test === 'function') {
    return test(value);
  }

  return test instanceof Range ? test.includes(value) : equals(test, value);
}

const TYPES = {
  'number': 'number', 'string': 'string', 'boolean': 'boolean', 'date': 'date', 'time': 'time',
  'date and time': 'date time', 'list': 'list', 'context': 'context', 'function': 'function', 'range': 'range', 'Null': 'nil'
};

export function instanceOf(node, args) {
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

    return Object.hasOwn(TYPES, name) ? type === TYPES[name] : warn('INVALID_TYPE', 'no-type', { name }, node);
  }, 'test');
}
