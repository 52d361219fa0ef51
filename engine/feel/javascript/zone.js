// Time zones without Intl: offsets from the table that Python hands in, or one offset for all time.

const DAY = 86400000;

function twoDigits(number) {
  return String(Math.trunc(Math.abs(number))).padStart(2, '0');
}

/** An offset in minutes as `+01:00`. */
export function offsetText(minutes) {
  return `${ minutes < 0 ? '-' : '+' }${ twoDigits(minutes / 60) }:${ twoDigits(minutes % 60) }`;
}

/** An organisation's zone: offsets that change at the instants of a table. */
export class TableZone {

  /**
   * @param {string} name
   * @param {[number, number][]} transitions UTC seconds and the offset in seconds from then on, in order
   */
  constructor(name, transitions) {
    this.name = name;
    this.starts = transitions.map(([ start ]) => start * 1000);
    this.offsets = transitions.map(([ , offset ]) => offset / 60);
  }

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

class FixedZone {
  constructor(minutes) {
    this.minutes = minutes;
    this.name = minutes === 0 ? 'Z' : offsetText(minutes);
  }

  offset() {
    return this.minutes;
  }
}

const fixed = new Map();

/** The zone of an offset in minutes. */
export function fixedZone(minutes) {
  if (!fixed.has(minutes)) {
    fixed.set(minutes, new FixedZone(minutes));
  }

  return fixed.get(minutes);
}

export const UTC = fixedZone(0);

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

  return zone.offset(late) * 60000 === local - late ? late : local - before;
}
