// The built-in functions that replace feelin's: those about time, because of its faults with zones and midnight, those
// that compare values as JavaScript does, and the ones it leaves out and a strict rule cannot do without.
import { builtins } from '@bpmn-io/feelin';

import { ours } from './calendar.js';
import { sumOf } from './numbers.js';
import { ranges } from './ranges.js';
import { state, warn } from './state.js';
import {
  Duration, clockOf, dateOfDay, dayNumber, dayOf, instant, moment, monthName, monthsBetween, readDate, readDateTime,
  readDuration, readTime, timeOf, weekday, weekdayName
} from './temporal.js';
import { compare, getType, same, toString } from './values.js';

const temporal = (value) => [ 'date', 'date time' ].includes(getType(value));

/** A function with named parameters; `required` of them must be given. */
function define(parameters, required, call) {
  const checked = (...values) => values.length < required || values.slice(0, required).includes(undefined)
    ? warn('FUNCTION_INVOCATION_FAILURE', 'too-few', { parameters: parameters.slice(0, required).join(', ') })
    : call(...values);

  checked.$args = parameters;

  return checked;
}

function number(value) {
  return typeof value === 'number' && Number.isInteger(value);
}

// time ////////////////////

// date(from), date(year, month, day)
function date(year, month, day, named) {
  const from = named ?? (month === undefined ? year : undefined);

  if (from !== undefined) {
    return typeof from === 'string' ? readDate(from) : temporal(from) ? dateOfDay(dayOf(from)) : null;
  }

  const found = number(year) && number(month) && number(day) ? dayNumber(year, month, day) : null;

  return found === null ? null : dateOfDay(found);
}

// date and time(from), date and time(date, time)
function dateAndTime(date, time, named) {
  const from = named ?? (time === undefined ? date : undefined);

  if (from !== undefined) {
    return typeof from === 'string' ? readDateTime(from) : getType(from) === 'date time' ? from : null;
  }

  return temporal(date) && getType(time) === 'time'
    ? moment(dayOf(date), clockOf(time), time.zone)
    : null;
}

// time(from), time(hour, minute, second)
function time(hour, minute, second, offset, named) {
  const from = named ?? (minute === undefined ? hour : undefined);

  if (from !== undefined) {
    switch (getType(from)) {
    case 'string': return readTime(from);
    case 'time': return from;
    case 'date time': return timeOf(clockOf(from), from.zone);
    default: return null;
    }
  }

  if (offset !== undefined) {
    return warn('INVALID_TYPE', 'offset');
  }

  return number(hour) && number(minute) && typeof second === 'number' && hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60
    ? timeOf(((hour * 60 + minute) * 60 + second) * 1000)
    : null;
}

function literal(text) {
  return typeof text !== 'string' ? null : /^-?P/.test(text)
    ? readDuration(text)
    : readDate(text) || readTime(text) || readDateTime(text);
}

function weekOfYear(value) {
  // The Thursday of a week says which year it belongs to (ISO 8601).
  const thursday = dayOf(value) - weekday(value) + 4;
  const first = dayNumber(yearOf(dateOfDay(thursday)), 1, 1);

  return Math.floor((thursday - first) / 7) + 1;
}

const yearOf = (value) => new Date(value.local).getUTCFullYear();
const ofDay = (call) => define([ 'date' ], 1, (value) => temporal(value) ? call(value) : null);

const times = {
  'date': define([ 'year', 'month', 'day', 'from' ], 0, date),
  'date and time': define([ 'date', 'time', 'from' ], 0, dateAndTime),
  'time': define([ 'hour', 'minute', 'second', 'offset', 'from' ], 0, time),
  'duration': define([ 'from' ], 1, (from) => typeof from === 'string' ? readDuration(from) : getType(from) === 'duration' ? from : null),
  'years and months duration': define([ 'from', 'to' ], 2, (from, to) =>
    temporal(from) && temporal(to) ? new Duration(monthsBetween(dayOf(from), dayOf(to)), 0, 0) : null),
  '@': define([ 'text' ], 1, literal),
  'now': define([], 0, () => instant(state.now)),
  'today': define([], 0, () => dateOfDay(dayOf(instant(state.now)))),
  'day of week': ofDay(weekdayName),
  'day of year': ofDay((value) => dayOf(value) - dayNumber(yearOf(value), 1, 1) + 1),
  'month of year': ofDay(monthName),
  'week of year': ofDay(weekOfYear)
};

// comparison ////////////////////

/** The least (sign 1) or greatest (-1) of values of one type; null for an empty list. */
function extreme(sign) {
  const call = (...values) => {
    const list = values.length === 1 && Array.isArray(values[0]) ? values[0] : values;
    let found = list.length ? list[0] : null;

    for (const value of list) {
      const order = compare(value, found);

      if (order === null) {
        return null;
      }

      found = order * sign < 0 ? value : found;
    }

    return found;
  };

  call.$args = [ '...list' ];

  return call;
}

/** A function of a list; a single value counts as a list of one, null as a wrong call. */
function ofList(parameters, required, call) {
  return define(parameters, required, (list, ...rest) =>
    list === null ? null : call(Array.isArray(list) ? list : [ list ], ...rest));
}

function indexesOf(list, match) {
  return list.flatMap((item, index) => same(item, match) ? [ index + 1 ] : []);
}

function distinct(list) {
  const kept = [];

  for (const item of list) {
    if (!kept.some((other) => same(item, other))) {
      kept.push(item);
    }
  }

  return kept;
}

/** A function of numbers, given as a list or one by one; null for an empty list or anything else. */
function ofNumbers(call) {
  const checked = (...values) => {
    const list = values.length === 1 && Array.isArray(values[0]) ? values[0] : values;

    return list.length && list.every((value) => typeof value === 'number') ? call(list) : null;
  };

  checked.$args = [ '...list' ];

  return checked;
}

function median(list) {
  const ordered = list.slice().sort((a, b) => a - b);
  const middle = ordered.length >> 1;

  return ordered.length % 2 ? ordered[middle] : (ordered[middle - 1] + ordered[middle]) / 2;
}

function sorted(list, precedes) {
  if (getType(precedes) !== 'function') {
    return null;
  }

  const before = (a, b) => {
    const answer = precedes.invoke([ a, b ]);

    if (typeof answer !== 'boolean') {
      warn('INVALID_TYPE', 'sort');
    }

    return answer === true;
  };

  return Array.from(list).sort((a, b) => before(a, b) ? -1 : before(b, a) ? 1 : 0);
}

const lists = {
  'min': extreme(1),
  'max': extreme(-1),
  'sum': ofNumbers(sumOf),
  'mean': ofNumbers((list) => sumOf(list) / list.length),
  'median': ofNumbers(median),
  'count': ofList([ 'list' ], 1, (list) => list.length),
  'list contains': ofList([ 'list', 'element' ], 2, (list, element) => list.some((item) => same(item, element))),
  'index of': ofList([ 'list', 'match' ], 2, indexesOf),
  'distinct values': ofList([ 'list' ], 1, distinct),
  'union': define([ '...list' ], 1, (...all) => all.every(Array.isArray) ? distinct(all.flat()) : null),
  'flatten': ofList([ 'list' ], 1, (list) => list.flat(Infinity)),
  'sort': ofList([ 'list', 'precedes' ], 2, sorted),
  'is': define([ 'value1', 'value2' ], 2, same)
};

// numbers and contexts ////////////////////

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$/;

// number(from), number(from, grouping separator, decimal separator)
function toNumber(from, grouping, decimal) {
  if (typeof from !== 'string' || grouping && grouping === decimal) {
    return typeof from === 'number' ? from : null;
  }

  const plain = grouping ? from.split(grouping).join('') : from;
  const text = (decimal && decimal !== '.' ? plain.replaceAll('.', '#').replaceAll(decimal, '.') : plain).trim();

  return NUMBER.test(text) ? +text : null;
}

function put(context, keys, value) {
  const [ key, ...rest ] = keys;

  if (typeof key !== 'string' || getType(context) !== 'context') {
    return null;
  }

  const inner = rest.length ? put(Object.hasOwn(context, key) ? context[key] : {}, rest, value) : value;

  return rest.length && inner === null ? null : { ...context, [key]: inner };
}

function merge(...values) {
  const all = values.length === 1 && Array.isArray(values[0]) ? values[0] : values;

  return all.every((value) => getType(value) === 'context') ? all.reduce((merged, value) => ({ ...merged, ...value }), {}) : null;
}

const contexts = {
  'number': define([ 'from', 'grouping separator', 'decimal separator' ], 1, toNumber),
  'string': define([ 'from' ], 1, (from) => from === null ? null : toString(from)),
  'context put': define([ 'context', 'keys', 'value', 'key' ], 1, (context, keys, value, key) =>
    put(context, key !== undefined ? [ key ] : Array.isArray(keys) ? keys : [ keys ], value ?? null)),
  'context merge': define([ '...contexts' ], 1, merge)
};

/**
 * `null` is an answer of these, and of the others the mark of a wrong call: see `invoke` in mends.js.
 */
export const NULL_IS_AN_ANSWER = new Set([
  'get value', 'get or else', 'min', 'max', 'sum', 'mean', 'median', 'product', 'stddev', 'not', 'string', 'all', 'any',
  'next meeting'
]);

/** What Camunda's FEEL knows and this runtime lacks: named, so that a model hears why it is refused. */
export const LACKING = new Set([
  'is empty', 'is blank', 'last day of month', 'assert', 'random number', 'to base64', 'from base64', 'from json',
  'to json', 'duplicate values', 'partition', 'trim', 'uuid', 'extract', 'fromAi'
]);

Object.assign(builtins, times, lists, contexts, ranges, ours);

export { builtins };
