// Dates, times, dates with times, and durations. Our own types instead of feelin's, which are luxon's: there a date is
// midnight in UTC and a time the first of January 1900, and each costs ten times as much to make.
//
// Text is read strictly, local time is the organisation's, and what is not exact is refused instead of rounded.
import { state, warn } from './state.js';
import { UTC, fixedZone, instantOf, offsetText } from './zone.js';

export const DAY = 86400000;

/** The years that a date can have are 1 to 9999. */
const FIRST_DAY = -719162;
const LAST_DAY = 2932896;

const DATE_TEXT = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME_TEXT = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d|@.+)?$/;
const DURATION_TEXT = /^(-)?P(?=.)(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?$/;

const WEEKDAYS = [ 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday' ];
const MONTHS = [
  'January', 'February', 'March', 'April', 'May', 'June',
  'July', 'August', 'September', 'October', 'November', 'December'
];

/** A date (of no zone), a time of day, or a date with time. */
export class Temporal {

  /**
   * @param {'date'|'time'|'date time'} type
   * @param {number} at UTC milliseconds; of a date those of its midnight in UTC, of a time those since local midnight
   * @param {TableZone|FixedZone} zone
   */
  constructor(type, at, zone) {
    this.type = type;
    this.at = at;
    this.zone = zone;
  }

  /** What the clocks beside it show, as milliseconds since 1970 (of a time: since midnight). */
  get local() {
    return this.type === 'date time' ? this.at + this.zone.offset(this.at) * 60000 : this.at;
  }

  get isLocal() {
    return this.zone === state.calendar?.zone;
  }
}

/** Months and days on the calendar and milliseconds on the clock: each keeps its own unit, as in engine/durations.py. */
export class Duration {
  constructor(months, days, clock) {
    this.months = months;
    this.days = days;
    this.clock = clock;
  }

  times(factor) {
    return new Duration(this.months * factor, this.days * factor, Math.round(this.clock * factor));
  }

  plus(other) {
    return new Duration(this.months + other.months, this.days + other.days, this.clock + other.clock);
  }

  /** FEEL's kinds, which cannot be compared with each other: `months` or `clock`; a duration may be `both` or `none`. */
  get kind() {
    const other = this.days !== 0 || this.clock !== 0;

    return this.months ? (other ? 'both' : 'months') : (other ? 'clock' : 'none');
  }
}

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
  return day >= FIRST_DAY && day <= LAST_DAY ? new Temporal('date', day * DAY, UTC) : null;
}

/** The day number that a date, or the clocks beside a date with time, show. */
export function dayOf(value) {
  return Math.floor(value.local / DAY);
}

/** Milliseconds since midnight that the clocks beside a value show. */
export function clockOf(value) {
  return value.local - dayOf(value) * DAY;
}

export function readDate(text) {
  const match = DATE_TEXT.exec(text);
  const day = match && dayNumber(+match[1], +match[2], +match[3]);

  return day === null ? null : dateOfDay(day);
}

// times ////////////////////

/** Milliseconds since midnight and the zone of a text such as `10:00`, `10:00:00+01:00`; null if it is none. */
function readClock(text) {
  const match = TIME_TEXT.exec(text);

  if (!match) {
    return null;
  }

  const [ , hour, minute, second = '0', fraction = '', zoneText ] = match;
  const zone = zoneText ? readZone(zoneText) : localZone();

  if (!zone || +hour > 23 || +minute > 59 || +second > 59) {
    return null;
  }

  return { clock: ((+hour * 60 + +minute) * 60 + +second) * 1000 + Math.floor(+`0.${ fraction || 0 }` * 1000), zone };
}

/** null for a zone that is not known here: the organisation's own and UTC are. */
function readZone(text) {
  if (text.startsWith('@')) {
    const name = text.slice(1);

    return name === localZone().name ? localZone() : [ 'UTC', 'GMT', 'Z', 'Etc/UTC' ].includes(name) ? UTC : null;
  }

  if (text === 'Z') {
    return UTC;
  }

  const [ hours, minutes ] = [ +text.slice(1, 3), +text.slice(4, 6) ];

  return hours > 18 || minutes > 59 ? null : fixedZone((text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes));
}

export function readTime(text) {
  const read = readClock(text);

  return read && new Temporal('time', read.clock, read.zone);
}

/** FEEL's time of milliseconds since midnight. */
export function timeOf(clock, zone = localZone()) {
  return new Temporal('time', clock, zone);
}

// dates with times ////////////////////

export function localZone() {
  return state.calendar.zone;
}

/** A date with time; null beyond the years that a date can have. */
export function instant(milliseconds, zone = localZone()) {
  // A day less at both ends, so that the local day is within the years too.
  return milliseconds >= (FIRST_DAY + 1) * DAY && milliseconds < LAST_DAY * DAY
    ? new Temporal('date time', milliseconds, zone)
    : null;
}

/** A date with time from a day number and milliseconds since its midnight. */
export function moment(day, clock, zone = localZone()) {
  if (zone === localZone() && !state.calendar.covers(day)) {
    return warn('INVALID_TYPE', 'local-time');
  }

  return instant(instantOf(day * DAY + clock, zone), zone);
}

export function readDateTime(text) {
  const cut = text.indexOf('T');
  const date = cut < 0 ? null : readDate(text.slice(0, cut));
  const read = date && readClock(text.slice(cut + 1));

  return read ? moment(dayOf(date), read.clock, read.zone) : null;
}

// durations ////////////////////

export function readDuration(text) {
  const match = DURATION_TEXT.exec(text);

  if (!match) {
    return null;
  }

  const [ years, months, weeks, days, hours, minutes, seconds ] = match.slice(2).map((part) => +(part ?? 0));
  const duration = new Duration(years * 12 + months, weeks * 7 + days, Math.round(((hours * 60 + minutes) * 60 + seconds) * 1000));

  return match[1] ? duration.times(-1) : duration;
}

/** ISO text. Days stay days and hours hours: two days are not 48 hours when clocks change. */
export function durationText(duration) {
  const negative = duration.months < 0 || duration.days < 0 || duration.clock < 0;
  const { months, days, clock } = negative ? duration.times(-1) : duration;

  if (months < 0 || days < 0 || clock < 0) {
    return warn('INVALID_TYPE', 'mixed-duration');
  }

  const part = (amount, unit) => amount ? `${ amount }${ unit }` : '';
  const date = part(Math.trunc(months / 12), 'Y') + part(months % 12, 'M') + part(days, 'D');
  const time = part(Math.trunc(clock / 3600000), 'H') + part(Math.trunc(clock / 60000) % 60, 'M') + part(clock % 60000 / 1000, 'S');

  return `${ negative ? '-' : '' }P${ date }${ time ? `T${ time }` : '' }${ date || time ? '' : 'T0S' }`;
}

// arithmetic ////////////////////

/** The day some months later; the last of the month if it has no such day. null beyond the years a date can have. */
export function addMonths(day, months) {
  const date = new Date(day * DAY);
  const index = date.getUTCFullYear() * 12 + date.getUTCMonth() + months;
  const year = Math.floor(index / 12);
  let last = date.getUTCDate();
  let found = dayNumber(year, index - year * 12 + 1, last);

  while (found === null && last > 28) {
    found = dayNumber(year, index - year * 12 + 1, --last);
  }

  return found;
}

/**
 * A date, time or date with time, moved by a duration. Days and longer keep the local time of day, clock units are
 * clock time: the same rule as engine/calendars.py.
 */
export function plus(value, { months, days, clock }) {
  if (value.type === 'time') {
    return months
      ? warn('INVALID_TYPE', 'months-of-day')
      : timeOf(((value.at + clock) % DAY + DAY) % DAY, value.zone);
  }

  const from = dayOf(value);
  const later = months ? addMonths(from, months) : from;
  const day = later === null ? null : later + days;

  if (day === null) {
    return outOfRange();
  }

  if (value.type === 'date') {
    return dateOfDay(day + Math.floor(clock / DAY)) ?? outOfRange();
  }

  const start = day === from ? value : moment(day, clockOf(value), value.zone);

  return start && (instant(start.at + clock, value.zone) ?? outOfRange());
}

function outOfRange() {
  return warn('INVALID_TYPE', 'years');
}

/** Between dates whole days, between others clock time: each, added, leads back to exactly where it came from. */
export function difference(a, b) {
  return a.type === 'date' ? new Duration(0, (a.at - b.at) / DAY, 0) : new Duration(0, 0, a.at - b.at);
}

/** Whole months from one day number to another, toward zero. */
export function monthsBetween(from, to) {
  if (to < from) {
    return -monthsBetween(to, from);
  }

  const [ a, b ] = [ new Date(from * DAY), new Date(to * DAY) ];
  const months = (b.getUTCFullYear() - a.getUTCFullYear()) * 12 + b.getUTCMonth() - a.getUTCMonth();

  return addMonths(from, months) > to ? months - 1 : months;
}

// text and properties ////////////////////

/** 1 (Monday) to 7. */
export function weekday(value) {
  return ((dayOf(value) + 3) % 7 + 7) % 7 + 1;
}

export function weekdayName(value) {
  return WEEKDAYS[weekday(value) - 1];
}

export function monthName(value) {
  return MONTHS[new Date(value.local).getUTCMonth()];
}

/** ISO text. A local time of day has no offset, a date with time always has. */
export function temporalText(value) {
  const text = new Date(value.local).toISOString();

  if (value.type === 'date') {
    return text.slice(0, 10);
  }

  const shown = text.slice(0, text.endsWith('.000Z') ? 19 : 23);

  if (value.type === 'time') {
    return shown.slice(11) + (value.isLocal ? '' : value.zone.name);
  }

  return shown + (value.isLocal ? offsetText(value.zone.offset(value.at)) : value.zone.name);
}

const OF_DATE = {
  year: (local) => local.getUTCFullYear(),
  month: (local) => local.getUTCMonth() + 1,
  day: (local) => local.getUTCDate(),
  weekday: (local) => (local.getUTCDay() + 6) % 7 + 1
};

const OF_CLOCK = {
  hour: (local) => local.getUTCHours(),
  minute: (local) => local.getUTCMinutes(),
  second: (local) => local.getUTCSeconds(),
  'time offset': (local, value) => new Duration(0, 0, value.zone.offset(value.at) * 60000),
  timezone: (local, value) => value.zone.name
};

const OF_DURATION = {
  years: ({ months }) => Math.trunc(months / 12),
  months: ({ months }) => months % 12,
  days: ({ days, clock }) => days + Math.trunc(clock / DAY),
  hours: ({ clock }) => Math.trunc(clock / 3600000) % 24,
  minutes: ({ clock }) => Math.trunc(clock / 60000) % 60,
  seconds: ({ clock }) => Math.trunc(clock / 1000) % 60
};

/** The properties that FEEL gives a date, time or duration; undefined for any other name. */
export function property(value, name) {
  if (value instanceof Duration) {
    return Object.hasOwn(OF_DURATION, name) ? OF_DURATION[name](value) : undefined;
  }

  const kinds = { 'date': [ OF_DATE ], 'time': [ OF_CLOCK ], 'date time': [ OF_DATE, OF_CLOCK ] }[value.type];
  const kind = kinds.find((properties) => Object.hasOwn(properties, name));

  return kind && kind[name](new Date(value.local), value);
}
