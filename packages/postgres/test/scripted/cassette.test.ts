import { describe, expect, test } from 'vitest';
import { formatCassettes, parseCassettes } from './cassette.js';
import type { Event } from './cassette.js';

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const row = (n: number): Uint8Array => Uint8Array.of(0x44, 0, 0, 0, 8, 0, 0, n >> 8, n & 255);

describe('a cassette', () => {
  test.each<[string, Event, string]>([
    ['a connection', { kind: 'open', connection: 2 }, '2 open'],
    ['a client that leaves', { kind: 'left', connection: 0 }, '0 left'],
    ['a server that closes', { kind: 'closed', connection: 0, delayMs: 3 }, '0 +3 closed'],
    ['a reset', { kind: 'lost', connection: 0, delayMs: 0 }, '0 +0 lost'],
    ['an action', { kind: 'action', name: 'cut' }, '! cut'],
    ['a packet', { kind: 'said', connection: 0, bytes: bytesOf('\0\0\0\x06a\0') }, '0> - a\\00'],
    ['a message', { kind: 'said', connection: 1, bytes: bytesOf('Q\0\0\0\x06\\\xe4') }, '1> Q \\5c\\e4'],
    ['a message without fields', { kind: 'said', connection: 1, bytes: bytesOf('S\0\0\0\x04') }, '1> S'],
    [
      'a space at the end, and a run of one byte',
      { kind: 'heard', connection: 0, bytes: bytesOf(`d\0\0\0\x13${'x'.repeat(12)}a  `), delayMs: 7 },
      '0< +7 d \\{12*78}a \\20',
    ],
    [
      'what goes on in a chunk',
      { kind: 'heard', connection: 0, bytes: bytesOf('1\0\0\0\x04'), delayMs: undefined },
      '0< 1',
    ],
    ['part of a message', { kind: 'heard', connection: 0, bytes: bytesOf('D\0\0'), delayMs: 0 }, '0< +0 ~ D\\00\\00'],
  ])('writes %s in a line, and reads it again', (_name, event, line) => {
    const text = formatCassettes(new Map([['a > case', [event]]]));
    expect(text).toBe(`= a > case\n${line}\n`);
    expect(parseCassettes(text)).toEqual(new Map([['a > case', [event]]]));
  });

  test('tells rows that count up in one line', () => {
    const events: Event[] = Array.from({ length: 300 }, (_, n) => ({
      kind: 'heard',
      connection: 0,
      bytes: row(n + 5),
      delayMs: n === 0 ? 2 : undefined,
    }));
    const text = formatCassettes(new Map([['rows', events]]));
    expect(text).toBe('= rows\n0< +2 ++300 D \\00\\00\\00\\05\n');
    expect(parseCassettes(text).get('rows')).toEqual(events);
  });

  test('holds many cases', () => {
    const cassettes = new Map<string, Event[]>([
      ['one', [{ kind: 'open', connection: 0 }]],
      ['none', []],
    ]);
    expect(parseCassettes(formatCassettes(cassettes))).toEqual(cassettes);
  });

  test('refuses a line that is none', () => {
    expect(() => parseCassettes('= a\n0 slept')).toThrow('expected a line of a cassette, saw "0 slept"');
  });
});
