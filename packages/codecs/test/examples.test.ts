import { everySplit, randomChunks } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { fizzbuzz } from '../examples/fizzbuzz.js';
import * as memcached from '../examples/memcached.js';
import * as resp2 from '../examples/resp2.js';
import { type Codec, DecodeError, toBytes } from '../src/index.js';
import { codecLaws } from '../src/testing.js';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** All values in `wire`, which must come out the same however it is cut. */
function decodeAll<T>(codec: Codec<T>, wire: string): T[] {
  const all: T[][] = [];
  for (const chunks of everySplit(ascii(wire))) {
    const decoder = codec.decoder();
    const values: T[] = [];
    for (const chunk of chunks) decoder.feed(chunk, (value) => void values.push(value));
    expect(decoder.isPartial).toBe(false);
    all.push(values);
  }
  for (const values of all) expect(values).toEqual(all[0]);
  return all[0] ?? [];
}

function encode<T>(codec: Codec<T>, value: T): string {
  return new TextDecoder().decode(toBytes(codec, value));
}

describe('The RESP2 example', () => {
  const replies: [string, resp2.Reply][] = [
    ['+OK\r\n', { tag: '+', value: 'OK' }],
    ['-ERR unknown command\r\n', { tag: '-', value: 'ERR unknown command' }],
    [':-9223372036854775808\r\n', { tag: ':', value: -(2n ** 63n) }],
    ['$5\r\nhe\r\no\r\n', { tag: '$', value: ascii('he\r\no') }],
    ['$0\r\n\r\n', { tag: '$', value: ascii('') }],
    ['$-1\r\n', { tag: '$', value: null }],
    ['*0\r\n', { tag: '*', value: [] }],
    ['*-1\r\n', { tag: '*', value: null }],
    [
      '*3\r\n:1\r\n*2\r\n+a\r\n$-1\r\n*-1\r\n',
      {
        tag: '*',
        value: [
          { tag: ':', value: 1n },
          {
            tag: '*',
            value: [
              { tag: '+', value: 'a' },
              { tag: '$', value: null },
            ],
          },
          { tag: '*', value: null },
        ],
      },
    ],
  ];

  test.each(replies)('decodes and encodes %j', (wire, value) => {
    expect(decodeAll(resp2.reply, wire)).toEqual([value]);
    expect(encode(resp2.reply, value)).toBe(wire);
  });

  test('keeps the codec laws', () => {
    codecLaws(
      resp2.reply,
      replies.map(([, value]) => value),
    );
    codecLaws(resp2.request, [[ascii('PING')], [ascii('SET'), ascii('k'), ascii('')]]);
  });

  test('reads pipelined requests, inline commands and empty lines', () => {
    const wire =
      '*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\nPING\r\n\r\n\nSET k "a \\"b\\"\\n" \'it\\\'s\'\n*1\r\n$4\r\nQUIT\r\n*0\r\n';
    const words = decodeAll(resp2.request, wire).map((one) => one.map((word) => new TextDecoder().decode(word)));
    expect(words).toEqual([['ECHO', 'hi'], ['PING'], [], [], ['SET', 'k', 'a "b"\n', "it's"], ['QUIT'], []]);
  });

  test.each(
    (
      [
        ['reply', ':1.5\r\n', 'integer'],
        ['reply', ':9223372036854775808\r\n', '64 bits'],
        ['reply', '$-2\r\n', 'length from -1'],
        ['reply', '$536870913\r\n', 'length from -1'],
        ['reply', '*1048577\r\n', 'length from -1'],
        ['reply', '$2\r\nabc\r\n', 'constant'],
        ['reply', '?\r\n', 'tag'],
        ['reply', '*1\r\n'.repeat(65), 'depth'],
        ['reply', `+${'x'.repeat(65538)}`, '65536'],
        ['request', '*1\r\n:1\r\n', "expected '$'"],
        ['request', '*1\r\n$-1\r\n', 'null'],
        ['request', 'GET "k\r\n', 'balanced quotes'],
      ] as const
    ).map(([which, wire, message]) => [which, message, wire] as const),
  )('rejects a %s: %s', (which, message, wire) => {
    const decoder = resp2[which].decoder();
    expect(() => {
      decoder.feed(ascii(wire), () => undefined);
    }).toThrow(message);
    expect(() => {
      decoder.feed(ascii('+OK\r\n'), () => undefined);
    }).toThrow(DecodeError);
  });
});

describe('The memcached example', () => {
  const requests: [string, memcached.Request][] = [
    ['get a\r\n', { command: 'get', keys: ['a'] }],
    ['gets a b c\r\n', { command: 'gets', keys: ['a', 'b', 'c'] }],
    ['gat 60 a b\r\n', { command: 'gat', exptime: 60, keys: ['a', 'b'] }],
    ['gats 0 a\r\n', { command: 'gats', exptime: 0, keys: ['a'] }],
    ...(['set', 'add', 'replace', 'append', 'prepend'] as const).map((command): [string, memcached.Request] => [
      `${command} k 5 -1 4\r\na\r\nb\r\n`,
      { command, key: 'k', flags: 5, exptime: -1, data: ascii('a\r\nb'), noreply: false },
    ]),
    ['set k 0 0 0 noreply\r\n\r\n', { command: 'set', key: 'k', flags: 0, exptime: 0, data: ascii(''), noreply: true }],
    [
      'cas k 0 0 1 18446744073709551615 noreply\r\nx\r\n',
      { command: 'cas', key: 'k', flags: 0, exptime: 0, cas: 2n ** 64n - 1n, data: ascii('x'), noreply: true },
    ],
    ['delete k\r\n', { command: 'delete', key: 'k', noreply: false }],
    ['delete noreply noreply\r\n', { command: 'delete', key: 'noreply', noreply: true }],
    ['incr n 5\r\n', { command: 'incr', key: 'n', amount: 5n, noreply: false }],
    ['decr n 18446744073709551615 noreply\r\n', { command: 'decr', key: 'n', amount: 2n ** 64n - 1n, noreply: true }],
    ['touch k 10\r\n', { command: 'touch', key: 'k', exptime: 10, noreply: false }],
    ['flush_all\r\n', { command: 'flush_all', noreply: false }],
    ['flush_all noreply\r\n', { command: 'flush_all', noreply: true }],
    ['flush_all 30 noreply\r\n', { command: 'flush_all', delay: 30, noreply: true }],
    ['verbosity 1 noreply\r\n', { command: 'verbosity', level: 1, noreply: true }],
    ['version\r\n', { command: 'version' }],
    ['stats\r\n', { command: 'stats', args: [] }],
    ['stats slabs\r\n', { command: 'stats', args: ['slabs'] }],
    ['quit\r\n', { command: 'quit' }],
  ];
  const responses: [string, memcached.Response][] = [
    ...(
      ['STORED', 'NOT_STORED', 'EXISTS', 'NOT_FOUND', 'DELETED', 'TOUCHED', 'OK', 'RESET', 'END', 'ERROR'] as const
    ).map((kind): [string, memcached.Response] => [`${kind}\r\n`, { kind }]),
    ['CLIENT_ERROR bad data chunk\r\n', { kind: 'CLIENT_ERROR', text: 'bad data chunk' }],
    ['SERVER_ERROR out of memory\r\n', { kind: 'SERVER_ERROR', text: 'out of memory' }],
    ['VERSION 1.6.21\r\n', { kind: 'VERSION', text: '1.6.21' }],
    ['18446744073709551615\r\n', { kind: 'NUMBER', value: 2n ** 64n - 1n }],
    ['STAT pid 42\r\n', { kind: 'STAT', name: 'pid', value: '42' }],
    ['VALUE k 7 3\r\nx\r\n\r\n', { kind: 'VALUE', key: 'k', flags: 7, data: ascii('x\r\n') }],
    ['VALUE k 7 1 99\r\nx\r\n', { kind: 'VALUE', key: 'k', flags: 7, data: ascii('x'), cas: 99n }],
  ];

  test.each(requests)('decodes and encodes the request %j', (wire, value) => {
    expect(decodeAll(memcached.request, wire)).toEqual([value]);
    expect(encode(memcached.request, value)).toBe(wire);
  });

  test.each(responses)('decodes and encodes the response %j', (wire, value) => {
    expect(decodeAll(memcached.response, wire)).toEqual([value]);
    expect(encode(memcached.response, value)).toBe(wire);
  });

  test('keeps the codec laws, pipelined too', () => {
    codecLaws(
      memcached.request,
      requests.map(([, value]) => value),
    );
    codecLaws(
      memcached.response,
      responses.map(([, value]) => value),
    );
    const wire = requests.map(([one]) => one).join('');
    expect(decodeAll(memcached.request, wire)).toEqual(requests.map(([, value]) => value));
  });

  test.each([
    ['request', 'nonsense\r\n', 'command'],
    ['request', '\r\n', 'command'],
    ['request', 'get\r\n', 'at least one key'],
    ['request', `get ${'k'.repeat(251)}\r\n`, 'key of 1 to 250'],
    ['request', 'set k 0 0 1048577\r\n', 'at most 1048576'],
    ['request', 'set k 0 0 -1\r\n', '32 bits'],
    ['request', 'set k x 0 1\r\n', 'integer'],
    ['request', 'set k 0 0 1\r\nab\r\n', 'constant'],
    ['request', 'incr n -1\r\n', 'unsigned'],
    ['request', 'incr n 18446744073709551616\r\n', '64 bits'],
    ['response', 'WHAT\r\n', 'response'],
  ] as const)('rejects a %s of %j', (which, wire, message) => {
    const decoder = memcached[which].decoder();
    expect(() => {
      decoder.feed(ascii(wire), () => undefined);
    }).toThrow(message);
  });
});

describe('The fizzbuzz example', () => {
  const wire = new Uint8Array(72);
  const expected: string[] = [];
  for (let n = 1; n <= 18; n++) {
    new DataView(wire.buffer).setInt32(4 * (n - 1), n);
    expected.push(n % 15 === 0 ? 'fizzbuzz' : n % 5 === 0 ? 'buzz' : n % 3 === 0 ? 'fizz' : String(n));
  }
  const linesOf = (chunks: Iterable<Uint8Array>): string[] => {
    const lines: string[] = [];
    const feed = fizzbuzz((line) => void lines.push(line));
    for (const chunk of chunks) feed(chunk);
    return lines;
  };

  test('prints the same lines for every cut into up to three parts, and byte by byte', () => {
    expect(expected.slice(13, 16)).toEqual(['14', 'fizzbuzz', '16']);
    for (let a = 0; a <= 72; a++) {
      for (let b = a; b <= 72; b++) {
        expect(linesOf([wire.subarray(0, a), wire.subarray(a, b), wire.subarray(b)])).toEqual(expected);
      }
    }
    for (const chunks of everySplit(wire)) expect(linesOf(chunks)).toEqual(expected);
  });

  test.each(Array.from({ length: 200 }, (_, seed) => seed))(
    'prints the same lines for random chunks of seed %d',
    (seed) => {
      expect(linesOf(randomChunks(wire, { seed, minBytes: 0, maxBytes: 1 + (seed % 13) }))).toEqual(expected);
    },
  );
});
