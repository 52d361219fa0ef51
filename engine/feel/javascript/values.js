// FEEL's types, comparison and text form: what feelin's own getType, equals, toString and ranges are replaced by.
import { FunctionWrapper, Range } from '@bpmn-io/feelin';

import { Problem, quietly, warn } from './state.js';
import { DAY, Duration, Temporal, durationText, property, temporalText } from './temporal.js';

export function getType(value) {
  switch (typeof value) {
  case 'undefined': return 'nil';
  case 'boolean': return 'boolean';
  case 'number': return 'number';
  case 'string': return 'string';
  case 'object': break;
  default: return 'literal';
  }

  if (value === null) {
    return 'nil';
  }

  if (Array.isArray(value)) {
    return 'list';
  }

  if (Object.getPrototypeOf(value) === Object.prototype) {
    return 'context';
  }

  if (value instanceof Temporal) {
    return value.type;
  }

  if (value instanceof Duration) {
    return 'duration';
  }

  if (value instanceof Range) {
    return 'range';
  }

  return value instanceof FunctionWrapper ? 'function' : 'literal';
}

const OF_RANGE = [ 'start', 'end', 'start included', 'end included' ];

/** Only what FEEL gives a value: never what JavaScript adds, such as the inside of a date or a prototype. */
export function has(value, name) {
  switch (getType(value)) {
  case 'context': return Object.hasOwn(value, name);
  case 'range': return OF_RANGE.includes(name);
  default: return false;
  }
}

export function getFromContext(original) {
  return (name, value) => {
    switch (getType(value)) {
    case 'date': case 'time': case 'date time': case 'duration': return property(value, name);
    case 'context': return Object.hasOwn(value, name) ? value[name] : original(name, value);
    case 'range': return OF_RANGE.includes(name) ? value[name] : undefined;
    default: return undefined;
    }
  };
}

// comparison ////////////////////

/**
 * Negative, zero or positive; null, with a remark, for values that have no order. Neither is null.
 */
export function compare(a, b) {
  const type = getType(a);

  if (type !== getType(b)) {
    return notComparable(a, b);
  }

  switch (type) {
  case 'number': return a - b;
  case 'string': return a < b ? -1 : a > b ? 1 : 0;
  case 'date': case 'date time': return a.at - b.at;
  case 'time': return compareTimes(a, b);
  case 'duration': return compareDurations(a, b);
  default: return notComparable(a, b);
  }
}

function compareTimes(a, b) {
  if (a.zone === b.zone) {
    return a.at - b.at;
  }

  return a.isLocal || b.isLocal
    ? warn('NOT_COMPARABLE', 'offsets')
    : a.at - a.zone.offset() * 60000 - (b.at - b.zone.offset() * 60000);
}

function compareDurations(a, b) {
  const [ first, second ] = [ a.kind, b.kind ];

  if (first === 'both' || second === 'both' || (first !== second && first !== 'none' && second !== 'none')) {
    return warn('NOT_COMPARABLE', 'durations');
  }

  return a.months - b.months || (a.days - b.days) * DAY + a.clock - b.clock;
}

function notComparable(a, b) {
  return warn('NOT_COMPARABLE', 'not-comparable', { first: getType(a), second: getType(b) });
}

/** Are two values the same? null, with a remark, for different types. */
export function equals(a, b) {
  const type = getType(a);

  if (type === 'nil' || getType(b) === 'nil') {
    return type === getType(b);
  }

  if (type !== getType(b)) {
    return notComparable(a, b);
  }

  switch (type) {
  case 'boolean': case 'string': case 'number': return a === b;
  case 'list': return a.length === b.length && a.every((item, index) => same(item, b[index]));
  case 'context': return sameContexts(a, b);
  case 'range': return OF_RANGE.every((part) => same(a[part], b[part]));
  case 'function': case 'literal': return a === b;
  default: {
    const order = compare(a, b);

    return order === null ? null : order === 0;
  }
  }
}

function sameContexts(a, b) {
  const keys = Object.keys(a);

  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
}

/** The same value of the same type: for looking something up, where another type is simply another value. */
export function same(a, b) {
  return getType(a) === getType(b) && quietly(() => equals(a, b)).value === true;
}

// ranges ////////////////////

const nothing = () => null;

/** `[a..b]`, `> a` and the like. Its ends are of one type, and so is what is looked for in it. */
export function createRange(start, end, startIncluded = true, endIncluded = true) {
  const open = start === null || end === null;

  if (start === null && end === null || !open && getType(start) !== getType(end)) {
    if (!open) {
      notComparable(start, end);
    }

    return range(null, null, false, false, () => [], nothing);
  }

  const includes = (value) => {
    if (getType(value) === 'nil') {
      return null;
    }

    const above = start === null ? 1 : compare(value, start);
    const below = end === null || above === null ? -1 : compare(value, end);

    return above === null || below === null
      ? null
      : (startIncluded ? above >= 0 : above > 0) && (endIncluded ? below <= 0 : below < 0);
  };

  const map = typeof start === 'number' && typeof end === 'number'
    ? (call) => numbers(start, end, startIncluded, endIncluded).map(call)
    : () => warn('INVALID_TYPE', 'range') ?? [];

  return range(start, end, startIncluded, endIncluded, map, includes);
}

function range(start, end, startIncluded, endIncluded, map, includes) {
  return new Range({ start, end, 'start included': startIncluded, 'end included': endIncluded, map, includes });
}

function numbers(start, end, startIncluded, endIncluded) {
  const direction = start > end ? -1 : 1;
  const found = [];

  for (let number = start; direction * (end - number) >= 0; number += direction) {
    if (number === start && !startIncluded || number === end && !endIncluded) {
      continue;
    }

    found.push(number);
  }

  return found;
}

// text ////////////////////

/** FEEL's `string()`: ISO for dates and durations. */
export function toString(value, quoted = false) {
  switch (getType(value)) {
  case 'nil': return 'null';
  case 'string': return quoted ? JSON.stringify(value) : value;
  case 'boolean': case 'number': return String(value);
  case 'list': return `[${ value.map((item) => toString(item, true)).join(', ') }]`;
  case 'context': return `{${ Object.entries(value).map(([ key, item ]) => `${ key }: ${ toString(item, true) }`).join(', ') }}`;
  case 'duration': return durationText(value);
  case 'date': case 'time': case 'date time': return temporalText(value);
  default: return warn('INVALID_TYPE', 'no-text', { type: getType(value) });
  }
}

/** The value as JSON. Throws for what has no place outside an expression. */
export function encode(value) {
  switch (getType(value)) {
  case 'nil': return null;
  case 'number': return Number.isFinite(value) ? value : warn('INVALID_TYPE', 'number-too-large');
  case 'string': case 'boolean': return value;
  case 'list': return value.map(encode);
  case 'context': return Object.fromEntries(Object.entries(value).map(([ key, item ]) => [ key, encode(item) ]));
  case 'duration': return durationText(value);
  case 'date': case 'time': case 'date time': return temporalText(value);
  default: throw new Problem('not-storable', { type: getType(value) });
  }
}
