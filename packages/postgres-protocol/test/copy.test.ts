import { describe, expect, test } from 'vitest';
import type { FrontendMachine } from '../src/index.js';
import { eachWay, execute, expectEvents, failure, numbers, query, sending, sync } from './conversations.js';
import type { Session } from './open-session.js';
import { concat, cstring, message, server, utf8 } from './wire.js';

const TEXT = { format: 0, columnFormats: [0] };
const data = (machine: FrontendMachine): void => {
  machine.sendCopyData(utf8('1\n'));
};
const done = (machine: FrontendMachine): void => {
  machine.sendCopyDone();
};
const fail = (machine: FrontendMachine): void => {
  machine.sendCopyFail('why not');
};
const copyDone = message('c');
const copyFail = message('f', cstring('why not'));

/** A machine that was asked for the data of a COPY; what it has written so far is gone. */
const copyingIn =
  (...sends: ((machine: FrontendMachine) => void)[]) =>
  (): Session => {
    const session = sending(...sends)();
    session.machine.output.reset();
    session.machine.feed(server.copyIn());
    return session;
  };

describe.each([
  ['simple', query, 'queryCopyingIn'],
  ['extended', execute(numbers), 'copyingIn'],
] as const)('COPY FROM STDIN in a query that is %s', (_, send, state) => {
  test('asks for data and takes it', () => {
    const { handler, machine } = copyingIn(send)();
    expect(handler.events).toEqual([['copyInResponse', TEXT]]);
    expect(machine.state).toBe(state);
    data(machine);
    machine.sendCopyData(new Uint8Array(0));
    done(machine);
    expect(machine.output.take()).toEqual(concat(message('d', utf8('1\n')), message('d'), copyDone));
    machine.feed(server.commandComplete('COPY 1'));
    expect(handler.events.at(-1)).toEqual(['commandComplete', 'COPY 1']);
  });

  test.each([
    ['sendCopyDone', done, copyDone],
    ['sendCopyFail', fail, copyFail],
  ] as const)('has %s send the Syncs again that the server swallowed', (name, end, bytes) => {
    for (const count of [0, 1, 2]) {
      const { machine } = copyingIn(send, ...new Array<typeof sync>(count).fill(sync))();
      expect(machine.output.length).toBe(0);
      end(machine);
      expect(machine.output.take(), name).toEqual(concat(bytes, ...new Array<Uint8Array>(count).fill(message('S'))));
    }
  });

  test('lets requests be sent again once it is ended', () => {
    const { handler, machine } = copyingIn(send, sync)();
    done(machine);
    machine.sendQuery('q');
    handler.clear();
    machine.feed(
      concat(server.commandComplete('COPY 1'), ...(state === 'copyingIn' ? [] : [server.ready()]), server.ready()),
    );
    machine.feed(concat(server.emptyQuery(), server.ready()));
    expect(handler.names.filter((event) => event !== 'readyForQuery')).toEqual([
      'commandComplete',
      'emptyQueryResponse',
    ]);
    expect(machine.state).toBe('idle');
    expect(machine.outstanding).toBe(0);
  });

  test('ends with an error of the server: no more data is taken, and the Syncs are sent again', () => {
    const { handler, machine } = copyingIn(send, sync)();
    data(machine);
    machine.output.reset();
    handler.clear();
    machine.feed(server.error({ C: '22P02' }));
    expect(handler.events).toEqual([['errorResponse', '22P02']]);
    expect(machine.output.take()).toEqual(message('S'));
    for (const call of [data, done, fail]) {
      expect(
        failure(() => {
          call(machine);
        }),
      ).toMatchObject({ code: 'ERR_POSTGRES_PROTOCOL_LOCAL', state: 'draining' });
    }
    expect(machine.output.length).toBe(0);
  });

  test('that an event ends by an error writes no Sync twice', () => {
    const { machine } = copyingIn(send, sync)();
    fail(machine);
    machine.output.reset();
    machine.feed(server.error({ C: '57014' }));
    expect(machine.output.length).toBe(0);
  });

  test('refuses a reason with a zero, and goes on', () => {
    const { machine } = copyingIn(send, sync)();
    expect(
      failure(() => {
        machine.sendCopyFail('a\0b');
      }),
    ).toBeInstanceOf(RangeError);
    expect(machine.output.length).toBe(0);
    expect(machine.state).toBe(state);
    data(machine);
  });

  test('with requests behind it is the end', () => {
    const { handler, machine } = sending(send, sync, query)();
    machine.output.reset();
    expect(() => {
      machine.feed(server.copyIn());
    }).toThrow('COPY FROM STDIN with requests pipelined behind it');
    expect(handler.events).toEqual([]);
    expect(machine.output.length).toBe(0);
  });
});

describe('COPY FROM STDIN that fails before the server has read the Syncs behind it', () => {
  /** What an error in BEFORE STATEMENT looks like: both lots of Syncs are answered. */
  const failed = (...sends: ((machine: FrontendMachine) => void)[]): Session => {
    const session = copyingIn(execute(numbers), sync, sync)();
    fail(session.machine);
    for (const send of sends) send(session.machine);
    session.handler.clear();
    session.machine.feed(concat(server.error({ C: '42809' }), server.ready(), server.ready()));
    expect(session.handler.names).toEqual(['errorResponse', 'readyForQuery', 'readyForQuery']);
    session.handler.clear();
    return session;
  };
  const answer = concat(server.emptyQuery(), server.ready());

  test.each([
    ['idle', []],
    ['a simple query', [query]],
  ])('tells what is surplus from the answers to %s', (_, sends) => {
    const { handler, machine } = failed(...sends);
    machine.feed(concat(server.ready(), server.ready()));
    expect(handler.events).toEqual([]);
    if (sends.length === 0) machine.sendQuery('q');
    machine.feed(answer);
    expect(handler.names).toEqual(['emptyQueryResponse', 'readyForQuery']);
    expect(machine.outstanding).toBe(0);
  });

  test('keeps count where a Sync cannot tell whose answer it is', () => {
    const { handler, machine } = failed(sync);
    machine.feed(concat(server.ready(), server.ready(), server.ready()));
    expect(handler.names).toEqual(['readyForQuery']);
    expect(machine.state).toBe('idle');
    machine.sendQuery('q');
    machine.feed(answer);
    expect(handler.names).toEqual(['readyForQuery', 'emptyQueryResponse', 'readyForQuery']);
  });

  test('expects no more than there can be, and none once a later request is answered', () => {
    const { machine } = failed();
    machine.feed(concat(server.ready(), server.ready()));
    expect(
      failure(() => {
        machine.feed(server.ready());
      }).message,
    ).toContain('ReadyForQuery is illegal while idle');

    const settled = failed(query);
    settled.machine.feed(answer);
    expect(settled.handler.names).toEqual(['emptyQueryResponse', 'readyForQuery']);
    expect(
      failure(() => {
        settled.machine.feed(server.ready());
      }).message,
    ).toContain('ReadyForQuery is illegal while idle');
  });

  test('expects none after a copy that succeeded', () => {
    const { machine } = copyingIn(execute(numbers), sync)();
    done(machine);
    machine.feed(concat(server.commandComplete('COPY 0'), server.ready()));
    expect(
      failure(() => {
        machine.feed(server.ready());
      }).message,
    ).toContain('ReadyForQuery is illegal while idle');
  });
});

describe('COPY TO STDOUT', () => {
  test.each([
    ['simple', [query, query]],
    ['extended', [execute(numbers), sync, query]],
  ] as const)('of a %s query delivers its data, wherever the chunks are cut', (_, sends) => {
    expectEvents(
      sending(...sends),
      concat(
        server.copyOut(),
        server.copyData('1\n'),
        server.copyData(''),
        server.parameter('a', 'b'),
        server.copyData('2\n'),
        server.copyDone(),
        server.commandComplete('COPY 2'),
        server.ready(),
        server.emptyQuery(),
        server.ready(),
      ),
      [
        ['copyOutResponse', TEXT],
        ['copyData', [utf8('1\n'), utf8('')]],
        ['parameterStatus', 'a', 'b'],
        ['copyData', [utf8('2\n')]],
        ['copyDone'],
        ['commandComplete', 'COPY 2'],
        ['readyForQuery', 'I'],
        ['emptyQueryResponse'],
        ['readyForQuery', 'I'],
      ],
    );
  });

  test('delivers the data of a chunk in one event, as views of one copy', () => {
    const { handler, machine } = sending(query)();
    machine.feed(server.copyOut());
    handler.clear();
    const batches: (readonly Uint8Array[])[] = [];
    handler.reactions.copyData = (batch: readonly Uint8Array[]) => batches.push(batch);
    const chunk = concat(...Array.from({ length: 100 }, (_, i) => server.copyData(`row ${i}\n`)));
    machine.feed(chunk);
    chunk.fill(0xee);
    expect(batches).toHaveLength(1);
    expect(batches[0]).toHaveLength(100);
    expect(new Set(batches[0]?.map(({ buffer }) => buffer)).size).toBe(1);
    expect(batches[0]?.[99]).toEqual(utf8('row 99\n'));
  });

  test('of several statements delivers one after the other', () => {
    const one = concat(server.copyOut(), server.copyData('x'), server.copyDone(), server.commandComplete('COPY 1'));
    eachWay(sending(query), concat(one, one, server.ready()), ({ handler }) => {
      const copy = ['copyOutResponse', 'copyData', 'copyDone', 'commandComplete'];
      expect(handler.names).toEqual([...copy, ...copy, 'readyForQuery']);
    });
  });

  test('delivers what came before an error, and before a breach', () => {
    expectEvents(
      sending(query),
      concat(server.copyOut(), server.copyData('1\n'), server.error({ C: '57014' }), server.ready()),
      [
        ['copyOutResponse', TEXT],
        ['copyData', [utf8('1\n')]],
        ['errorResponse', '57014'],
        ['readyForQuery', 'I'],
      ],
    );
    const { handler, machine } = sending(query)();
    const error = failure(() => {
      machine.feed(concat(server.copyOut(), server.copyData('1\n'), server.noData()));
    });
    expect(error.message).toBe('NoData is illegal while queryCopyingOut');
    expect(handler.names).toEqual(['copyOutResponse', 'copyData']);
  });

  test('refuses a length below 4, and one above the limit, at its header', () => {
    for (const [length, text] of [
      [3, 'a message has an impossible length'],
      [2000, 'a message has an impossible length'],
    ] as const) {
      const { machine } = sending(query)({ maxMessageBytes: 1024 });
      machine.feed(server.copyOut());
      const header = Uint8Array.of(0x64, 0, 0, length >> 8, length & 255);
      expect(
        failure(() => {
          machine.feed(concat(server.copyData('1'), header));
        }).message,
      ).toContain(text);
    }
  });

  test('keeps what comes behind an event that throws', () => {
    const { handler, machine } = sending(query)();
    handler.reactions.copyOutResponse = () => {
      throw new Error('mine');
    };
    expect(() => {
      machine.feed(concat(server.copyOut(), server.copyData('1'), server.copyDone()));
    }).toThrow('mine');
    machine.feed(server.commandComplete('COPY 1'));
    expect(handler.names).toEqual(['copyOutResponse', 'copyData', 'copyDone', 'commandComplete']);
  });
});

describe('a copy in both directions', () => {
  const both = (): Session => {
    const session = sending(query)();
    session.machine.output.reset();
    session.machine.feed(server.copyBoth());
    return session;
  };

  test('sends and receives at the same time', () => {
    const { handler, machine } = both();
    machine.feed(server.copyData('w'));
    data(machine);
    machine.feed(server.copyData('x'));
    expect(machine.output.take()).toEqual(message('d', utf8('1\n')));
    expect(handler.events).toEqual([
      ['copyBothResponse', { format: 0, columnFormats: [] }],
      ['copyData', [utf8('w'), utf8('x')]],
    ]);
  });

  test('is over when both sides are done, whoever is first', () => {
    const steps: readonly (readonly ((machine: FrontendMachine) => void)[])[] = [
      [
        done,
        (machine) => {
          machine.feed(concat(server.copyData('late'), server.copyDone()));
        },
      ],
      [
        (machine) => {
          machine.feed(server.copyDone());
        },
        data,
        done,
      ],
    ];
    for (const run of steps) {
      const { handler, machine } = both();
      for (const step of run) step(machine);
      expect(machine.state).toBe('queryEndingCopyBoth');
      handler.clear();
      machine.feed(server.copyData('k')); // a walsender that is alive
      // The next timeline, then the end of the COPY and of START_REPLICATION.
      machine.feed(
        concat(
          server.rowDescription({ name: 'next_tli', typeOid: 20 }),
          server.dataRow('2'),
          server.commandComplete('SELECT'),
          server.commandComplete('START_STREAMING'),
          server.ready(),
        ),
      );
      expect(handler.names).toEqual([
        'copyData',
        'rowDescription',
        'rows',
        'commandComplete',
        'commandComplete',
        'readyForQuery',
      ]);
      expect(machine.state).toBe('idle');
    }
  });

  test('ends with an error in both directions', () => {
    const { handler, machine } = both();
    machine.feed(concat(server.error({ C: '58P01' }), server.ready()));
    expect(handler.names).toEqual(['copyBothResponse', 'errorResponse', 'readyForQuery']);
    expect(
      failure(() => {
        data(machine);
      }).message,
    ).toContain('sendCopyData');
  });

  test('takes nothing else meanwhile, and costs the connection with anything pipelined behind it', () => {
    const { machine } = both();
    expect(
      failure(() => {
        machine.sendSync();
      }).message,
    ).toContain('takes nothing but data');
    expect(
      failure(() => {
        fail(machine);
      }).message,
    ).toContain('sendCopyFail');
    expect(
      failure(() => {
        sending(query, sync)().machine.feed(server.copyBoth());
      }).message,
    ).toContain('a COPY in both directions with requests pipelined behind it');
  });
});
