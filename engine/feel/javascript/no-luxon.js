// Stands in for luxon, which feelin imports: nothing is a date or duration of luxon's.
class Nothing {
  static isDateTime() {
    return false;
  }

  static isDuration() {
    return false;
  }
}

export { Nothing as DateTime, Nothing as Duration, Nothing as FixedOffsetZone, Nothing as Info, Nothing as SystemZone };
