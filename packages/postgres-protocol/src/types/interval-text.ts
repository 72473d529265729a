import type { Interval } from './interval.js';

// Two notations of the server for intervals: ISO 8601 with a sign at every field, and what it prints by default, which
// people write by hand as well: '1 day', '-2 hours 30 minutes'. Fractions are exact or refused: the server spreads half
// a month over days, by rules that are its own.

/** What a unit adds: months, days, microseconds. */
type Unit = readonly [months: number, days: number, microseconds: bigint];

const YEAR: Unit = [12, 0, 0n];
const MONTH: Unit = [1, 0, 0n];
const WEEK: Unit = [0, 7, 0n];
const DAY: Unit = [0, 1, 0n];
const HOUR: Unit = [0, 0, 3_600_000_000n];
const MINUTE: Unit = [0, 0, 60_000_000n];
const SECOND: Unit = [0, 0, 1_000_000n];
const MILLISECOND: Unit = [0, 0, 1000n];
const MICROSECOND: Unit = [0, 0, 1n];

const UNITS: ReadonlyMap<string, Unit> = new Map([
  ['year', YEAR],
  ['mon', MONTH],
  ['month', MONTH],
  ['week', WEEK],
  ['day', DAY],
  ['hour', HOUR],
  ['min', MINUTE],
  ['minute', MINUTE],
  ['sec', SECOND],
  ['second', SECOND],
  ['millisecond', MILLISECOND],
  ['microsecond', MICROSECOND],
]);

const ISO_UNITS: readonly Unit[] = [YEAR, MONTH, WEEK, DAY, HOUR, MINUTE];

const ISO_INTEGER = String.raw`([+-]?\d{1,20})`;
const ISO_DATE = ['Y', 'M', 'W', 'D'].map((letter) => `(?:${ISO_INTEGER}${letter})?`).join('');
const ISO_TIME = String.raw`(?:${ISO_INTEGER}H)?(?:${ISO_INTEGER}M)?(?:([+-]?\d{1,20}(?:\.\d{1,6})?)S)?`;
/** Something has to follow P, and T where there is one. */
const ISO_DURATION = new RegExp(String.raw`^P(?=[T\d+-])${ISO_DATE}(?:T(?=[\d+-])${ISO_TIME})?$`);

const AMOUNT = String.raw`([+-]?)(\d{1,20})(\.\d{1,6})?`;
/** An amount and its unit, or hours, minutes and perhaps seconds. */
const FIELD = new RegExp(String.raw`^(?:${AMOUNT} ?([a-z]+)|([+-]?)(\d{1,20}):(\d{2})(?::(\d{2}(?:\.\d{1,6})?))?)$`);

/**
 * Reads `'P1Y2M3DT4H5M6.7S'` or `'1 year 2 mons -3 days +04:05:06.7'`.
 *
 * @returns The interval, its fields perhaps larger than the type holds, or `undefined` for a string of another form.
 */
export function intervalFromText(source: string): Interval | undefined {
  const total = new Total();
  const iso = ISO_DURATION.exec(source);
  if (iso !== null) {
    for (const [i, unit] of ISO_UNITS.entries()) total.add(unit, iso[i + 1] ?? '0');
    total.add(SECOND, iso[7] ?? '0');
    return total;
  }
  // The space between an amount and its unit is no end of a field.
  const fields = source.toLowerCase().split(/ (?=[+-]?\d)/);
  return fields.every((field) => addField(total, field)) ? total : undefined;
}

function addField(total: Total, field: string): boolean {
  const match = FIELD.exec(field);
  if (match === null) return false;
  const [, sign = '', integer = '', fraction = '', name, clockSign = '', hours = '', minutes = '', seconds = '0'] =
    match;
  if (name === undefined) {
    total.add(HOUR, clockSign + hours);
    total.add(MINUTE, clockSign + minutes);
    total.add(SECOND, clockSign + seconds);
    return Number(minutes) <= 59 && Number(seconds) < 60;
  }
  const unit = UNITS.get(name) ?? UNITS.get(name.replace(/s$/, ''));
  return unit !== undefined && total.add(unit, sign + integer + fraction);
}

class Total implements Interval {
  months = 0;
  days = 0;
  microseconds = 0n;

  /** Adds decimal digits of a unit; false where that would leave a fraction of a month, a day or a microsecond. */
  add([months, days, microseconds]: Unit, amount: string): boolean {
    const [integer = '', fraction = ''] = amount.replace(/^\+/, '').split('.');
    if (fraction !== '' && microseconds === 0n) return false;
    const scale = 10n ** BigInt(fraction.length);
    const scaled = microseconds * BigInt(integer + fraction);
    this.months += months * Number(integer);
    this.days += days * Number(integer);
    this.microseconds += scaled / scale;
    return scaled % scale === 0n;
  }
}
