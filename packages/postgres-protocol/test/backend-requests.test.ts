import { everySplit } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import type { BackendMachine } from '../src/index.js';
import { after, client, ERROR, openBackend, type BackendEvent, type BackendSession } from './backend-session.js';
import { concat, field, int16, int32, message, server, utf8 } from './wire.js';

/** Feeds `bytes` in every split to an idle machine; each must give the same events, and leave the same state. */
function expectEvents(bytes: Uint8Array, events: readonly BackendEvent[], state: string): void {
  for (const chunks of everySplit(bytes)) {
    const { machine, recorder } = openBackend();
    for (const chunk of chunks) {
      machine.feed(chunk);
      chunk.fill(0xee); // it was borrowed
    }
    expect(recorder.events).toEqual(events);
    expect(machine.state).toBe(state);
  }
}

const sent = (session: BackendSession): Uint8Array => session.machine.output.take();
const opened = (...messages: Uint8Array[]): BackendSession => {
  const session = after(openBackend(), messages);
  session.recorder.clear();
  return session;
};
const error = (machine: BackendMachine): void => {
  machine.sendErrorResponse(ERROR);
};
const ready = (machine: BackendMachine): void => {
  machine.sendReadyForQuery('I');
};

describe('BackendMachine, requests', () => {
  test('tells what each of them holds, wherever they are cut', () => {
    expectEvents(client.query('select 1'), [['query', 'select 1']], 'querying');
    expectEvents(
      concat(client.parse('s', 'select $1', 23), client.describe('S', 's'), client.bind('p', 's', 'x', null)),
      [
        ['parse', { name: 's', sql: 'select $1', parameterOids: [23] }],
        ['describe', 'statement', 's'],
        ['bind', { portal: 'p', statement: 's', parameterFormats: [], values: [utf8('x'), null], resultFormats: [1] }],
      ],
      'parsing',
    );
    expectEvents(
      concat(client.execute('p', 5), client.close('P', 'p'), client.flush(), client.sync()),
      [['execute', 'p', 5], ['close', 'portal', 'p'], ['flush'], ['sync']],
      'executing',
    );
    expectEvents(
      client.functionCall('a', null),
      [['functionCall', { functionOid: 42, argumentFormats: [], arguments: [utf8('a'), null], resultFormat: 0 }]],
      'callingFunction',
    );
    expectEvents(client.terminate(), [['terminate']], 'terminating');
  });

  test('writes the answers', () => {
    const session = opened(client.parse(), client.describe('S'), client.bind(), client.describe('P'));
    after(session, [client.execute(), client.execute(), client.execute(), client.close(), client.sync()]);
    const { machine } = session;
    const columns = [field({ name: 'a', typeOid: 25 })];
    machine.sendParseComplete();
    machine.sendParameterDescription([23, 4294967295]);
    machine.sendRowDescription(columns);
    machine.sendBindComplete();
    machine.sendNoData();
    machine.sendDataRow([utf8('x'), null]);
    machine.sendPortalSuspended();
    machine.sendCommandComplete('SELECT 1');
    machine.sendEmptyQueryResponse();
    machine.sendCloseComplete();
    expect(machine.state).toBe('syncing');
    machine.sendReadyForQuery('T');
    const answers = [
      server.parseComplete(),
      server.parameterDescription(23, 4294967295),
      server.rowDescription({ name: 'a', typeOid: 25 }),
      server.bindComplete(),
      server.noData(),
      server.dataRow('x', null),
      server.portalSuspended(),
      server.commandComplete('SELECT 1'),
      server.emptyQuery(),
      server.closeComplete(),
      server.ready('T'),
    ];
    expect(sent(session)).toEqual(concat(...answers));
    expect(machine.state).toBe('idle');
  });

  test('answers a query of many statements', () => {
    const session = opened(client.query('select; ; copy t to stdout; copy t from stdin; select'));
    const { machine } = session;
    machine.sendRowDescription([]);
    machine.sendDataRow([]);
    machine.sendNotificationResponse(1, 'c', 'p');
    machine.sendCommandComplete('SELECT 1');
    machine.sendEmptyQueryResponse();
    machine.sendCopyOutResponse(1, [1]);
    machine.sendCopyData(utf8('x'));
    machine.sendParameterStatus('a', 'b');
    machine.sendCopyDone();
    machine.sendCommandComplete('COPY 1');
    machine.sendCopyInResponse(0, [0]);
    machine.feed(client.copyDone());
    machine.sendCommandComplete('COPY 0');
    machine.sendCommandComplete('SELECT 0');
    expect(machine.state).toBe('querying');
    ready(machine);
    expect(sent(session)).toEqual(
      concat(
        server.rowDescription(),
        server.dataRow(),
        server.notification(1, 'c', 'p'),
        server.commandComplete('SELECT 1'),
        server.emptyQuery(),
        message('H', Uint8Array.of(1), int16(1, 1)),
        server.copyData('x'),
        server.parameter('a', 'b'),
        server.copyDone(),
        server.commandComplete('COPY 1'),
        server.copyIn(),
        server.commandComplete('COPY 0'),
        server.commandComplete('SELECT 0'),
        server.ready(),
      ),
    );
  });

  test.each([
    [utf8('result'), concat(int32(6), utf8('result'))],
    [null, int32(-1)],
  ])('answers a function call with %s', (value, bytes) => {
    const session = opened(client.functionCall());
    session.machine.sendFunctionCallResponse(value);
    ready(session.machine);
    expect(sent(session)).toEqual(concat(message('V', bytes), server.ready()));
    expect(session.machine.state).toBe('idle');
  });

  test('holds each answer against the oldest request that has none', () => {
    const { machine } = opened(
      client.parse(),
      client.sync(),
      client.query(),
      client.functionCall(),
      client.terminate(),
    );
    expect([machine.outstanding, machine.unanswered]).toEqual([3, 5]);
    expect(() => {
      ready(machine);
    }).toThrow('ReadyForQuery cannot be sent while parsing');
    machine.sendParseComplete();
    ready(machine);
    expect([machine.outstanding, machine.unanswered]).toEqual([2, 3]);
    machine.sendEmptyQueryResponse();
    ready(machine);
    machine.sendFunctionCallResponse(null);
    ready(machine);
    expect([machine.state, machine.outstanding, machine.unanswered]).toEqual(['terminating', 0, 1]);
  });

  test('can be answered from inside its event, which is told before what came behind', () => {
    const { machine, recorder } = openBackend();
    recorder.reactions.query = () => {
      machine.sendCommandComplete('X');
      ready(machine);
    };
    machine.feed(concat(client.query('1'), client.query('2')));
    expect(recorder.names).toEqual(['query', 'query']);
    expect(machine.output.take()).toEqual(
      concat(server.commandComplete('X'), server.ready(), server.commandComplete('X'), server.ready()),
    );
  });

  test('may be in flight by the thousand', () => {
    const { machine } = opened(...Array.from({ length: 5000 }, () => client.sync()));
    expect(machine.outstanding).toBe(5000);
    for (let i = 0; i < 5000; i++) ready(machine);
    expect([machine.state, machine.unanswered]).toEqual(['idle', 0]);
  });

  test('are not taken behind a Terminate, though what came before is still answered', () => {
    const { machine, recorder } = opened(client.query(), client.terminate());
    machine.sendCommandComplete('X');
    ready(machine);
    expect(machine.state).toBe('terminating');
    const early = opened(client.query(), client.terminate());
    expect(() => {
      early.machine.feed(client.query());
    }).toThrow('Query is illegal while terminating');
    expect(recorder.events).toEqual([]);
  });

  test('are answered after the client has closed its side, if it said good-bye', () => {
    const { machine } = opened(client.query(), client.terminate());
    machine.eof();
    expect(machine.state).toBe('querying');
    machine.sendEmptyQueryResponse();
    ready(machine);
    machine.eof();
    expect(machine.state).toBe('closed');
    const cut = opened(client.query());
    expect(() => {
      cut.machine.eof();
    }).toThrow('the connection ended while querying');
  });

  test('keeps what the handler did not take when it threw', () => {
    const { machine, recorder } = openBackend();
    recorder.reactions.query = (sql) => {
      if (sql === 'throw') throw new Error('mine');
    };
    const bytes = concat(client.query('throw'), client.query('kept'));
    expect(() => {
      machine.feed(bytes);
    }).toThrow('mine');
    bytes.fill(0);
    machine.feed(new Uint8Array(0));
    expect(recorder.events).toEqual([
      ['query', 'throw'],
      ['query', 'kept'],
    ]);
    expect(machine.outstanding).toBe(2);
  });

  test('cannot be fed from inside an event', () => {
    const { machine, recorder } = openBackend();
    const errors: unknown[] = [];
    recorder.reactions.query = () => {
      for (const call of [
        () => {
          machine.feed(client.query());
        },
        () => {
          machine.eof();
        },
      ]) {
        try {
          call();
        } catch (failure) {
          errors.push(failure);
        }
      }
    };
    machine.feed(client.query());
    expect(errors).toEqual([
      expect.objectContaining({ code: 'ERR_POSTGRES_PROTOCOL_LOCAL', call: 'feed', state: 'querying' }),
      expect.objectContaining({ code: 'ERR_POSTGRES_PROTOCOL_LOCAL', call: 'eof', state: 'querying' }),
    ]);
  });

  test('leaves nothing of an answer whose fields it cannot have', () => {
    const { machine } = opened(client.query());
    expect(() => {
      machine.sendCommandComplete('a\0b');
    }).toThrow(RangeError);
    expect(() => {
      machine.sendRowDescription([field({ name: 'ok', typeOid: 25 }), field({ name: 'a\0b', typeOid: 25 })]);
    }).toThrow(RangeError);
    expect([machine.state, machine.output.length]).toEqual(['querying', 0]);
  });
});

describe('BackendMachine, errors', () => {
  test('drop the requests up to the next Sync, if it has arrived', () => {
    const { machine } = opened(client.parse(), client.bind(), client.query(), client.sync(), client.query());
    expect([machine.outstanding, machine.unanswered]).toEqual([3, 5]);
    error(machine);
    expect([machine.state, machine.outstanding, machine.unanswered]).toEqual(['draining', 2, 2]);
    ready(machine);
    expect(machine.state).toBe('querying');
  });

  test('skip what arrives until the Sync, if it has not', () => {
    const session = after(opened(client.parse(), client.bind()), [], error);
    const { machine, recorder } = session;
    expect([machine.state, machine.outstanding]).toEqual(['skipping', 0]);
    const skipped = [client.bind(), client.execute(), client.query(), client.functionCall(), client.close()];
    const more = [client.describe(), client.parse(), client.flush(), client.copyData(), client.copyDone()];
    machine.feed(concat(...skipped, ...more, client.copyFail(), message('Q', utf8('no end of text'))));
    expect([machine.state, ...recorder.events]).toEqual(['skipping']);
    machine.feed(concat(client.sync(), client.query()));
    expect([machine.state, ...recorder.names]).toEqual(['draining', 'sync', 'query']);
    ready(machine);
    expect(machine.state).toBe('querying');
  });

  test('of a query wait for its ReadyForQuery', () => {
    for (const request of [client.query(), client.functionCall()]) {
      const { machine } = after(opened(request, client.parse(), client.sync()), [], error);
      expect([machine.state, machine.outstanding]).toEqual(['draining', 2]);
      machine.sendErrorResponse({ ...ERROR, message: 'the abort failed, too' });
      ready(machine);
      expect(machine.state).toBe('parsing');
    }
  });

  test('of a Sync wait for its ReadyForQuery', () => {
    const { machine } = after(opened(client.sync()), [], error);
    expect([machine.state, machine.outstanding]).toEqual(['draining', 1]);
    ready(machine);
    expect(machine.state).toBe('idle');
  });

  test('let a client say good-bye instead of a Sync', () => {
    const early = after(opened(client.parse(), client.terminate()), [], error);
    expect([early.machine.state, early.machine.unanswered]).toEqual(['terminating', 1]);
    const late = after(after(opened(client.parse()), [], error), [client.terminate()]);
    expect([late.machine.state, late.machine.unanswered]).toEqual(['terminating', 1]);
    expect(late.recorder.names).toEqual(['terminate']);
  });

  test('hold all fields that they are given', () => {
    const session = opened(client.query());
    const fields = { ...ERROR, severity: 'FEHLER', severityCode: 'ERROR', hint: 'h', position: 8, line: '12' };
    session.machine.sendErrorResponse(fields);
    expect(session.machine.state).toBe('draining');
    const text = 'SFEHLER\0VERROR\0C42601\0Msyntax error\0Hh\0P8\0L12\0\0';
    expect(sent(session)).toEqual(message('E', utf8(text)));
  });

  test('may be the last word to a client that broke the protocol, once', () => {
    const { machine } = openBackend();
    const feed = () => {
      machine.feed(client.password());
    };
    expect(feed).toThrow('PasswordMessage is illegal while idle');
    expect(() => {
      ready(machine);
    }).toThrow('PasswordMessage is illegal while idle');
    machine.sendErrorResponse({ severity: 'FATAL', sqlState: '08P01', message: 'not now' });
    expect([machine.state, machine.output.take()[0]]).toEqual(['closed', 0x45]);
    expect(feed).toThrow('PasswordMessage is illegal while idle');
    for (const call of [
      error,
      ready,
      () => {
        machine.eof();
      },
      () => {
        machine.sendNoticeResponse(ERROR);
      },
    ]) {
      expect(() => {
        call(machine);
      }).toThrow('PasswordMessage is illegal while idle');
    }
    expect(machine.output.length).toBe(0);
  });
});
