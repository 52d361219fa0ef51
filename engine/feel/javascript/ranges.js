// How ranges and points lie to each other: FEEL's thirteen relations. A point is a closed range of one value.
import { Range } from '@bpmn-io/feelin';

import { warn } from './state.js';
import { compare } from './values.js';

function ends(value) {
  return value instanceof Range
    ? { start: value.start, end: value.end, from: value['start included'], to: value['end included'] }
    : { start: value, end: value, from: true, to: true };
}

// Each relation reads the order of the ends; one null, with compare's remark, makes the answer null.
const order = (a, b) => {
  const found = compare(a, b);

  if (found === null) {
    throw new NotComparable();
  }

  return found;
};

class NotComparable extends Error {}

const before = (a, b) => order(a.end, b.start) < 0 || order(a.end, b.start) === 0 && !(a.to && b.from);
const meets = (a, b) => a.to && b.from && order(a.end, b.start) === 0;
const startsNoEarlier = (a, b) => order(a.start, b.start) > 0 || order(a.start, b.start) === 0 && (b.from || !a.from);
const endsNoLater = (a, b) => order(a.end, b.end) < 0 || order(a.end, b.end) === 0 && (b.to || !a.to);
const startsAlike = (a, b) => a.from === b.from && order(a.start, b.start) === 0;
const endsAlike = (a, b) => a.to === b.to && order(a.end, b.end) === 0;
const during = (a, b) => startsNoEarlier(a, b) && endsNoLater(a, b);
const overlaps = (a, b) => !before(a, b) && !before(b, a);
const overlapsBefore = (a, b) => overlaps(a, b) && !startsNoEarlier(a, b) && endsNoLater(a, b);
const overlapsAfter = (a, b) => overlaps(a, b) && startsNoEarlier(a, b) && !endsNoLater(a, b);
const finishes = (a, b) => endsAlike(a, b) && startsNoEarlier(a, b);
const starts = (a, b) => startsAlike(a, b) && endsNoLater(a, b);
const coincides = (a, b) => startsAlike(a, b) && endsAlike(a, b);

const turned = (relation) => (a, b) => relation(b, a);

function relation(test, ...parameters) {
  const call = (a, b) => {
    if (a === undefined || b === undefined) {
      return warn('FUNCTION_INVOCATION_FAILURE', 'too-few', { parameters: call.$args.join(', ') });
    }

    try {
      return test(ends(a), ends(b));
    } catch (error) {
      if (error instanceof NotComparable) {
        return null;
      }

      throw error;
    }
  };

  call.$args = parameters.length ? parameters : [ 'range1', 'range2' ];

  return call;
}

export const ranges = {
  'before': relation(before, 'a', 'b'),
  'after': relation(turned(before), 'a', 'b'),
  'meets': relation(meets),
  'met by': relation(turned(meets)),
  'overlaps': relation(overlaps),
  'overlaps before': relation(overlapsBefore),
  'overlaps after': relation(overlapsAfter),
  'finishes': relation(finishes, 'value', 'range'),
  'finished by': relation(turned(finishes), 'range', 'value'),
  'includes': relation(turned(during), 'range', 'value'),
  'during': relation(during, 'value', 'range'),
  'starts': relation(starts, 'value', 'range'),
  'started by': relation(turned(starts), 'range', 'value'),
  'coincides': relation(coincides)
};
