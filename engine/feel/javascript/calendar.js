// The organisation's calendar, over the table that Python hands in, and the FEEL functions that are ours.
// The rules are those of engine/calendars.py; tests/unit/test_feel_calendar.py runs both in lock-step.
import { state, warn } from './state.js';
import {
  DAY, Duration, Temporal, addMonths, clockOf, dateOfDay, dayNumber, dayOf, instant, moment, plus, readDate, readDateTime,
  readDuration
} from './temporal.js';
import { TableZone } from './zone.js';

const END_OF_DAY = DAY - 1000;
const MOST_WORKING_DAYS = 50000;
const MOST_IDLE_DAYS = 3660;

export class Calendar {
  constructor([ name, transitions, nonWorkingDays, firstYear, lastYear, breaks, hoursOfWorkingDays ]) {
    this.zone = new TableZone(name, transitions);
    this.first = dayNumber(firstYear, 1, 1);
    this.last = dayNumber(lastYear, 12, 31);
    this.closed = new Set(nonWorkingDays.map((text) => dayOf(readDate(text))));
    this.breaks = breaks.map((ends) => ends.map((text) => dayOf(readDate(text))));
    this.hoursOfWorkingDays = hoursOfWorkingDays;
  }

  covers(day) {
    return day >= this.first && day <= this.last;
  }

  isWorked(day) {
    const weekday = ((day + 3) % 7 + 7) % 7;

    return weekday < 5 && !this.closed.has(day) && !this.isBreak(day);
  }

  /** Does the day lie between two terms of the school? */
  isBreak(day) {
    return this.breaks.some(([ first, last ]) => day >= first && day <= last);
  }

  /** The day itself if it is worked, else the next (direction 1) or the one before (-1); null outside the table. */
  workedFrom(day, direction) {
    for (let tried = 0; tried < MOST_IDLE_DAYS; tried++, day += direction) {
      if (!this.covers(day)) {
        return null;
      }

      if (this.isWorked(day)) {
        return day;
      }
    }

    return null;
  }

  /** The day a number of working days later, or earlier; 0 is the day itself or the next that is worked. */
  workedAfter(day, count) {
    if (count === 0) {
      return this.workedFrom(day, 1);
    }

    const direction = Math.sign(count);

    for (let left = Math.abs(count); left > 0 && day !== null; left--) {
      day = this.workedFrom(day + direction, direction);
    }

    return day;
  }
}

/** A date, or a date with time, from a value or from ISO text (as case data holds them); null if it is neither. */
function readMoment(value) {
  if (typeof value === 'string') {
    return readDate(value) || readDateTime(value);
  }

  return value instanceof Temporal && value.type !== 'time' ? value : null;
}

function wrong(name, needs) {
  return warn('FUNCTION_INVOCATION_FAILURE', 'needs', { function: name, needs });
}

function outside() {
  return warn('FUNCTION_INVOCATION_FAILURE', 'calendar');
}

/** A date stays a date; of a date with time the local time of day is kept. */
function atDay(day, from) {
  if (day === null) {
    return outside();
  }

  return from.type === 'date' ? dateOfDay(day) : moment(day, clockOf(from));
}

function local(value) {
  return value.type === 'date' ? value : instant(value.at);
}

function workingDaysAfter(from, count) {
  const start = readMoment(from);

  if (!start || !Number.isInteger(count) || Math.abs(count) > MOST_WORKING_DAYS) {
    return wrong('working days after(from, n)', 'moment-and-number');
  }

  const at = local(start);

  return atDay(state.calendar.workedAfter(dayOf(at), count), at);
}

function nextWorkingDay(date) {
  const start = readMoment(date);

  if (!start) {
    return wrong('next working day(date)', 'moment');
  }

  const at = local(start);

  return atDay(state.calendar.workedFrom(dayOf(at) + 1, 1), at);
}

const WORKING_DAYS = /^\s*(\d{1,6})\s+working\s+days?\s*$/i;

/**
 * The instant by which a deadline of process.toml is due: its value, counted from an instant. A date counts from its
 * end, 23:59:59: who has a week from Monday has all of next Monday.
 */
function deadline(name, from) {
  const value = typeof name === 'string' && Object.hasOwn(state.deadlines, name) ? state.deadlines[name] : null;

  if (value === null) {
    return wrong('deadline(name)', 'deadline');
  }

  const start = from === undefined ? instant(state.now) : readMoment(from);

  if (!start) {
    return wrong('deadline(name, from)', 'start');
  }

  const at = start.type === 'date' ? moment(dayOf(start), END_OF_DAY) : instant(start.at);
  const workingDays = WORKING_DAYS.exec(value);

  if (workingDays) {
    return at && atDay(state.calendar.workedAfter(dayOf(at), +workingDays[1]), at);
  }

  const duration = readDuration(value.trim());

  if (!duration) {
    return wrong('deadline(name)', 'deadline-duration');
  }

  return at && afterBreak(state.calendar.hoursOfWorkingDays && duration.clock
    ? workedClockAfter(plus(at, new Duration(duration.months, duration.days, 0)), duration.clock)
    : plus(at, duration));
}

/** What would end between two terms of a school ends on the first working day after, at the same hour. */
function afterBreak(at) {
  return at && state.calendar.isBreak(dayOf(at)) ? atDay(state.calendar.workedFrom(dayOf(at), 1), at) : at;
}

/** The instant after so many milliseconds of which only those on working days count. */
function workedClockAfter(start, clock) {
  if (!start) {
    return start;
  }

  let day = state.calendar.workedFrom(dayOf(start), 1);
  let at = day === dayOf(start) ? start : day !== null && moment(day, 0);

  while (day !== null && at) {
    const left = moment(day + 1, 0)?.at - at.at;

    if (clock <= left) {
      return instant(at.at + clock);
    }

    clock -= left;
    day = state.calendar.workedFrom(day + 1, 1);
    at = day !== null && moment(day, 0);
  }

  return outside();
}

/**
 * Full years from a birth date to a day (today if left out). Who is born on 29 February has a birthday on 28 February
 * in other years than leap years: lag (1930:173) om beräkning av lagstadgad tid, 1 §.
 */
function age(birthDate, on) {
  const born = readMoment(birthDate);
  const day = on === undefined ? instant(state.now) : readMoment(on);

  if (!born || !day) {
    return wrong('age(birth date, on)', 'two-dates');
  }

  const [ from, to ] = [ dayOf(local(born)), dayOf(local(day)) ];

  if (to < from) {
    return wrong('age(birth date, on)', 'later-day');
  }

  let years = new Date(to * DAY).getUTCFullYear() - new Date(from * DAY).getUTCFullYear();

  if (addMonths(from, 12 * years) > to) {
    years--;
  }

  return years;
}

function unitsWithRole(name) {
  return typeof name === 'string' && Object.hasOwn(state.units, name)
    ? state.units[name].slice()
    : wrong('units with role(name)', 'role');
}

/** The first of an ordered list of seconds that comes after an instant; halving, for a list may be long. */
function firstAfter(seconds, at) {
  let [ low, high ] = [ 0, seconds.length ];

  while (low < high) {
    const middle = (low + high) >> 1;

    [ low, high ] = seconds[middle] * 1000 > at ? [ low, middle ] : [ middle + 1, high ];
  }

  return low < seconds.length ? seconds[low] * 1000 : Infinity;
}

/**
 * When a unit meets next, or the first of the units that hold a role; null where none of them has a rhythm. From now, or
 * after an instant; a date counts from its beginning: a meeting of that day is still to come.
 */
function nextMeeting(name, from) {
  const start = from === undefined ? instant(state.now) : readMoment(from);

  if (typeof name !== 'string' || !start) {
    return wrong('next meeting(unit, from)', 'unit-and-start');
  }

  const { begins, ends, byUnit } = state.meetings;
  const at = start.type === 'date' ? (moment(dayOf(start), 0)?.at ?? NaN) - 1 : start.at;

  if (!(at >= begins * 1000 && at < ends * 1000)) {
    return outside();
  }

  const units = Object.hasOwn(state.units, name) ? state.units[name] : [ name ];
  const found = Math.min(...units.map((unit) => Object.hasOwn(byUnit, unit) ? firstAfter(byUnit[unit], at) : Infinity));

  return found === Infinity ? null : instant(found);
}

function declare(call, required, ...parameters) {
  const checked = (...values) => values.length < required || values.slice(0, required).includes(undefined)
    ? warn('FUNCTION_INVOCATION_FAILURE', 'too-few', { parameters: parameters.join(', ') })
    : call(...values);

  checked.$args = parameters;

  return checked;
}

/** The functions that Samled adds to FEEL. */
export const ours = {
  'deadline': declare(deadline, 1, 'name', 'from'),
  'working days after': declare(workingDaysAfter, 2, 'from', 'n'),
  'next working day': declare(nextWorkingDay, 1, 'date'),
  'next meeting': declare(nextMeeting, 1, 'unit', 'from'),
  'age': declare(age, 1, 'birth date', 'on'),
  'units with role': declare(unitsWithRole, 1, 'name')
};
