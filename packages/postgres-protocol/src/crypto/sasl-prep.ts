import * as tables from './sasl-prep-tables.js';

/** Sorted, disjoint ranges: first, last, first, last, … */
type Ranges = readonly number[];

interface Tables {
  readonly toSpace: Ranges;
  readonly toNothing: Ranges;
  readonly prohibited: Ranges;
  readonly unassigned: Ranges;
  readonly rightToLeft: Ranges;
  readonly leftToRight: Ranges;
}

/** Unpacked by the first password outside ASCII. */
let unpacked: Tables | undefined;

/**
 * Prepares a password for SCRAM as PostgreSQL does: SASLprep, or the password as it is where SASLprep refuses it.
 *
 * ASCII passes unchanged. Otherwise spaces become U+0020, invisible characters vanish and compatibility forms are
 * folded (NFKC). A password that holds a prohibited or (in Unicode 3.2) unassigned character, breaks the rules for
 * right-to-left text or would be empty is returned as it came: the server kept it that way too.
 *
 * @param password - As the user typed it.
 * @returns The text whose UTF-8 goes into PBKDF2.
 * @remarks Cost: the first call with a character outside ASCII unpacks tables of 20 KiB.
 * @see {@link https://www.rfc-editor.org/rfc/rfc4013 | RFC 4013}
 */
export function saslPrep(password: string): string {
  if (/^[\0-\x7f]*$/.test(password)) return password;
  const table = (unpacked ??= unpackAll());
  const mapped: number[] = [];
  for (const character of password) {
    const code = character.codePointAt(0) as number;
    if (includes(table.toSpace, code)) mapped.push(0x20);
    else if (!includes(table.toNothing, code)) mapped.push(code);
  }
  // The server judges what it mapped, before it normalises; the same order is what makes the result the same.
  if (mapped.length === 0 || mapped.some((code) => isRefused(table, code)) || !isBidiSound(table, mapped)) {
    return password;
  }
  return mapped
    .map((code) => String.fromCodePoint(code))
    .join('')
    .normalize('NFKC');
}

function isRefused(table: Tables, code: number): boolean {
  return includes(table.prohibited, code) || includes(table.unassigned, code);
}

/** RFC 3454, section 6: right-to-left text has no left-to-right character, and begins and ends right-to-left. */
function isBidiSound(table: Tables, codes: readonly number[]): boolean {
  if (!codes.some((code) => includes(table.rightToLeft, code))) return true;
  if (codes.some((code) => includes(table.leftToRight, code))) return false;
  return includes(table.rightToLeft, codes[0] as number) && includes(table.rightToLeft, codes.at(-1) as number);
}

function includes(ranges: Ranges, code: number): boolean {
  let low = 0;
  let high = ranges.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (code > (ranges[middle * 2 + 1] as number)) low = middle + 1;
    else high = middle;
  }
  return code >= (ranges[low * 2] ?? Infinity);
}

function unpackAll(): Tables {
  return {
    toSpace: unpack(tables.MAPPED_TO_SPACE),
    toNothing: unpack(tables.MAPPED_TO_NOTHING),
    prohibited: unpack(tables.PROHIBITED),
    unassigned: unpack(tables.UNASSIGNED),
    rightToLeft: unpack(tables.RIGHT_TO_LEFT),
    leftToRight: unpack(tables.LEFT_TO_RIGHT),
  };
}

function unpack(packed: readonly string[]): Ranges {
  let at = 0;
  return packed
    .join('')
    .split(' ')
    .map((word, i) => {
      at += Number.parseInt(word, 36);
      return i % 2 === 0 ? at : at++;
    });
}
