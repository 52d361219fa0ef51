// Dates, times, dates with times, and durations: feelin's own types (luxon underneath), with exact rules.
//
// A date is told by its zone (zone.js), a time by the day 1 January 1900, as in feelin. Text is read strictly, local
// time is the organisation's, and what is not exact is refused instead of rounded.
import { DateTime, Duration } from 'luxon';

import { state, warn } from './state.js';
import { DATE, fixedZone, instantOf } from './zone.js';

const DAY = 86400000;
const TIME_EPOCH = Date.UTC(1900, 0, 1);

const DATE_TEXT = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME_TEXT = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d|@.+)?$/;
const DURATION_TEXT = /^-?P(?=.)(?:\d{1,9}Y)?(?:\d{1,9}M)?(?:\d{1,9}W)?(?:\d{1,9}D)?(?:T(?=\d)(?:\d{1,9}H)?(?:\d{1,9}M)?(?:\d{1,9}(?:\.\d{1,9})?S)?)?$/;

const WEEKDAYS = [ 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday' ];
const MONTHS = [
  'January', 'February', 'March', 'April', 'May', 'June',
  'July', 'August', 'September', 'October', 'November', 'December'
];

// dates ////////////////////

/** Days since 1970 of a calendar day, or null if there is no such day. */
export function dayNumber(year, month, day) {
  const moment = new Date(0);

  moment.setUTCFullYear(year, month - 1, day);

  const there = moment.getUTCFullYear() === year && moment.getUTCMonth() === month - 1 && moment.getUTCDate() === day;

  return there && year >= 1 && year <= 9999 ? Math.round(moment.getTime() / DAY) : null;
}

/** FEEL's date of a day number; null beyond the years 1-9999. */
export function dateOfDay(day) {
  const date = DateTime.fromMillis(day * DAY, { zone: DATE });

  return date.isValid && date.year >= 1 && date.year <= 9999 ? date : null;
}

export function isDate(value) {
  return DateTime.isDateTime(value) && value.zone === DATE;
}

/** The day number of what the clocks beside a date, or a date with time, show. */
export function dayOf(value) {
  return Math.floor((value.toMillis() + value.offset * 60000) / DAY);
}

export function readDate(text) {
  const match = DATE_TEXT.exec(text);
  const day = match && dayNumber(+match[1], +match[2], +match[3]);

  return day === null ? null : dateOfDay(day);
}

// times ////////////////////

/** Milliseconds since midnight and the zone (null: local) of a text such as `10:00`, `10:00:00+01:00`. */
function readClock(text) {
  const match = TIME_TEXT.exec(text);

  if (!match) {
    return null;
  }

  const [ , hour, minute, second = '0', fraction = '', zoneText ] = match;

  if (+hour > 23 || +minute > 59 || +second > 59) {
    return null;
  }

  const zone = readZone(zoneText);
  const clock = ((+hour * 60 + +minute) * 60 + +second) * 1000 + Math.floor(+`0.${fraction || 0}` * 1000);

  return zone === undefined ? null : { clock, zone };
}

/** null for local time; undefined for a zone that nobody knows here. */
function readZone(text) {
  if (!text) {
    return null;
  }

  if (text.startsWith('@')) {
    const name = text.slice(1);

    if (state.calendar && name === state.calendar.zone.name) {
      return null;
    }

    return [ 'UTC', 'GMT', 'Z', 'Etc/UTC' ].includes(name) ? fixedZone(0) : undefined;
  }

  if (text === 'Z') {
    return fixedZone(0);
  }

  const minutes = +text.slice(1, 3) * 60 + +text.slice(4, 6);

  return +text.slice(1, 3) > 18 || +text.slice(4, 6) > 59
    ? undefined
    : fixedZone(text.startsWith('-') ? -minutes : minutes);
}

export function readTime(text) {
  const read = readClock(text);

  return read && timeOf(read.clock, read.zone);
}

/** FEEL's time: milliseconds since midnight, in a zone (null: local). */
export function timeOf(clock, zone) {
  const at = zone || localZone();

  return DateTime.fromMillis(TIME_EPOCH + clock - at.offset(TIME_EPOCH) * 60000, { zone: at });
}

/** Milliseconds since midnight on the clocks beside a value. */
export function clockOf(value) {
  const local = value.toMillis() + value.offset * 60000;

  return local - Math.floor(local / DAY) * DAY;
}

export function isTime(value) {
  return DateTime.isDateTime(value) && value.zone !== DATE && value.year === 1900 && value.ordinal === 1;
}

// dates with times ////////////////////

export function localZone() {
  return state.calendar.zone;
}

export function instant(milliseconds, zone = localZone()) {
  const moment = DateTime.fromMillis(milliseconds, { zone });

  return moment.isValid && moment.year >= 1 && moment.year <= 9999 ? moment : null;
}

/** A date with time from a day number and milliseconds since its midnight, in a zone (null: local). */
export function moment(day, clock, zone) {
  const at = zone || localZone();

  if (at === localZone() && !state.calendar.covers(day)) {
    return warn('INVALID_TYPE', 'That local time is outside the years of the calendar: give the offset, as in +01:00');
  }

  return instant(instantOf(day * DAY + clock, at), at);
}

export function readDateTime(text) {
  const cut = text.indexOf('T');

  if (cut < 0) {
    return null;
  }

  const date = readDate(text.slice(0, cut));
  const clock = date && readClock(text.slice(cut + 1));

  return clock ? moment(dayOf(date), clock.clock, clock.zone) : null;
}

// durations ////////////////////

export function readDuration(text) {
  if (!DURATION_TEXT.test(text)) {
    return null;
  }

  const duration = Duration.fromISO(text);

  return duration.isValid ? duration : null;
}

/** Its months, and its milliseconds with days of 24 hours. */
export function extent(duration) {
  const { years = 0, quarters = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0, milliseconds = 0 } = duration.toObject();

  return {
    months: years * 12 + quarters * 3 + months,
    days: weeks * 7 + days,
    clock: ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds
  };
}

/** `months`, `clock`, `both` or `none`: FEEL's two kinds of duration cannot be compared with each other. */
export function durationKind(duration) {
  const { months, days, clock } = extent(duration);
  const other = days !== 0 || clock !== 0;

  return months ? (other ? 'both' : 'months') : (other ? 'clock' : 'none');
}

export function monthsDuration(months) {
  return Duration.fromObject({ years: Math.trunc(months / 12), months: months % 12 });
}

export function clockDuration(milliseconds) {
  const hours = Math.trunc(milliseconds / 3600000);
  const minutes = Math.trunc(milliseconds / 60000) % 60;

  return Duration.fromObject({ hours, minutes, seconds: (milliseconds % 60000) / 1000 });
}

export function daysDuration(days) {
  return Duration.fromObject({ days });
}

/** The duration times a whole number, each unit by itself. */
export function timesDuration(duration, factor) {
  return Duration.fromObject(
    Object.fromEntries(Object.entries(duration.toObject()).map(([ unit, amount ]) => [ unit, amount * factor ]))
  );
}

/** ISO text that keeps the units it was written in: two days are not 48 hours when clocks change. */
export function durationText(duration) {
  const { months, days, clock } = extent(duration);
  const negative = months < 0 || days < 0 || clock < 0;
  const sign = negative ? -1 : 1;

  if (months * sign < 0 || days * sign < 0 || clock * sign < 0) {
    return duration.toISO();
  }

  const [ m, d, c ] = [ months * sign, days * sign, clock * sign ];
  const part = (amount, unit) => amount ? `${amount}${unit}` : '';
  const seconds = Math.round(c % 60000) / 1000;

  const date = part(Math.trunc(m / 12), 'Y') + part(m % 12, 'M') + part(d, 'D');
  const time = part(Math.trunc(c / 3600000), 'H') + part(Math.trunc(c / 60000) % 60, 'M') + part(seconds, 'S');

  return `${negative ? '-' : ''}P${date}${time ? `T${time}` : ''}${date || time ? '' : 'T0S'}`;
}

// arithmetic ////////////////////

/** The day some months later; the last of the month if it has no such day. */
export function addMonths(day, months) {
  const date = new Date(day * DAY);
  const index = date.getUTCFullYear() * 12 + date.getUTCMonth() + months;
  const year = Math.floor(index / 12);
  const month = index - year * 12 + 1;

  for (let last = date.getUTCDate(); last > 27; last--) {
    const found = dayNumber(year, month, last);

    if (found !== null) {
      return found;
    }
  }

  return dayNumber(year, month, date.getUTCDate());
}

/**
 * A date, time or date with time, moved by a duration. Days and longer keep the local time of day, clock units are
 * clock time: the same rule as engine/calendars.py.
 */
export function plus(value, duration, direction = 1) {
  const { months, days, clock } = extent(duration);

  if (isTime(value)) {
    if (months) {
      return warn('INVALID_TYPE', 'A time of day has no months: use a duration of hours, minutes or seconds');
    }

    const moved = clockOf(value) + direction * (clock + days * DAY);

    return timeOf(moved - Math.floor(moved / DAY) * DAY, value.zone === state.calendar?.zone ? null : value.zone);
  }

  const from = dayOf(value);
  const later = addMonths(from, direction * months);
  const day = later === null ? null : later + direction * days;

  if (day === null) {
    return outOfRange();
  }

  if (isDate(value)) {
    return dateOfDay(day + Math.floor(direction * clock / DAY)) ?? outOfRange();
  }

  const start = day === from ? value : moment(day, clockOf(value), value.zone);

  return start && (instant(start.toMillis() + direction * clock, value.zone) ?? outOfRange());
}

function outOfRange() {
  return warn('INVALID_TYPE', 'That is beyond the years a date can have (1-9999)');
}

/** Whole months from one date to another, toward zero. */
export function monthsBetween(from, to) {
  if (to < from) {
    return -monthsBetween(to, from);
  }

  const [ a, b ] = [ new Date(from * DAY), new Date(to * DAY) ];
  let months = (b.getUTCFullYear() - a.getUTCFullYear()) * 12 + b.getUTCMonth() - a.getUTCMonth();

  while (months > 0 && addMonths(from, months) > to) {
    months--;
  }

  return months;
}

// text and properties ////////////////////

export function weekdayName(value) {
  return WEEKDAYS[value.weekday - 1];
}

export function monthName(value) {
  return MONTHS[value.month - 1];
}

/** ISO text of a date, time or date with time. A local time of day has no offset. */
export function temporalText(value) {
  if (isDate(value)) {
    return value.toISODate();
  }

  if (isTime(value)) {
    return value.toISOTime({ suppressMilliseconds: true, includeOffset: value.zone !== state.calendar?.zone });
  }

  return value.toISO({ suppressMilliseconds: true });
}

const OF_DATE = {
  year: (v) => v.year,
  month: (v) => v.month,
  day: (v) => v.day,
  weekday: (v) => v.weekday
};

const OF_CLOCK = {
  hour: (v) => v.hour,
  minute: (v) => v.minute,
  second: (v) => v.second,
  'time offset': (v) => clockDuration(v.offset * 60000),
  timezone: (v) => v.zone.name
};

const UNITS = {
  years: ({ months }) => Math.trunc(months / 12),
  months: ({ months }) => months % 12,
  days: ({ days, clock }) => days + Math.trunc(clock / DAY),
  hours: ({ clock }) => Math.trunc(clock / 3600000) % 24,
  minutes: ({ clock }) => Math.trunc(clock / 60000) % 60,
  seconds: ({ clock }) => Math.trunc(clock / 1000) % 60
};

/** The properties that FEEL gives a date, time or duration; undefined for any other name. */
export function property(value, name) {
  if (Duration.isDuration(value)) {
    return Object.hasOwn(UNITS, name) ? UNITS[name](extent(value)) : undefined;
  }

  if (!isTime(value) && Object.hasOwn(OF_DATE, name)) {
    return OF_DATE[name](value);
  }

  return !isDate(value) && Object.hasOwn(OF_CLOCK, name) ? OF_CLOCK[name](value) : undefined;
}
