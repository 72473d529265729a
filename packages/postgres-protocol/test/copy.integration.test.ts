import { afterEach, describe, expect, inject, test } from 'vitest';
import { createStatement, type FrontendMachine, type Statement } from '../src/index.js';
import { PgSocket } from './pg-socket.js';
import { utf8 } from './wire.js';

const url = inject('databaseUrl');
const text = (batches: readonly Uint8Array[]): string => new TextDecoder().decode(Buffer.concat(batches));
const statement: Statement = createStatement({ name: '', parameterOids: [], fields: [] });

let pg: PgSocket;
afterEach(() => pg[Symbol.asyncDispose]());

async function open(...scripts: string[]): Promise<FrontendMachine> {
  pg = await PgSocket.open(url);
  for (const script of scripts) await run(script);
  return pg.machine;
}

async function run(sql: string): Promise<void> {
  pg.machine.sendQuery(sql);
  await pg.until('readyForQuery');
  expect(pg.handler.names).not.toContain('errorResponse');
  pg.handler.clear();
}

/** What a query of one text column gives; also shows that the session is still in step. */
async function column(sql: string): Promise<unknown[]> {
  pg.handler.clear();
  pg.machine.sendQuery(sql);
  await pg.until('readyForQuery');
  expect(pg.machine.outstanding).toBe(0);
  const rows = pg.handler.events.find(([name]) => name === 'rows')?.[1] as Record<string, unknown>[] | undefined;
  return rows?.map((row) => Object.values(row)[0]) ?? [];
}

const START = {
  simple: (machine: FrontendMachine, sql: string): void => {
    machine.sendQuery(sql);
  },
  extended: (machine: FrontendMachine, sql: string): void => {
    machine.sendParse('', sql);
    machine.sendBind('', statement, []);
    machine.sendExecute('', statement, 0);
    machine.sendSync();
  },
  'extended, flushed': (machine: FrontendMachine, sql: string): void => {
    machine.sendParse('', sql);
    machine.sendBind('', statement, []);
    machine.sendExecute('', statement, 0);
    machine.sendFlush();
  },
} as const;
const kinds = Object.keys(START) as (keyof typeof START)[];
/** Whether the owner has yet to end the group. */
const needsSync = (kind: keyof typeof START): boolean => kind === 'extended, flushed';

describe.each(kinds)('COPY in a query that is %s', (kind) => {
  const start = START[kind];

  test('takes data from the owner', async () => {
    const machine = await open('create temp table t (a int, b text)');
    start(machine, 'copy t from stdin');
    await pg.until('copyInResponse');
    expect(pg.handler.events.at(-1)).toEqual(['copyInResponse', { format: 0, columnFormats: [0, 0] }]);
    for (let i = 0; i < 10_000; i += 2) machine.sendCopyData(utf8(`${i}\trow\n${i + 1}\t\\N\n`));
    machine.sendCopyDone();
    if (needsSync(kind)) machine.sendSync();
    await pg.until('readyForQuery');
    expect(pg.handler.events.slice(-2)).toEqual([
      ['commandComplete', 'COPY 10000'],
      ['readyForQuery', 'I'],
    ]);
    expect(await column('select count(*) || $$ $$ || sum(a) || $$ $$ || count(b) from t')).toEqual([
      '10000 49995000 5000',
    ]);
  });

  test('gives data to the owner', async () => {
    const machine = await open();
    start(machine, 'copy (select * from generate_series(1, 10000)) to stdout');
    if (needsSync(kind)) machine.sendSync();
    await pg.until('readyForQuery');
    const batches = pg.handler.events.filter(([name]) => name === 'copyData').map(([, batch]) => batch as Uint8Array[]);
    expect(text(batches.flat())).toBe(Array.from({ length: 10_000 }, (_, i) => `${i + 1}\n`).join(''));
    const names = pg.handler.names.filter((name) => !['parseComplete', 'bindComplete', 'copyData'].includes(name));
    expect(names).toEqual(['copyOutResponse', 'copyDone', 'commandComplete', 'readyForQuery']);
  });

  test('can be declined', async () => {
    const machine = await open('create temp table t (a int)');
    pg.handler.reactions.copyInResponse = () => {
      machine.sendCopyFail('no data here');
    };
    start(machine, 'copy t from stdin');
    if (needsSync(kind)) {
      await pg.until('errorResponse');
      expect(machine.state).toBe('draining');
      machine.sendSync();
    }
    await pg.until('readyForQuery');
    expect(pg.handler.events).toContainEqual(['errorResponse', '57014']);
    expect(await column('select count(*) from t')).toEqual(['0']);
  });

  test('ends with an error of the server in the middle of the data', async () => {
    const machine = await open('create temp table t (a int)');
    start(machine, 'copy t from stdin');
    await pg.until('copyInResponse');
    machine.sendCopyData(utf8('1\nnonsense\n'));
    // 64 KiB make the server look at what it has.
    machine.sendCopyData(utf8('2\n'.repeat(40_000)));
    await pg.until('errorResponse');
    expect(pg.handler.events).toContainEqual(['errorResponse', '22P02']);
    expect(() => {
      machine.sendCopyData(utf8('3\n'));
    }).toThrow('sendCopyData');
    if (needsSync(kind)) machine.sendSync();
    await pg.until('readyForQuery');
    expect(await column('select count(*) from t')).toEqual(['0']);
  });

  test.each([
    [
      'done',
      (machine: FrontendMachine): void => {
        machine.sendCopyDone();
      },
    ],
    [
      'declined',
      (machine: FrontendMachine): void => {
        machine.sendCopyFail('no');
      },
    ],
  ] as const)('stays in step where the server fails before it reads, and the owner has %s', async (_, end) => {
    const machine = await open('create temp view v as select 1 as a');
    pg.handler.reactions.copyInResponse = () => {
      end(machine);
      if (needsSync(kind)) machine.sendSync();
    };
    start(machine, 'copy v from stdin');
    await pg.until('readyForQuery');
    expect(pg.handler.events).toContainEqual(['errorResponse', '42809']);
    expect(await column('select 1')).toEqual(['1']);
    expect(await column('select 2')).toEqual(['2']);
  });
});

test('COPY in binary announces the formats', async () => {
  const machine = await open();
  machine.sendQuery("copy (select 1::int, 'x'::text) to stdout (format binary)");
  await pg.until('readyForQuery');
  expect(pg.handler.events[0]).toEqual(['copyOutResponse', { format: 1, columnFormats: [1, 1] }]);
  expect(
    Buffer.concat(pg.handler.events[1]?.[1] as Uint8Array[])
      .subarray(0, 7)
      .toString('latin1'),
  ).toBe('PGCOPY\n');
});

test('COPY beside other statements of a simple query takes its turn', async () => {
  const machine = await open('create temp table t (a int)');
  pg.handler.reactions.copyInResponse = () => {
    machine.sendCopyData(utf8('7\n'));
    machine.sendCopyDone();
  };
  machine.sendQuery('select 1 as a; copy t from stdin; copy t to stdout; select a from t');
  await pg.until('readyForQuery');
  expect(pg.handler.events).toEqual([
    ['rowDescription', 'a'],
    ['rows', [{ a: '1' }]],
    ['commandComplete', 'SELECT 1'],
    ['copyInResponse', { format: 0, columnFormats: [0] }],
    ['commandComplete', 'COPY 1'],
    ['copyOutResponse', { format: 0, columnFormats: [0] }],
    ['copyData', [utf8('7\n')]],
    ['copyDone'],
    ['commandComplete', 'COPY 1'],
    ['rowDescription', 'a'],
    ['rows', [{ a: '7' }]],
    ['commandComplete', 'SELECT 1'],
    ['readyForQuery', 'I'],
  ]);
});

test('COPY FROM STDIN with a query pipelined behind it costs the connection, with a clear error', async () => {
  const machine = await open('create temp table t (a int)');
  machine.sendQuery('copy t from stdin');
  machine.sendQuery('select 1');
  await expect(pg.until('readyForQuery', 3)).rejects.toThrow('COPY FROM STDIN with requests pipelined behind it');
  expect(machine.state).toBe('broken');
});
