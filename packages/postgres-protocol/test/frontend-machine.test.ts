import { everySplit, hex } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import {
  execute,
  expectEvents,
  failure,
  int8,
  int8Row,
  numbers,
  query,
  sending,
  started,
  sync,
} from './conversations.js';
import { newSession, openSession } from './open-session.js';
import type { Event } from './recording-handler.js';
import { concat, cstring, int16, int32, message, server, utf8 } from './wire.js';

describe('messages that nobody asked for', () => {
  test('are delivered in any state of a session, between the rows they came between', () => {
    const asides = concat(server.notice(), server.parameter('a', 'b'), server.notification(3, 'ch', 'pay'));
    const noted: Event[] = [
      ['notice', 'beware'],
      ['parameterStatus', 'a', 'b'],
      ['notification', { processId: 3, channel: 'ch', payload: 'pay' }],
    ];
    expectEvents(() => openSession(), asides, noted);
    expectEvents(
      sending(execute(numbers), sync),
      concat(server.dataRow(1), asides, server.dataRow(2), server.commandComplete('SELECT 2'), asides, server.ready()),
      [
        ['rows', [{ n: 1 }]],
        ...noted,
        ['rows', [{ n: 2 }]],
        ['commandComplete', 'SELECT 2'],
        ...noted,
        ['readyForQuery', 'I'],
      ],
    );
  });

  test.each(['FATAL', 'PANIC'])('%s ends the session from any state', (severity) => {
    const { handler, machine } = sending(execute(numbers), sync)();
    machine.feed(concat(server.dataRow(1), server.error({ S: 'FATAL!', V: severity, C: '57P02' })));
    expect(handler.events).toEqual([
      ['rows', [{ n: 1 }]],
      ['errorResponse', '57P02'],
    ]);
    expect(machine.state).toBe('closed');
    expect(machine.outstanding).toBe(0);
    const error = failure(() => {
      machine.sendSync();
    });
    expect(error).toMatchObject({ code: 'ERR_POSTGRES_PROTOCOL_LOCAL', call: 'sendSync', state: 'closed' });
    machine.eof();
    machine.eof();
    expect(() => {
      machine.feed(server.ready());
    }).toThrow('ReadyForQuery is illegal while closed by 57P02');
  });
});

test('an ERROR that nobody asked for ends the session too, and is remembered', () => {
  const { handler, machine } = openSession();
  machine.feed(server.error({ C: '58000' }));
  expect(handler.events).toEqual([['errorResponse', '58000']]);
  expect(() => {
    machine.sendSync();
  }).toThrow('sendSync: the server has ended the session with 58000');
});

describe('the fields of an error', () => {
  function fieldsOf(bytes: Uint8Array): unknown {
    const { handler, machine } = sending(query)();
    let seen: unknown;
    handler.errorResponse = (fields) => {
      seen = fields;
    };
    machine.feed(bytes);
    return seen;
  }

  test('are named as in the manual', () => {
    const letters = 'SVCMDHPpqWstcdnFLR';
    const texts = Object.fromEntries(Array.from(letters, (letter, i) => [letter, String(i + 1)]));
    expect(fieldsOf(server.error(texts))).toEqual({
      severity: '1',
      severityCode: '2',
      sqlState: '3',
      message: '4',
      detail: '5',
      hint: '6',
      position: 7,
      internalPosition: 8,
      internalQuery: '9',
      where: '10',
      schema: '11',
      table: '12',
      column: '13',
      dataType: '14',
      constraint: '15',
      file: '16',
      line: '17',
      routine: '18',
    });
  });

  test('may be unknown, missing or odd', () => {
    const bytes = message('E', cstring('SFEHLER', 'Z?', 'Pabc', 'p99999999999'), Uint8Array.of(0));
    expect(fieldsOf(bytes)).toMatchObject({
      severity: 'FEHLER',
      severityCode: 'FEHLER',
      sqlState: '',
      message: '',
      position: undefined,
      internalPosition: undefined,
      detail: undefined,
    });
  });
});

describe('a machine', () => {
  test.each([
    ['a status that is none', server.ready('X'), 'a transaction status is I, T or E'],
    [
      'a byte too many',
      message('Z', utf8('I'), Uint8Array.of(0)),
      'ReadyForQuery has the length 5, this one says 6 (ReadyForQuery while querying)',
    ],
    ['a byte too few', message('Z'), 'ReadyForQuery has the length 5, this one says 4 (ReadyForQuery while querying)'],
    [
      'bytes behind its fields',
      message('C', cstring('SELECT 1', '')),
      '1 bytes more than its fields (CommandComplete while querying)',
    ],
    ['a text without end', message('C', utf8('SELECT 1')), 'shorter than its fields'],
    ['an error without end', message('E', cstring('SERROR')), 'shorter than its fields'],
    ['an unknown type', message('!'), 'no message of a server has the type byte 0x21'],
    [
      'a format that is none',
      message('T', int16(1), cstring('a'), int32(0), int16(0), int32(0), int16(0), int32(0), int16(2)),
      'a format code is 0 or 1, got 2',
    ],
    ['a count of columns that is not so', message('T', int16(-1)), 'shorter than its fields'],
    ['a length below 4', hex('5a 00000003'), 'a message has an impossible length'],
    ['a negative length', hex('5a ffffffff'), 'a message has an impossible length'],
    ['a length above all', hex('5a 7fffffff'), 'a message has an impossible length'],
  ])('breaks at %s, once and for all', (_, bytes, text) => {
    for (const chunks of everySplit(bytes)) {
      const { handler, machine } = sending(query)();
      const error = failure(() => {
        for (const chunk of chunks) machine.feed(chunk);
      });
      expect(error.name).toBe('RemoteProtocolError');
      expect(error.message).toContain(text);
      expect(handler.events).toEqual([]);
      for (const call of [
        () => {
          machine.feed(server.ready());
        },
        () => {
          machine.eof();
        },
        () => {
          machine.sendQuery('q');
        },
        () => {
          machine.sendSync();
        },
        () => {
          machine.sendStartup({ user: 'u' });
        },
        () => {
          machine.sendPassword('p');
        },
      ]) {
        expect(failure(call)).toBe(error);
      }
    }
  });

  test('delivers what came before the break, whatever the chunks', () => {
    const bytes = concat(server.commandComplete('BEGIN'), server.notice(), server.noData());
    for (const chunks of everySplit(bytes)) {
      const { handler, machine } = sending(query)();
      expect(() => {
        for (const chunk of chunks) machine.feed(chunk);
      }).toThrow('NoData is illegal while querying');
      expect(handler.names).toEqual(['commandComplete', 'notice']);
    }
  });

  test('keeps to its own limit of message length', () => {
    const { machine } = openSession({ maxMessageBytes: 1024 });
    machine.feed(message('N', cstring(`M${'x'.repeat(1024 - 5 - 3)}`), Uint8Array.of(0)));
    expect(() => {
      machine.feed(message('N', cstring(`M${'x'.repeat(1024 - 5 - 2)}`), Uint8Array.of(0)).subarray(0, 5));
    }).toThrow('a message has an impossible length');
  });

  test.each([
    { maxMessageBytes: 1023 },
    { maxMessageBytes: 2 ** 31 },
    { maxMessageBytes: NaN },
    { maxScramIterations: 0 },
    { maxScramIterations: 1.5 },
  ])('refuses the options %j', (options) => {
    expect(() => newSession(options)).toThrow(RangeError);
  });

  test('cannot be fed from inside an event, and is none the worse', () => {
    const { handler, machine } = sending(query)();
    const errors: unknown[] = [];
    handler.reactions.commandComplete = () => {
      errors.push(
        failure(() => {
          machine.feed(server.ready());
        }),
        failure(() => {
          machine.eof();
        }),
      );
    };
    machine.feed(concat(server.commandComplete('A'), server.ready()));
    expect(errors).toEqual([
      expect.objectContaining({ code: 'ERR_POSTGRES_PROTOCOL_LOCAL', call: 'feed' }),
      expect.objectContaining({ code: 'ERR_POSTGRES_PROTOCOL_LOCAL', call: 'eof' }),
    ]);
    expect(machine.state).toBe('idle');
  });

  test('may be sent to from inside any event', () => {
    const { handler, machine } = sending(query)();
    handler.reactions.readyForQuery = () => {
      if (handler.names.filter((name) => name === 'readyForQuery').length < 3) machine.sendQuery('next');
    };
    const answer = concat(server.emptyQuery(), server.ready());
    machine.feed(concat(answer, answer, answer));
    expect(handler.names.filter((name) => name === 'readyForQuery')).toHaveLength(3);
    expect(machine.outstanding).toBe(0);
  });

  test('passes on what an event throws, and keeps the rest of the chunk', () => {
    const { handler, machine } = sending(query, query)();
    const mine = new Error('mine');
    handler.reactions.commandComplete = () => {
      delete handler.reactions.commandComplete;
      throw mine;
    };
    const chunk = concat(server.commandComplete('A'), server.ready(), server.commandComplete('B'), server.ready());
    expect(
      failure(() => {
        machine.feed(chunk);
      }),
    ).toBe(mine);
    chunk.fill(0xee);
    machine.feed(new Uint8Array());
    expect(handler.names).toEqual(['commandComplete', 'readyForQuery', 'commandComplete', 'readyForQuery']);
    expect(machine.state).toBe('idle');
  });

  test('does not take the errors of an event for its own, whatever they are', () => {
    const other = openSession().machine;
    const dead = failure(() => {
      other.feed(server.noData());
    });
    const batches: unknown[] = [];
    for (const name of ['rows', 'rowsRefused', 'commandComplete', 'readyForQuery', 'notice'] as const) {
      const { handler, machine } = sending(execute(int8('number')), sync)();
      handler.reactions[name] = (batch: unknown) => {
        batches.push(batch);
        handler.reactions[name] = undefined;
        other.sendSync(); // throws: what a proxy would do
      };
      const chunk = concat(
        ...[int8Row(1n), int8Row(2n ** 60n), server.commandComplete('A'), server.notice(), server.ready()],
      );
      expect(
        failure(() => {
          machine.feed(chunk);
        }),
      ).toBe(dead);
      expect(machine.state, name).not.toBe('broken');
      machine.feed(new Uint8Array());
      expect(handler.names, name).toEqual(['rows', 'rowsRefused', 'commandComplete', 'notice', 'readyForQuery']);
      expect(machine.state, name).toBe('idle');
    }
    expect(batches).toHaveLength(5);
  });

  test('counts what is outstanding from start-up to the end', () => {
    const { machine } = newSession();
    expect(machine.outstanding).toBe(0);
    machine.sendStartup({ user: 'u' });
    expect(machine.outstanding).toBe(1);
    machine.feed(server.authenticationOk());
    expect(machine.outstanding).toBe(1);
    machine.feed(server.ready());
    expect(machine.outstanding).toBe(0);
    machine.sendParse('', '');
    machine.sendSync();
    machine.sendQuery('');
    machine.sendSync();
    expect(machine.outstanding).toBe(3);
    machine.feed(concat(server.error(), server.ready()));
    expect(machine.outstanding).toBe(2);
    machine.feed(server.fatal());
    expect(machine.outstanding).toBe(0);
  });

  test('is owed nothing once it is broken', () => {
    const { machine } = sending(query, query)();
    expect(machine.outstanding).toBe(2);
    failure(() => {
      machine.feed(concat(server.noData(), server.ready()));
    });
    expect(machine.outstanding).toBe(0);
  });
});

describe('the end of the connection', () => {
  test('is in order after sendTerminate, once everything is answered', () => {
    const { machine } = sending(query)();
    machine.sendTerminate();
    machine.feed(concat(server.emptyQuery(), server.ready()));
    expect(machine.state).toBe('terminating');
    machine.eof();
    expect(machine.state).toBe('closed');
    expect(() => {
      machine.sendQuery('q');
    }).toThrow('sendQuery: the server has ended the session');
  });

  test('is in order after sendTerminate in a group that failed', () => {
    const { machine } = sending(execute(numbers))();
    machine.sendTerminate();
    machine.feed(server.error());
    machine.eof();
    expect(machine.state).toBe('closed');
  });

  test('comes too early while answers are owed', () => {
    const { machine } = sending(query)();
    machine.sendTerminate();
    expect(() => {
      machine.eof();
    }).toThrow('the connection ended while querying');
  });

  test('says nothing may follow sendTerminate', () => {
    const { machine } = openSession();
    machine.sendTerminate();
    expect(machine.output.take()).toEqual(message('X'));
    expect(() => {
      machine.sendQuery('q');
    }).toThrow('sendQuery: nothing can be sent after sendTerminate');
  });

  test.each([
    ['before anything', newSession, [], 'the connection ended while created'],
    ['after start-up', started, [], 'the connection ended while starting'],
    ['in the first bytes', started, [server.authenticationOk().subarray(0, 3)], 'the connection ended while starting'],
    ['while idle', openSession, [], 'the connection ended while idle'],
    ['inside a message', openSession, [server.notice().subarray(0, 9)], 'ended in the middle of a message, while idle'],
    ['inside a header', openSession, [server.notice().subarray(0, 1)], 'ended in the middle of a message, while idle'],
    ['during a query', sending(query), [server.commandComplete('A')], 'the connection ended while querying'],
  ] as const)('is an error %s', (_, prepare, chunks, text) => {
    const { machine } = prepare();
    for (const chunk of chunks) machine.feed(chunk);
    const error = failure(() => {
      machine.eof();
    });
    expect(error.message).toContain(text);
    expect(error.code).toBe('ERR_POSTGRES_PROTOCOL_REMOTE');
    expect(
      failure(() => {
        machine.eof();
      }),
    ).toBe(error);
  });
});
