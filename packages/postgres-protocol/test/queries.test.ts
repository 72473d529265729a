import { describe, expect, test } from 'vitest';
import { createStatement, type FrontendMachine } from '../src/index.js';
import { execute, expectEvents, failure, numbers, query, sending, sync } from './conversations.js';
import { openSession } from './open-session.js';
import { concat, cstring, field, int16, int32, message, server } from './wire.js';

describe('a simple query', () => {
  test('is one message with the text', () => {
    const { machine } = openSession();
    machine.sendQuery("select 'ü'");
    expect(machine.output.take()).toEqual(message('Q', cstring("select 'ü'")));
    expect(machine.state).toBe('querying');
    expect(machine.outstanding).toBe(1);
  });

  test('delivers result after result', () => {
    expectEvents(
      sending(query),
      concat(
        server.rowDescription({ name: 'a', typeOid: 23 }, { name: 'b', typeOid: 25 }),
        server.dataRow('1', null),
        server.notice(),
        server.dataRow('2', 'ü'),
        server.commandComplete('SELECT 2'),
        server.commandComplete('CREATE TABLE'),
        server.rowDescription(),
        server.dataRow(),
        server.commandComplete('SELECT 1'),
        server.emptyQuery(),
        server.ready('T'),
      ),
      [
        ['rowDescription', 'a,b'],
        ['rows', [{ a: '1', b: null }]],
        ['notice', 'beware'],
        ['rows', [{ a: '2', b: 'ü' }]],
        ['commandComplete', 'SELECT 2'],
        ['commandComplete', 'CREATE TABLE'],
        ['rowDescription', ''],
        ['rows', [{}]],
        ['commandComplete', 'SELECT 1'],
        ['emptyQueryResponse'],
        ['readyForQuery', 'T'],
      ],
    );
  });

  test('that fails in the middle is over with its ReadyForQuery', () => {
    expectEvents(
      sending(query, query),
      concat(
        server.rowDescription({ name: 'a', typeOid: 25 }),
        server.dataRow('1'),
        server.error({ C: '22012' }),
        server.error({ C: '25P02' }),
        server.ready('E'),
        server.emptyQuery(),
        server.ready(),
      ),
      [
        ['rowDescription', 'a'],
        ['rows', [{ a: '1' }]],
        ['errorResponse', '22012'],
        ['errorResponse', '25P02'],
        ['readyForQuery', 'E'],
        ['emptyQueryResponse'],
        ['readyForQuery', 'I'],
      ],
    );
  });

  test('is refused while a group of extended messages is open, and taken after its Sync', () => {
    const { machine } = openSession();
    machine.sendParse('', 'select 1');
    machine.output.reset();
    expect(() => {
      machine.sendQuery('select 2');
    }).toThrow('sendQuery: a group of extended messages is open');
    expect(machine.output.length).toBe(0);
    machine.sendSync();
    machine.sendQuery('select 2');
    expect(machine.outstanding).toBe(2);
  });
});

describe('extended queries', () => {
  test('are sent in the shape of the manual', () => {
    const { machine } = openSession();
    machine.sendParse('s', 'select $1', [23, 4294967295]);
    machine.sendDescribe('statement', 's');
    machine.sendDescribe('portal', 'p');
    machine.sendExecute('p', numbers, 2 ** 31 - 1);
    machine.sendClose('statement', 's');
    machine.sendClose('portal', 'p');
    machine.sendSync();
    machine.sendFlush();
    expect(machine.output.take()).toEqual(
      concat(
        message('P', cstring('s', 'select $1'), int16(2), int32(23, -1)),
        message('D', cstring('Ss')),
        message('D', cstring('Pp')),
        message('E', cstring('p'), int32(2 ** 31 - 1)),
        message('C', cstring('Ss')),
        message('C', cstring('Pp')),
        message('S'),
        message('H'),
      ),
    );
  });

  test('bind with one format code where all columns have the same, and else with one each', () => {
    const { machine } = openSession();
    const bound = (fields: readonly number[]): Uint8Array => {
      const statement = createStatement({
        name: 's',
        parameterOids: [],
        fields: fields.map((typeOid, i) => field({ name: `c${i}`, typeOid })),
      });
      machine.sendBind('p', statement, []);
      return machine.output.take();
    };
    const head = concat(cstring('p', 's'), int16(0, 0));
    expect(bound([])).toEqual(message('B', head, int16(0)));
    expect(bound([23, 23])).toEqual(message('B', head, int16(1, 1)));
    expect(bound([70_000, 70_000])).toEqual(message('B', head, int16(1, 0)));
    expect(bound([23, 70_000])).toEqual(message('B', head, int16(2, 1, 0)));
  });

  test('deliver descriptions, rows and completions in order', () => {
    expectEvents(
      sending(
        (machine) => {
          machine.sendParse('s', 'q');
        },
        (machine) => {
          machine.sendDescribe('statement', 's');
        },
        (machine) => {
          machine.sendBind('', numbers, [1]);
        },
        (machine) => {
          machine.sendDescribe('portal', '');
        },
        execute(numbers),
        execute(numbers),
        execute(numbers),
        (machine) => {
          machine.sendClose('portal', '');
        },
        sync,
      ),
      concat(
        server.parseComplete(),
        server.parameterDescription(23, 4294967295),
        server.rowDescription({ name: 'n', typeOid: 23 }),
        server.bindComplete(),
        server.noData(),
        server.dataRow(1),
        server.dataRow(-2),
        server.portalSuspended(),
        server.dataRow(null),
        server.commandComplete('SELECT 1'),
        server.emptyQuery(),
        server.closeComplete(),
        server.ready(),
      ),
      [
        ['parseComplete'],
        ['parameterDescription', [23, 4294967295]],
        ['rowDescription', 'n'],
        ['bindComplete'],
        ['noData'],
        ['rows', [{ n: 1 }, { n: -2 }]],
        ['portalSuspended'],
        ['rows', [{ n: null }]],
        ['commandComplete', 'SELECT 1'],
        ['emptyQueryResponse'],
        ['closeComplete'],
        ['readyForQuery', 'I'],
      ],
    );
  });

  test('that fail are dropped up to their Sync, and no further', () => {
    const group = [
      execute(numbers),
      (machine: FrontendMachine) => {
        machine.sendClose('portal', '');
      },
      sync,
    ];
    expectEvents(
      sending(...group, ...group, ...group),
      concat(
        ...[server.dataRow(1), server.commandComplete('SELECT 1'), server.closeComplete(), server.ready()],
        ...[server.dataRow(2), server.error(), server.ready()],
        ...[server.dataRow(3), server.commandComplete('SELECT 1'), server.error({ C: 'XX000' }), server.ready()],
      ),
      [
        ['rows', [{ n: 1 }]],
        ['commandComplete', 'SELECT 1'],
        ['closeComplete'],
        ['readyForQuery', 'I'],
        ['rows', [{ n: 2 }]],
        ['errorResponse', '42601'],
        ['readyForQuery', 'I'],
        ['rows', [{ n: 3 }]],
        ['commandComplete', 'SELECT 1'],
        ['errorResponse', 'XX000'],
        ['readyForQuery', 'I'],
      ],
    );
  });

  test('sent after the error of their group, before its Sync, are dropped too', () => {
    const { handler, machine } = sending(execute(numbers))();
    machine.feed(server.error());
    machine.sendParse('', 'q');
    machine.sendSync();
    machine.sendParse('', 'q');
    machine.sendSync();
    expect(machine.outstanding).toBe(2);
    machine.feed(concat(server.ready(), server.parseComplete(), server.ready()));
    expect(handler.names).toEqual(['errorResponse', 'readyForQuery', 'parseComplete', 'readyForQuery']);
    expect(machine.outstanding).toBe(0);
  });

  test('that failed are not over before their Sync was sent', () => {
    const { machine } = sending(execute(numbers))();
    machine.feed(server.error());
    expect(() => {
      machine.feed(server.ready());
    }).toThrow('ReadyForQuery without a Sync is illegal while draining');
  });

  test('answered for another request are the fault of the peer', () => {
    const { handler, machine } = sending((m) => {
      m.sendParse('', '');
    }, sync)();
    const error = failure(() => {
      machine.feed(concat(server.parseComplete(), server.bindComplete()));
    });
    expect(error.message).toBe('BindComplete is illegal while syncing');
    expect(error).toMatchObject({ state: 'syncing', received: 'BindComplete' });
    expect(handler.names).toEqual(['parseComplete']);
  });

  test('keep their statements apart in a pipeline', () => {
    const texts = createStatement({ name: 't', parameterOids: [], fields: [field({ name: 't', typeOid: 25 })] });
    expectEvents(
      sending(execute(numbers), sync, execute(texts), sync),
      concat(
        server.dataRow(7),
        server.commandComplete('SELECT 1'),
        server.ready(),
        server.dataRow('seven'),
        server.commandComplete('SELECT 1'),
        server.ready(),
      ),
      [
        ['rows', [{ n: 7 }]],
        ['commandComplete', 'SELECT 1'],
        ['readyForQuery', 'I'],
        ['rows', [{ t: 'seven' }]],
        ['commandComplete', 'SELECT 1'],
        ['readyForQuery', 'I'],
      ],
    );
  });

  test('are refused whole where a part cannot be encoded', () => {
    const { machine } = openSession();
    machine.sendSync();
    const before = machine.output.view().slice();
    for (const send of [
      () => {
        machine.sendBind('p', numbers, ['not a number']);
      },
      () => {
        machine.sendBind('p', numbers, [2 ** 31]);
      },
      () => {
        machine.sendBind('p', numbers, []);
      },
      () => {
        machine.sendBind('p\0', numbers, [1]);
      },
      () => {
        machine.sendParse('s', 'a\0b');
      },
      () => {
        machine.sendParse('s', 'q', new Array<number>(65536).fill(23));
      },
      () => {
        machine.sendParse('s', 'q', [-1]);
      },
      () => {
        machine.sendParse('s', 'q', [0.5]);
      },
      () => {
        machine.sendExecute('p', numbers, -1);
      },
      () => {
        machine.sendExecute('p', numbers, 2 ** 31);
      },
      () => {
        machine.sendExecute('p', numbers, NaN);
      },
      () => {
        machine.sendClose('portal', '\0');
      },
      () => {
        machine.sendDescribe('portal', '\0');
      },
      () => {
        machine.sendQuery('a\0');
      },
    ]) {
      expect(send).toThrow(/^(?!.*not a number)/);
      expect(machine.output.view()).toEqual(before);
      expect(machine.state).toBe('syncing');
    }
    machine.feed(server.ready());
    expect(machine.state).toBe('idle');
  });

  test('take a statement of 65535 parameters', () => {
    const { machine } = openSession();
    machine.sendParse('', '', new Array<number>(65535).fill(23));
    expect(machine.output.length).toBe(1 + 4 + 1 + 1 + 2 + 65535 * 4);
  });
});
