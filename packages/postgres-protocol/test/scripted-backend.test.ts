import { WriteBuffer } from '@millrace/write-buffer';
import { everySplit, randomChunks } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { encodePasswordMessage, encodeSASLInitialResponse } from '../src/messages/authentication.js';
import { encodeBind, encodeParse, encodeSync } from '../src/messages/extended-query.js';
import { encodeQuery } from '../src/messages/simple-query.js';
import {
  encodeCancelRequest,
  encodeSSLRequest,
  encodeStartupMessage,
  encodeTerminate,
} from '../src/messages/startup.js';
import { backendMessage, ScriptedBackend, ScriptError, step } from '../src/testing.js';
import type { Script } from '../src/testing.js';

/** What the backend did with its connection, in order: written chunks as hex, and how it ended. */
class RecordingSink {
  readonly events: string[] = [];

  write(chunk: Uint8Array): void {
    this.events.push(toHex(chunk));
  }

  close(): void {
    this.events.push('close');
  }

  abort(): void {
    this.events.push('abort');
  }

  get text(): string {
    return this.events.join('');
  }
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function bytesOf(encode: (out: WriteBuffer) => void): Uint8Array {
  const out = new WriteBuffer();
  encode(out);
  return out.take();
}

const STARTUP = bytesOf((out) => {
  encodeStartupMessage(out, { major: 3, minor: 0 }, [['user', 'me']]);
});
const QUERY = bytesOf((out) => {
  encodeQuery(out, 'select 1');
});
const TERMINATE = bytesOf(encodeTerminate);
const READY = backendMessage('ReadyForQuery', 'I');

const GREETING: Script = [step.expect('StartupMessage'), step.send(backendMessage('AuthenticationOk'), READY)];

function play(script: Script): { backend: ScriptedBackend; sink: RecordingSink } {
  const sink = new RecordingSink();
  const backend = new ScriptedBackend(script, sink);
  backend.start();
  return { backend, sink };
}

/** The text of what `finish` throws after `chunks` were fed to a session that plays `script`. */
function failureOf(script: Script, ...chunks: readonly Uint8Array[]): string {
  const { backend } = play(script);
  for (const chunk of chunks) backend.feed(chunk);
  try {
    backend.finish();
  } catch (error) {
    expect(error).toBeInstanceOf(ScriptError);
    return (error as ScriptError).message;
  }
  return 'nothing';
}

describe('ScriptedBackend', () => {
  test('answers what it expects, wherever the bytes of the client are cut', () => {
    const script = [
      ...GREETING,
      step.expect('Query', 'select 1'),
      step.send(backendMessage('CommandComplete', 'SELECT 1'), READY),
      step.expect('Terminate'),
      step.expectEnd(),
      step.close(),
    ];
    const conversation = bytesOf((out) => {
      out.writeBytes(STARTUP);
      out.writeBytes(QUERY);
      out.writeBytes(TERMINATE);
    });
    for (const chunks of everySplit(conversation)) {
      const { backend, sink } = play(script);
      for (const chunk of chunks) {
        backend.feed(chunk);
        chunk.fill(0xee); // borrowed: the bytes are the transport's again
      }
      expect(sink.events).toEqual(['5200000008000000005a0000000549', '430000000d53454c454354203100' + '5a0000000549']);
      backend.eof();
      expect(sink.events.at(-1)).toBe('close');
      backend.finish();
    }
  });

  test('keeps what the client sends ahead until a step expects it', () => {
    const { backend, sink } = play([step.expect('Query'), step.stall('later'), step.send(READY), step.expect('Query')]);
    backend.feed(QUERY);
    backend.feed(QUERY);
    expect([backend.position, backend.stalledAt, sink.events]).toEqual([1, 'later', []]);
    backend.resume('later');
    expect([backend.position, backend.stalledAt, sink.text]).toEqual([4, undefined, '5a0000000549']);
    expect(backend.received).toEqual([
      { name: 'Query', fields: 'select 1' },
      { name: 'Query', fields: 'select 1' },
    ]);
    backend.finish();
  });

  test('does not stall where it was resumed before', () => {
    const { backend, sink } = play([step.expect('Query'), step.stall('it'), step.send(READY)]);
    backend.resume('it');
    expect(sink.events).toEqual([]);
    backend.feed(QUERY);
    expect(sink.events).toHaveLength(1);
    backend.finish();
  });

  test('resumes itself by a step', () => {
    const { backend, sink } = play([step.resume('a'), step.stall('a'), step.send(READY)]);
    expect(sink.events).toHaveLength(1);
    backend.finish();
  });

  test('says nothing before it is started, though it is resumed', () => {
    const sink = new RecordingSink();
    const backend = new ScriptedBackend([step.stall('a'), step.send(READY)], sink);
    backend.resume('a');
    expect(sink.events).toEqual([]);
    backend.start();
    expect(sink.events).toHaveLength(1);
  });

  test('cuts what it writes as the script says', () => {
    const three = Uint8Array.of(1, 2, 3);
    const { backend, sink } = play([
      step.send(three),
      step.split(1),
      step.send(three),
      step.split(2),
      step.send(three, three),
      step.split((bytes) => randomChunks(bytes, { seed: 7, maxBytes: 2 })),
      step.send(three, three),
      step.split('whole'),
      step.send(three),
      step.send(three),
      step.send(new Uint8Array(0)),
    ]);
    const [random] = [sink.events.slice(7, -1)];
    expect(sink.events.slice(0, 7)).toEqual(['010203', '01', '02', '03', '0102', '0301', '0203']);
    expect(random.join('')).toBe('010203010203');
    expect(random.length).toBeGreaterThan(2);
    expect(sink.events.at(-1)).toBe('010203010203');
    backend.finish();
  });

  test.each([0, -1, 1.5, NaN])('refuses pieces of %d bytes', (chunking) => {
    expect(() => step.split(chunking)).toThrow(
      new RangeError(`expected pieces of a whole number of bytes, 1 or more, saw ${chunking}`),
    );
  });

  test.each<[string, (bytes: Uint8Array) => Uint8Array[], string]>([
    ['loses bytes', (bytes) => [bytes.subarray(1)], 'byte 0 is another one'],
    ['adds bytes', (bytes) => [bytes, bytes], 'byte 2 is another one'],
    ['keeps bytes', () => [], 'expected pieces of 2 bytes in all, saw 0'],
  ])('passes on that a function which cuts %s', (_name, chunking, message) => {
    expect(() => play([step.split(chunking), step.send(Uint8Array.of(1, 2))])).toThrow(message);
  });

  test('takes what the client says from inside a write', () => {
    const sink = new RecordingSink();
    const backend: ScriptedBackend = new ScriptedBackend(
      [step.split(3), step.send(READY), step.expect('Query'), step.send(Uint8Array.of(9))],
      {
        write: (chunk) => {
          sink.write(chunk);
          if (sink.events.length === 1) backend.feed(QUERY);
        },
        close: () => undefined,
        abort: () => undefined,
      },
    );
    backend.start();
    expect(sink.events).toEqual(['5a0000', '000549', '09']);
    backend.finish();
  });

  test('reads requests without a type byte, messages of a session, and answers to an authentication', () => {
    const { backend } = play([
      step.expect('SSLRequest'),
      step.send(Uint8Array.of(0x4e)),
      step.expect('StartupMessage', { protocolVersion: { major: 3, minor: 0 }, parameters: [['user', 'me']] }),
      step.expect('PasswordMessage', 'secret'),
      step.expect('SASLInitialResponse', { mechanism: 'M', data: Uint8Array.of(1, 2) }),
      step.expect('Parse', { sql: 'select $1', parameterOids: [23] }),
      step.expect('Bind', ({ values }) => values.length === 2 && values[1] === null),
      step.expect('Sync'),
    ]);
    backend.feed(bytesOf(encodeSSLRequest));
    backend.feed(STARTUP);
    const rest = bytesOf((out) => {
      encodePasswordMessage(out, 'secret');
      encodeSASLInitialResponse(out, 'M', Uint8Array.of(1, 2));
      encodeParse(out, 'name', 'select $1', [23]);
      const values = [Uint8Array.of(5), null];
      encodeBind(out, '', 'name', [1], values, [1]);
      encodeSync(out);
    });
    backend.feed(rest);
    backend.finish();
    expect(backend.received.map(({ name }) => name)).toEqual([
      'SSLRequest',
      'StartupMessage',
      'PasswordMessage',
      'SASLInitialResponse',
      'Parse',
      'Bind',
      'Sync',
    ]);
  });

  test('expects exact bytes: a whole message, or a packet', () => {
    const script = [step.expectBytes(STARTUP), step.expectBytes(TERMINATE), step.expectBytes(QUERY)];
    for (const chunks of everySplit(
      bytesOf((out) => {
        for (const part of [STARTUP, TERMINATE, QUERY]) out.writeBytes(part);
      }),
    )) {
      const { backend } = play(script);
      for (const chunk of chunks) backend.feed(chunk);
      backend.finish();
      expect(backend.received[2]).toEqual({ name: 'Query', fields: 'select 1' });
    }
  });

  test.each([
    ['too short', Uint8Array.of(0x51, 0, 0)],
    ['one and a half messages', Uint8Array.of(...QUERY, 0x51)],
    ['empty', new Uint8Array(0)],
    ['of a length that no message has', Uint8Array.of(0x51, 0xff, 0xff, 0xff, 0xff)],
  ])('expects no bytes that are no message: %s', (_name, bytes) => {
    expect(() => step.expectBytes(bytes)).toThrow('expected the bytes of one message');
  });

  test('can cut the connection in the middle of a message', () => {
    const { backend, sink } = play([step.expect('Query'), step.send(READY.subarray(0, 3)), step.cut()]);
    backend.feed(QUERY);
    backend.feed(QUERY); // it was on its way
    expect(sink.events).toEqual(['5a0000', 'abort']);
    backend.eof();
    backend.finish();
  });

  test('judges fields by value, however deep', () => {
    const bind = bytesOf((out) => {
      const values = [Uint8Array.of(1, 2), null];
      encodeBind(out, '', 's', [1], values, []);
    });
    expect(failureOf([step.expect('Bind', { values: [Uint8Array.of(1, 2), null] })], bind)).toBe('nothing');
    expect(failureOf([step.expect('Bind', {})], bind)).toBe('nothing');
    for (const expected of [
      { values: [Uint8Array.of(1, 3), null] },
      { values: [Uint8Array.of(1), null] },
      { values: [null, null] },
      { values: [Uint8Array.of(1, 2)] },
      { values: [Uint8Array.of(1, 2), Uint8Array.of()] },
      { parameterFormats: [1, 1] as const },
      { statement: 't' },
    ]) {
      expect(failureOf([step.expect('Bind', expected)], bind)).toContain('saw Bind { portal: "", statement: "s"');
    }
    expect(failureOf([step.expect('Query', { sql: 'x' } as never)], QUERY)).toContain('saw Query "select 1"');
    expect(failureOf([step.expect('Query', ['x'] as never)], QUERY)).toContain('saw Query "select 1"');
  });
});

describe('what ScriptedBackend.finish throws', () => {
  test.each<[string, Script, readonly Uint8Array[], string]>([
    [
      'another message',
      [...GREETING, step.expect('Parse', { sql: 'select 1' })],
      [STARTUP, QUERY],
      'step 3 of 3: expected Parse { sql: "select 1" }, saw Query "select 1"',
    ],
    [
      'other fields',
      [step.expect('Query', 'select 2')],
      [QUERY],
      'step 1 of 1: expected Query "select 2", saw Query "select 1"',
    ],
    [
      'fields that a function refuses',
      [step.expect('Query', (sql) => sql.length > 99)],
      [QUERY],
      'step 1 of 1: expected Query that the function accepts, saw Query "select 1"',
    ],
    [
      'another packet',
      [step.expect('StartupMessage')],
      [
        bytesOf((out) => {
          encodeCancelRequest(out, 7, Uint8Array.of(0, 0, 0, 9));
        }),
      ],
      'step 1 of 1: expected StartupMessage, saw CancelRequest { processId: 7, secretKey: <00 00 00 09> }',
    ],
    [
      'other bytes',
      [step.expectBytes(STARTUP), step.expectBytes(TERMINATE)],
      [STARTUP, QUERY],
      'step 2 of 2: expected Terminate, saw Query "select 1"',
    ],
    [
      'other bytes of the same message',
      [step.expectBytes(QUERY)],
      [
        bytesOf((out) => {
          encodeQuery(out, 'select 2');
        }),
      ],
      'step 1 of 1: expected Query "select 1", saw Query "select 2"',
    ],
    [
      'a length that no message has',
      [step.expectBytes(QUERY)],
      [Uint8Array.of(0x51, 0, 0, 0, 3)],
      'step 1 of 1: expected Query "select 1", saw what is none: ',
    ],
    [
      'bytes that are no message where a message should be',
      [step.expectBytes(Uint8Array.of(0x3f, 0, 0, 0, 4))],
      [QUERY],
      'step 1 of 1: expected <3f 00 00 00 04>, saw Query "select 1"',
    ],
    [
      'an unknown message',
      [step.expect('Query')],
      [Uint8Array.of(0x3f, 0, 0, 0, 4)],
      'step 1 of 1: expected Query, saw what is none: no message of a client has the type byte 0x3f',
    ],
    [
      'a message with bytes to spare',
      [step.expect('Sync')],
      [Uint8Array.of(0x53, 0, 0, 0, 5, 1)],
      'step 1 of 1: expected Sync, saw what is none: Sync has 1 bytes more than its fields',
    ],
    [
      'a message where a packet should be',
      [step.expect('StartupMessage')],
      [QUERY],
      'step 1 of 1: expected StartupMessage, saw what is none: ',
    ],
    [
      'steps to go',
      [...GREETING, step.expect('Query'), step.send(READY)],
      [STARTUP],
      'step 3 of 4: the conversation is over with 2 steps to go, the first: Query',
    ],
    [
      'more than the script has',
      GREETING,
      [STARTUP, TERMINATE],
      'step 2 of 2: the script is over, the client has said more: <58 00 00 00 04>',
    ],
    [
      'bytes instead of the end',
      [step.expectEnd()],
      [TERMINATE],
      "step 1 of 1: expected the client's end of the connection, saw <58 00 00 00 04>",
    ],
  ])('tells of %s', (_name, script, chunks, message) => {
    expect(failureOf(script, ...chunks)).toContain(message);
  });

  test.each<[string, Uint8Array, string]>([
    ['between messages', new Uint8Array(0), 'expected Query, saw the end of the connection'],
    ['in a message', QUERY.subarray(0, 6), ' in the middle of a message: <51 00 00 00 0d 73>'],
  ])('tells of a client that ends %s', (_name, bytes, message) => {
    const { backend, sink } = play([step.expect('Query')]);
    backend.feed(bytes);
    backend.eof();
    expect(sink.events).toEqual(['close']);
    expect(() => {
      backend.finish();
    }).toThrow(message);
  });

  test('is the first thing that went wrong, each time, and ends the play', () => {
    const { backend, sink } = play([step.expect('Sync'), step.send(READY), step.stall('x')]);
    backend.feed(QUERY);
    expect(sink.events).toEqual(['close']); // the client does not wait for ever
    backend.feed(bytesOf(encodeSync));
    backend.eof();
    backend.resume('x');
    expect([sink.events, backend.stalledAt]).toEqual([['close'], undefined]);
    const errors = [0, 1].map(() => {
      try {
        backend.finish();
      } catch (error) {
        return error;
      }
      return undefined;
    });
    expect(errors[0]).toMatchObject({ name: 'ScriptError', code: 'ERR_POSTGRES_PROTOCOL_SCRIPT', stepIndex: 0 });
    expect(errors[1]).toBe(errors[0]);
  });

  test('tells of a stall that nobody ended', () => {
    const { backend } = play([step.stall('the cancel')]);
    expect(() => {
      backend.finish();
    }).toThrow('the conversation is over with 1 steps to go, the first: stall "the cancel"');
  });

  test.each<[string, Script]>([
    ['split', [step.split(1)]],
    ['resume "x"', [step.resume('x')]],
    ['close', [step.close()]],
    ['cut', [step.cut()]],
    ['send <01 02>', [step.send(Uint8Array.of(1), Uint8Array.of(2))]],
  ])('names the step %s', (text, script) => {
    const backend = new ScriptedBackend(script, new RecordingSink());
    expect(() => {
      backend.finish();
    }).toThrow(`the first: ${text}`);
  });

  test('shows long values cut short', () => {
    const long = 'x'.repeat(81);
    const query = bytesOf((out) => {
      encodeQuery(out, long);
    });
    expect(failureOf([step.expect('Sync')], query)).toContain(`saw Query "${'x'.repeat(80)}"… (81 characters)`);
    const bind = bytesOf((out) => {
      const values = [null, new Uint8Array(21), ...new Array<null>(9).fill(null)];
      encodeBind(out, '', '', [], values, []);
    });
    const seen = failureOf([step.expect('Sync')], bind);
    expect(seen).toContain(`<${'00 '.repeat(20)}… 21 bytes>, null`);
    expect(seen).toContain('null, … (11)]');
    expect(failureOf([step.expect('SSLRequest', { x: 1n, y: true, z: undefined })], STARTUP)).toContain(
      'expected SSLRequest { x: 1n, y: true, z:  }',
    );
  });
});

describe('step.expect', () => {
  test('refuses a name that no message of a client has', () => {
    expect(() => step.expect('ReadyForQuery' as never)).toThrow(
      new TypeError('expected the name of a client\'s message, saw "ReadyForQuery"'),
    );
  });
});

describe('backendMessage', () => {
  test('refuses a name that no message has', () => {
    expect(() => (backendMessage as (name: string, sql: string) => Uint8Array)('Query', 'x')).toThrow(TypeError);
    expect(() => backendMessage('Ready' as never)).toThrow(
      new TypeError('expected the name of a server\'s message, saw "Ready"'),
    );
  });

  test('refuses fields that the wire cannot carry', () => {
    expect(() => backendMessage('CommandComplete', 'a\0b')).toThrow(RangeError);
  });
});

test('a judge that throws is a mismatch, with what it threw as the cause', () => {
  const cause = new Error('no user');
  const script = [
    step.expect('StartupMessage', () => {
      throw cause;
    }),
    step.send(READY),
  ];
  const { backend, sink } = play(script);
  backend.feed(STARTUP);
  expect(sink.events).toEqual(['close']);
  let error: unknown;
  try {
    backend.finish();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ScriptError);
  expect((error as ScriptError).message).toMatch(/^step 1 of 2: .*: Error: no user$/);
  expect((error as ScriptError).cause).toBe(cause);
});

test.each([step.close(), step.cut()])('nothing can be sent behind $text', (end) => {
  expect(() => play([step.expect('StartupMessage'), end, step.send(READY)])).toThrow('step 2 of 3 ends the connection');
});
