import type { WriteBuffer } from '@millrace/write-buffer';
import { MalformedValueError } from './malformed-value-error.js';
import { outOfRange, wrongKind } from './refused-value-error.js';
import type { WireType } from './wire-type.js';

// On the wire (numeric_send in numeric.c): four int16 fields and then base-10000 digits. `weight` is the power of 10000
// of the first digit; `scale` is how many decimal digits are printed behind the point. 1.50 is [1, 5000], weight 0,
// scale 2. Neither leading nor trailing zero digits are stored, so most of 1e131071 is only implied.

/**
 * `numeric` as a string, digit for digit as the server prints it, or as the nearest number; written from a string, a
 * bigint or a finite number.
 */
export const numeric: WireType = {
  oid: 1700, // pg_type.dat
  name: 'numeric',
  reader: (options) => (options.numeric === 'number' ? readNumericAsNumber : readNumeric),
  write: writeNumeric,
};

const HEADER_BYTES = 8;
// NUMERIC_* in numeric.c
const POSITIVE = 0x0000;
const NEGATIVE = 0x4000;
const SPECIALS: ReadonlyMap<number, string> = new Map([
  [0xc000, 'NaN'],
  [0xd000, 'Infinity'],
  [0xf000, '-Infinity'],
]);
const MAX_SCALE = 0x3fff;
const MAX_INTEGER_DIGITS = 131_072; // manual, 8.1.2: "up to 131072 digits before the decimal point"

function readNumeric(_bytes: Uint8Array, view: DataView, start: number, end: number): string {
  checkShape(view, start, end);
  const digitCount = view.getUint16(start);
  const weight = view.getInt16(start + 2);
  const sign = view.getUint16(start + 4);
  const scale = view.getUint16(start + 6);
  const special = SPECIALS.get(sign);
  if (special !== undefined) return special;
  if ((sign !== POSITIVE && sign !== NEGATIVE) || scale > MAX_SCALE) {
    throw new MalformedValueError(`numeric has no sign ${sign} with scale ${scale}`);
  }
  const isNegative = sign === NEGATIVE;
  // perf: prices and counts; at most twelve digits on each side of the point are exact as a number.
  if (weight >= -1 && weight < SMALL_GROUPS && digitCount - weight <= SMALL_GROUPS + 1 && scale <= 4 * SMALL_GROUPS) {
    return formatSmall(view, start, isNegative, scale);
  }
  return formatDigits(readDigits(view, start + HEADER_BYTES, digitCount), weight, isNegative, scale);
}

function checkShape(view: DataView, start: number, end: number): void {
  const length = end - start;
  if (length < HEADER_BYTES) throw new MalformedValueError(`numeric is at least 8 bytes long, got ${length}`);
  const digitCount = view.getUint16(start);
  if (length !== HEADER_BYTES + 2 * digitCount) {
    throw new MalformedValueError(`numeric with ${digitCount} digits is not ${length} bytes long`);
  }
}

/** Base-10000 digits that are still exact when they are added up: twelve decimal ones. */
const SMALL_GROUPS = 3;
const POWERS_OF_10: readonly number[] = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

function formatSmall(view: DataView, start: number, isNegative: boolean, scale: number): string {
  const pointAt = view.getInt16(start + 2) + 1;
  const digitCount = view.getUint16(start);
  const integer = groupsFrom(view, start, 0, pointAt, digitCount);
  const whole = isNegative ? `-${integer}` : integer.toString();
  if (scale === 0) {
    groupsFrom(view, start, pointAt, digitCount, digitCount); // for its check
    return whole;
  }
  const groups = Math.max(Math.ceil(scale / 4), digitCount - pointAt);
  const fraction = groupsFrom(view, start, pointAt, pointAt + groups, digitCount);
  const shown = Math.floor(fraction / (POWERS_OF_10[4 * groups - scale] as number));
  return `${whole}.${shown.toString().padStart(scale, '0')}`;
}

/** The base-10000 digits from index `from` to `to` as one integer; those that are not stored are zeros. */
function groupsFrom(view: DataView, start: number, from: number, to: number, digitCount: number): number {
  let sum = 0;
  for (let i = from; i < to; i++)
    sum = sum * 10_000 + (i < digitCount ? digitAt(view, start + HEADER_BYTES + 2 * i) : 0);
  return sum;
}

function digitAt(view: DataView, at: number): number {
  const digit = view.getUint16(at);
  if (digit > 9999) throw new MalformedValueError(`numeric digit ${digit} is more than 9999`);
  return digit;
}

function readNumericAsNumber(bytes: Uint8Array, view: DataView, start: number, end: number): number {
  checkShape(view, start, end);
  const digitCount = view.getUint16(start);
  const sign = view.getUint16(start + 4);
  const exponent = 4 * (view.getInt16(start + 2) + 1 - digitCount);
  const isPlain = (sign === POSITIVE || sign === NEGATIVE) && view.getUint16(start + 6) <= MAX_SCALE;
  if (isPlain && digitCount > 0 && digitCount <= SMALL_GROUPS && exponent >= -22 && exponent <= 22) {
    const integer = groupsFrom(view, start, 0, digitCount, digitCount);
    // Both operands are exact, so that this one operation gives the nearest number.
    const power = POWERS_OF_10[Math.abs(exponent)] as number;
    const size = exponent < 0 ? integer / power : integer * power;
    return sign === NEGATIVE ? -size : size;
  }
  const value = Number(readNumeric(bytes, view, start, end));
  if (isPlain && !Number.isFinite(value)) {
    throw new RangeError("the value is beyond the largest number; ask for numeric as 'string'");
  }
  return value;
}

/** The base-10000 digits as decimal ones, four for each. */
function readDigits(view: DataView, start: number, count: number): string {
  let decimals = '';
  for (let i = 0; i < count; i++) {
    decimals += digitAt(view, start + 2 * i)
      .toString()
      .padStart(4, '0');
  }
  return decimals;
}

function formatDigits(decimals: string, weight: number, isNegative: boolean, scale: number): string {
  // How many of `decimals` stand before the point: not positive for 0.00001, more than there are for 1e131071.
  const integerDigits = decimals.length === 0 ? 0 : 4 * (weight + 1);
  // Implied zeros come from repeat() and are joined last: such a string shares its parts, so that ten bytes from the
  // wire do not become 131072 in memory before somebody looks at them.
  const given = decimals.slice(0, Math.max(0, integerDigits));
  const integer = given.replace(/^0+/, '') + '0'.repeat(Math.max(0, integerDigits - given.length));
  const whole = `${isNegative ? '-' : ''}${integer || '0'}`;
  if (scale === 0) return whole;
  // No more than will be printed, however small the wire says the value is.
  const leadingZeros = Math.min(Math.max(0, -integerDigits), scale);
  const fraction = decimals.slice(given.length, given.length + scale - leadingZeros);
  return `${whole}.${'0'.repeat(leadingZeros)}${fraction}${'0'.repeat(scale - leadingZeros - fraction.length)}`;
}

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,7}))?$/i;
const SPECIAL_NAME = /^(?:nan|[+-]?inf(?:inity)?)$/i;

function writeNumeric(out: WriteBuffer, value: unknown): void {
  const expected = 'a decimal number as a string, a bigint or a finite number';
  let source: string;
  if (typeof value === 'string') source = value;
  else if (typeof value === 'bigint') source = value.toString();
  else if (typeof value !== 'number') throw wrongKind(expected, value);
  else if (Number.isFinite(value)) source = value.toString();
  else throw outOfRange(`${expected} (NaN, Infinity and -Infinity as strings)`, 'a number that is not finite');

  if (SPECIAL_NAME.test(source)) {
    writeSpecial(out, source.toLowerCase());
    return;
  }
  const match = DECIMAL.exec(source);
  const [, sign, integer = '', fraction = '', exponent = '0'] = match ?? [];
  if (match === null || integer.length + fraction.length === 0) throw outOfRange(expected, 'a string of another form');
  writeDecimal(out, sign === '-', integer, fraction, Number(exponent));
}

function writeSpecial(out: WriteBuffer, name: string): void {
  const sign = name === 'nan' ? 0xc000 : name.startsWith('-') ? 0xf000 : 0xd000;
  out.writeInt32(HEADER_BYTES);
  out.writeInt32(0); // no digits, weight 0
  out.writeUint16(sign);
  out.writeUint16(0);
}

function writeDecimal(
  out: WriteBuffer,
  isNegative: boolean,
  integer: string,
  fraction: string,
  exponent: number,
): void {
  const scale = Math.max(0, fraction.length - exponent);
  const decimals = integer + fraction;
  let start = 0;
  while (decimals.charCodeAt(start) === 0x30) start++;
  let end = decimals.length;
  while (end > start && decimals.charCodeAt(end - 1) === 0x30) end--;
  // How far the point is behind the first digit that is not zero.
  const pointAt = integer.length + exponent - start;
  if (scale > MAX_SCALE || (end > start && pointAt > MAX_INTEGER_DIGITS)) {
    throw outOfRange('at most 131072 digits before the point and 16383 behind it', 'more');
  }
  if (end === start) {
    writeHeader(out, 0, 0, false, scale);
    return;
  }
  // Grouped by four from the point: the first group is filled with zeros on the left, the last one on the right.
  const weight = Math.ceil(pointAt / 4) - 1;
  const first = start - (4 * (weight + 1) - pointAt);
  const digitCount = Math.ceil((end - first) / 4);
  writeHeader(out, digitCount, weight, isNegative, scale);
  for (let at = first; at < end; at += 4) {
    let digit = 0;
    for (let i = at; i < at + 4; i++) digit = digit * 10 + (i >= start && i < end ? decimals.charCodeAt(i) - 0x30 : 0);
    out.writeUint16(digit);
  }
}

function writeHeader(out: WriteBuffer, digitCount: number, weight: number, isNegative: boolean, scale: number): void {
  out.writeInt32(HEADER_BYTES + 2 * digitCount);
  out.writeUint16(digitCount);
  out.writeInt16(weight);
  out.writeUint16(isNegative ? NEGATIVE : POSITIVE);
  out.writeUint16(scale);
}
