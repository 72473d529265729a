import { describe, expect, test } from 'vitest';
import { MalformedValueError } from '../src/types/malformed-value-error.js';
import { RefusedValueError } from '../src/types/refused-value-error.js';
import { tsquery } from '../src/types/tsquery.js';
import { tsvector } from '../src/types/tsvector.js';
import { isValue, readMutations } from './fixtures/mutations.js';
import { readHex, writeHex } from './fixtures/type-bytes.js';

/** What a live PostgreSQL 18 sends for each, and prints. */
const goldens = [
  [tsvector, '00000000', ''],
  [tsvector, '000000026100000062000002c0010003', "'a' 'b':1A,3"],
  [tsvector, '00000002625c630000006974277300000280023fff', "'b\\\\c' 'it''s':2B,16383"],
  [tsquery, '000000040202020101090162000100006100', "'a' & !'b':*AD"],
  [tsquery, '000000070203020201000064000203010000630001000062000100006100', "'a' | ( 'b' | 'c' ) & 'd'"],
  [tsquery, '000000050204000202040001010000630001000062000100006100', "'a' <2> ( 'b' <-> 'c' )"],
  [tsquery, '0000000402010204000101000062000100006100', "!( 'a' <-> 'b' )"],
] as const;

describe.each(goldens)('%# of $0.name', (type, wire, printed) => {
  test('is read as the server prints it and written as the server sends it', () => {
    expect(readHex(type, wire)).toBe(printed);
    expect(writeHex(type, printed)).toBe(wire);
  });

  test('cut short anywhere or made longer is malformed', () => {
    for (let length = 0; length < wire.length; length += 2) expect(isValue(type, wire.slice(0, length))).toBe(false);
    expect(isValue(type, `${wire}00`)).toBe(false);
  });

  test('with any bytes changed is a value or malformed, and nothing else', () => {
    readMutations(type, wire, 72, 300);
  });
});

test.each([
  ['a negative number of lexemes', tsvector, 'ffffffff', 'tsvector has no -1 lexemes in 0 bytes'],
  ['more lexemes than bytes', tsvector, '7fffffff610000', 'tsvector has no 2147483647 lexemes in 3 bytes'],
  ['a lexeme without an end', tsvector, '00000001616161', 'a lexeme has no end'],
  ['a lexeme without its positions', tsvector, '0000000161610000', 'tsvector ends in a lexeme'],
  ['more positions than bytes', tsvector, '000000016100ffff0001', 'tsvector has no 65535 positions in 2 bytes'],
  ['bytes behind the lexemes', tsvector, '00000001610000000001', 'tsvector of 10 bytes ends 2 bytes off'],
  ['more items than bytes', tsquery, '000000030101006100', 'tsquery has no 3 items in 5 bytes'],
  ['an item of another kind', tsquery, '000000010300', 'tsquery has no item of kind 3'],
  ['another operator', tsquery, '000000010205', 'tsquery has no operator 5'],
  ['a phrase without its distance', tsquery, '00000001020400', 'tsquery ends in an item'],
  ['an end before the last item', tsquery, '000000020100006100', 'tsquery ends in an item'],
  ['an operand without its end', tsquery, '000000010100', 'a lexeme has no end'],
  ['other weights', tsquery, '000000010110006100', 'tsquery has no weights 16, prefix 0'],
  ['another prefix', tsquery, '000000010100026100', 'tsquery has no weights 0, prefix 2'],
  ['an operator without operands', tsquery, '000000010201', 'tsquery has an operator without its operands'],
  ['an operator with one operand', tsquery, '0000000202020100006100', 'tsquery has an operator without its operands'],
  ['operands without an operator', tsquery, '0000000201000061000100006200', 'tsquery has operands without an operator'],
  ['bytes behind the items', tsquery, '00000001010000610000', 'tsquery of 10 bytes ends 1 bytes off'],
])('%s is malformed', (_, type, wire, message) => {
  expect(() => readHex(type, wire)).toThrow(MalformedValueError);
  expect(() => readHex(type, wire)).toThrow(message);
});

test('a tsquery of any depth needs no stack', () => {
  const depth = 20_000;
  const count = (depth + 1).toString(16).padStart(8, '0');
  expect(readHex(tsquery, `${count}${'0201'.repeat(depth)}0100006100`)).toBe(`${'!'.repeat(depth)}'a'`);
  expect(writeHex(tsquery, `${'!'.repeat(depth)}a`)).toBe(`${count}${'0201'.repeat(depth)}0100006100`);
  expect(writeHex(tsquery, `${'('.repeat(depth)}a${')'.repeat(depth)}`)).toBe('000000010100006100');
});

test.each([
  [tsvector, "b:5,2c  a:1*\n a:3 b:2a 'c' d\\ e \\'f", "'b':2A,5 'a':1A,3 'c' 'd e' '''f'"],
  [tsvector, ":x:1 y'z \u00a0é😀:70000", "':x':1 'y''z' '\u00a0é😀':16383"],
  [tsvector, 'a:2d5,3A7,4dB', "'a':2,3A,4B"],
  [tsquery, '!a&b|c', "!'a' & 'b' | 'c'"],
  [tsquery, 'a|b&c <-> !d', "'a' | 'b' & 'c' <-> !'d'"],
  [tsquery, '(a | b) & (c & d)', "( 'a' | 'b' ) & 'c' & 'd'"],
  [tsquery, 'a<->b<0>c', "'a' <-> 'b' <0> 'c'"],
  [tsquery, "'it''s':ba* & x\\&y:", "'it''s':*AB & 'x&y'"],
  [tsquery, ' !(!(a & b)) ', "!!( 'a' & 'b' )"],
])('%# other spellings are written: $1', (type, spelling, printed) => {
  expect(readHex(type, writeHex(type, spelling))).toBe(printed);
});

test('of a lexeme, a tsvector keeps the 256 first positions and each once', () => {
  const places = Array.from({ length: 300 }, (_, i) => 300 - i);
  const kept = Array.from({ length: 256 }, (_, i) => i + 1);
  expect(readHex(tsvector, writeHex(tsvector, `a:${places.join()},1B`))).toBe(`'a':${kept.join().replace('1', '1B')}`);
});

test.each([
  [tsvector, ["''", "'a", 'a\\', 'a:', 'a:0', 'a:x', 'a:1,', 'a:1AB', 'a:1x', 'a:1\u00a0b']],
  [
    tsquery,
    ['a b', 'a &', '& a', '!', '()', '(a', 'a)', 'a <> b', 'a <-1> b', 'a <- > b', "'a", ':a', 'a:x', "''", '<0>'],
  ],
])('%# what is none is refused by its place, without being quoted', (type, refused) => {
  for (const text of refused) {
    expect(() => writeHex(type, text), text).toThrow(RefusedValueError);
    expect(() => writeHex(type, text)).toThrow(
      /^expected a ts[a-z]+, such as 'fat':.*, got a string that is wrong at character \d+$/,
    );
  }
});

test.each([
  [tsquery, '', 'not empty, got a string without a lexeme'],
  [tsquery, ' \n', 'not empty, got a string without a lexeme'],
  [tsquery, 'a <16385> b', 'expected a distance of at most 16384, got a greater one'],
  [tsquery, 'a\0b', 'got a string with U+0000'],
  [tsvector, 'a\0b', 'got a string with U+0000'],
  [tsvector, 'é'.repeat(1024), 'expected lexemes of at most 2047 bytes, got one of 2048'],
  [tsquery, 'a'.repeat(2048), 'expected lexemes of at most 2047 bytes, got one of 2048'],
  [tsvector, '\ud800', 'expected a well-formed string'],
  [tsquery, '\ud800', 'expected a well-formed string'],
  [tsvector, 1, "expected a tsvector, such as 'fat':2,4B 'rat', got a number"],
  [tsquery, ['a'], "cat', got an array"],
])('%# what the server cannot take is refused: $2', (type, value, message) => {
  expect(() => writeHex(type, value)).toThrow(RefusedValueError);
  expect(() => writeHex(type, value)).toThrow(message);
});
