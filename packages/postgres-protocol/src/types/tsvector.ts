import type { WriteBuffer } from '@millrace/write-buffer';
import { endOfLexeme, LexemeScanner, readLexeme, writeLexeme } from './lexemes.js';
import { MalformedValueError } from './malformed-value-error.js';
import { wrongKind } from './refused-value-error.js';
import { checkWellFormed } from './well-formed.js';
import type { WireType } from './wire-type.js';

// On the wire (tsvectorsend in tsvector.c): int32 number of lexemes; for each its text and a zero byte, int16 number of
// positions, and each position as an int16 of 2 bits weight and 14 bits place.

const MIN_LEXEME_BYTES = 3;
const MAX_POSITIONS = 256; // MAXNUMPOS in ts_type.h
const MAX_PLACE = 0x3fff; // MAXENTRYPOS - 1
const WEIGHTS = ['', 'C', 'B', 'A'];

/** `tsvector` as the server prints it: `'fat':2,4B 'rat'`. Written from any text that the server reads. */
export const tsvector: WireType = {
  oid: 3614, // pg_type.dat
  name: 'tsvector',
  reader: () => readTsvector,
  write: writeTsvector,
};

function readTsvector(bytes: Uint8Array, view: DataView, start: number, end: number): string {
  const length = end - start;
  if (length < 4) throw new MalformedValueError(`tsvector is at least 4 bytes long, got ${length}`);
  const count = view.getInt32(start);
  if (count < 0 || count * MIN_LEXEME_BYTES > length - 4) {
    throw new MalformedValueError(`tsvector has no ${count} lexemes in ${length - 4} bytes`);
  }
  let printed = '';
  let at = start + 4;
  for (let i = 0; i < count; i++) {
    const lexemeEnd = endOfLexeme(bytes, at, end);
    const positionsAt = lexemeEnd + 3;
    if (positionsAt > end) throw new MalformedValueError('tsvector ends in a lexeme');
    const positions = view.getUint16(lexemeEnd + 1);
    if (positions * 2 > end - positionsAt) {
      throw new MalformedValueError(`tsvector has no ${positions} positions in ${end - positionsAt} bytes`);
    }
    if (i > 0) printed += ' ';
    printed += readLexeme(bytes, at, lexemeEnd);
    at = positionsAt + positions * 2;
    for (let place = positionsAt; place < at; place += 2) {
      const position = view.getUint16(place);
      printed += `${place === positionsAt ? ':' : ','}${position & MAX_PLACE}${WEIGHTS[position >> 14]}`;
    }
  }
  if (at !== end) throw new MalformedValueError(`tsvector of ${length} bytes ends ${end - at} bytes off`);
  return printed;
}

function writeTsvector(out: WriteBuffer, value: unknown): void {
  const expected = "a tsvector, such as 'fat':2,4B 'rat'";
  if (typeof value !== 'string') throw wrongKind(expected, value);
  checkWellFormed(value);
  const lexemes = parseTsvector(new LexemeScanner(value, expected, false));
  const lengthAt = out.reserveInt32();
  const start = out.length;
  out.writeInt32(lexemes.size);
  // In any order: the server sorts them.
  for (const [lexeme, positions] of lexemes) {
    writeLexeme(out, lexeme);
    const kept = keptPositions(positions);
    out.writeInt16(kept.length);
    for (const [place, weight] of kept) out.writeUint16((weight << 14) | place);
  }
  out.patchInt32(lengthAt, out.length - start);
}

type Position = readonly [place: number, weight: number];

function parseTsvector(scanner: LexemeScanner): Map<string, Position[]> {
  const lexemes = new Map<string, Position[]>();
  while (scanner.next() !== '') {
    const lexeme = scanner.lexeme();
    const positions = lexemes.get(lexeme) ?? [];
    lexemes.set(lexeme, positions);
    if (!scanner.skip(':')) continue;
    do {
      positions.push(parsePosition(scanner));
    } while (scanner.skip(','));
    if (!scanner.isAtSpaceOrEnd) throw scanner.refuse();
  }
  return lexemes;
}

/** A place behind the last that there is counts as the last. Without A, B or C, the weight is D; later digits are nothing. */
function parsePosition(scanner: LexemeScanner): Position {
  const [, digits, letter = ''] = scanner.match(/(\d+)[d\d]*([abc*]?)\d*/iy) ?? [];
  const place = Math.min(Number(digits), MAX_PLACE);
  if (!(place > 0)) throw scanner.refuse();
  return [place, letter === '*' ? 3 : Math.max(0, WEIGHTS.indexOf(letter.toUpperCase()))];
}

/** Ascending, each place once with its greatest weight, and no more than the server keeps. */
function keptPositions(positions: readonly Position[]): readonly Position[] {
  const weights = new Map<number, number>();
  for (const [place, weight] of positions) weights.set(place, Math.max(weight, weights.get(place) ?? 0));
  return [...weights].sort(([a], [b]) => a - b).slice(0, MAX_POSITIONS);
}
