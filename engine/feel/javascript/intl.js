// The embedded engine has no Intl, and luxon asks it three things when it is loaded and when it makes a DateTime:
// the locale, the calendar and the zone. The answers never show: names of days and months are our own (temporal.js),
// and every zone is given.
const options = Object.freeze({
  locale: 'en-US',
  calendar: 'gregory',
  numberingSystem: 'latn',
  timeZone: 'UTC'
});

if (typeof globalThis.Intl === 'undefined') {
  globalThis.Intl = {
    DateTimeFormat: class {
      resolvedOptions() {
        return options;
      }
    }
  };
}
