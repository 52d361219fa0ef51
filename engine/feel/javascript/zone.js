// Time zones without Intl: one over the table of offsets that Python hands in, and one that marks a value as a date.
import { FixedOffsetZone, Zone } from 'luxon';

const DAY = 86400000;

function twoDigits(number) {
  return String(Math.trunc(Math.abs(number))).padStart(2, '0');
}

function formatted(minutes, format) {
  const sign = minutes < 0 ? '-' : '+';
  const hours = twoDigits(minutes / 60);
  const rest = twoDigits(minutes % 60);

  return format === 'techie' ? `${sign}${hours}${rest}` : `${sign}${hours}:${rest}`;
}

/** An organisation's zone: offsets that change at the instants of a table. */
export class TableZone extends Zone {

  /**
   * @param {string} name
   * @param {[number, number][]} transitions UTC seconds and the offset in seconds from then on, in order
   */
  constructor(name, transitions) {
    super();

    this.zone = name;
    this.starts = transitions.map(([ start ]) => start * 1000);
    this.offsets = transitions.map(([ , offset ]) => offset / 60);
  }

  get type() { return 'table'; }
  get name() { return this.zone; }
  get isUniversal() { return false; }
  get isValid() { return true; }

  offsetName() { return this.zone; }
  formatOffset(instant, format) { return formatted(this.offset(instant), format); }
  equals(other) { return other === this; }

  /** Minutes east of Greenwich at an instant (milliseconds). */
  offset(instant) {
    let low = 0, high = this.starts.length - 1;

    while (low < high) {
      const middle = (low + high + 1) >> 1;

      if (this.starts[middle] <= instant) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }

    return this.offsets[low];
  }
}

/** The zone of a value that is a date and nothing else: how FEEL's `date` is told from midnight in UTC. */
class DateZone extends Zone {
  get type() { return 'date'; }
  get name() { return 'UTC'; }
  get isUniversal() { return true; }
  get isValid() { return true; }

  offsetName() { return 'UTC'; }
  formatOffset(instant, format) { return formatted(0, format); }
  equals(other) { return other === this; }
  offset() { return 0; }
}

export const DATE = new DateZone();

/**
 * The instant at which a zone's clocks show a local time (both in milliseconds). The first of two when they show it
 * twice; moved forward by the gap when they never do. The same rule as engine/calendars.py.
 */
export function instantOf(local, zone) {
  const before = zone.offset(local - DAY) * 60000;
  const after = zone.offset(local + DAY) * 60000;

  if (before === after) {
    return local - before;
  }

  const early = local - Math.max(before, after);
  const late = local - Math.min(before, after);

  if (zone.offset(early) * 60000 === local - early) {
    return early;
  }

  if (zone.offset(late) * 60000 === local - late) {
    return late;
  }

  return local - before;
}

/** A zone of its own for an offset in minutes. */
export function fixedZone(minutes) {
  return FixedOffsetZone.instance(minutes);
}
