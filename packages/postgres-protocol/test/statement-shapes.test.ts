import { describe, expect, test } from 'vitest';
import { ColumnBatch, createRawStatement, createStatement, type RowBatch, type Statement } from '../src/index.js';
import { builtInTypeOf } from '../src/types/registry.js';
import { text } from '../src/types/text.js';
import type { WireType } from '../src/types/wire-type.js';
import { failure } from './conversations.js';
import { field } from './fixtures/value-wire.js';
import { openSession } from './open-session.js';
import { concat, int16, int32, message, server, utf8 } from './wire.js';

const pairs = createStatement({ name: 's', parameterOids: [23], fields: [field('n', 23), field('m', 23)] });
const rows = concat(server.dataRow(1, 2), server.dataRow(3, 4));

/** What a machine hands on for the bytes of one result, and whether it refused rows. */
function fed(statement: Statement, ...chunks: readonly Uint8Array[]): { batches: RowBatch[]; refusal?: Error } {
  const { machine, handler } = openSession();
  const batches: RowBatch[] = [];
  let refusal: Error | undefined;
  handler.rows = (_: Statement, batch: RowBatch) => batches.push(batch);
  handler.rowsRefused = (_: Statement, error: Error) => (refusal = error);
  machine.sendExecute('', statement, 0);
  machine.sendSync();
  for (const chunk of chunks) machine.feed(chunk);
  machine.feed(concat(server.commandComplete('SELECT 2'), server.ready()));
  expect(machine.state).toBe('idle');
  return refusal === undefined ? { batches } : { batches, refusal };
}

describe('Statement.withRows', () => {
  test('gives rows as arrays, as columns and as lazy rows, once for each chunk', () => {
    expect(fed(pairs, rows).batches).toEqual([[{ n: 1, m: 2 }, { n: 3, m: 4 }]]); // prettier-ignore
    const arrays = fed(pairs.withRows('arrays'), rows, server.dataRow(5, 6)).batches;
    expect(arrays).toEqual([[[1, 2], [3, 4]], [[5, 6]]]); // prettier-ignore
    const columns = fed(pairs.withRows('columns'), rows).batches as unknown as ColumnBatch[];
    expect(columns).toHaveLength(1);
    expect(columns[0]).toBeInstanceOf(ColumnBatch);
    expect([columns[0]?.get(0, 'n'), columns[0]?.get(1, 'm')]).toEqual([1, 4]);
    const [lazy] = fed(pairs.withRows('lazy'), rows).batches as unknown as { get(column: string): unknown }[][];
    expect(lazy?.map((row) => row.get('m'))).toEqual([2, 4]);
  });

  test('gives the same statement again, from every form of it', () => {
    const arrays = pairs.withRows('arrays');
    expect([pairs.rows, arrays.rows]).toEqual(['objects', 'arrays']);
    expect(pairs.withRows('arrays')).toBe(arrays);
    expect(arrays.withRows('objects')).toBe(pairs);
    expect(arrays.withRows('lazy')).toBe(pairs.withRows('lazy'));
    expect(arrays.fields).toBe(pairs.fields);
    expect(arrays.resultFormats).toBe(pairs.resultFormats);
  });

  test('refuses what is no form of rows', () => {
    expect(() => pairs.withRows('maps' as 'lazy')).toThrow(TypeError);
    expect(() => createStatement({ name: '', parameterOids: [], fields: [], rows: '' as 'lazy' })).toThrow(TypeError);
  });

  test('is what the description says at the beginning', () => {
    const fields = [field('n', 23), field('n', 23)];
    const arrays = createStatement({ name: '', parameterOids: [], fields, rows: 'arrays' });
    expect(fed(arrays, rows).batches).toEqual([[[1, 2], [3, 4]]]); // prettier-ignore
  });

  test('gives text of simple queries in every form', () => {
    const once = createStatement({ name: '', parameterOids: [], fields: pairs.fields, textResults: true });
    const row = message('D', int16(2), int32(1), utf8('7'), int32(-1));
    expect(fed(once.withRows('arrays'), row).batches).toEqual([[['7', null]]]);
  });

  test('gives raw rows as arrays of values', () => {
    const raw = createRawStatement({ name: '' });
    const arrays = raw.withRows('arrays');
    expect(arrays.rows).toBe('arrays');
    expect(raw.withRows('arrays')).toBe(arrays);
    expect(arrays.withRows('objects')).toBe(raw);
    expect(fed(arrays, server.dataRow('a', null)).batches).toEqual([[[utf8('a'), null]]]);
    expect(() => raw.withRows('columns')).toThrow("expected rows as 'objects' or 'arrays' of a raw statement");
    expect(raw.explainCodec()).toContain('raw statement');
  });

  test.each([
    ['no count', message('D')],
    ['more values than bytes', message('D', int16(9), int32(-1))],
    ['no length', message('D', int16(2), int32(0), utf8('a'), utf8('bcd'))],
    ['a negative length', message('D', int16(1), int32(-2))],
    ['a length behind the end', message('D', int16(1), int32(2), utf8('a'))],
    ['bytes behind the last value', message('D', int16(1), int32(0), utf8('a'))],
  ])('finds raw rows with %s to be the fault of the peer', (_, bad) => {
    const { machine, handler } = openSession();
    machine.sendExecute('', createRawStatement({ name: '' }), 0);
    const error = failure(() => {
      machine.feed(concat(server.dataRow('a'), bad));
    });
    expect(error).toMatchObject({ code: 'ERR_POSTGRES_PROTOCOL_REMOTE', received: 'DataRow' });
    expect(handler.events).toEqual([['rows', [{ values: [utf8('a')] }]]]);
  });
});

describe('duplicateColumns', () => {
  const fields = [field('n', 23), field('n', 23)];

  test('lets the last one win unless an error is asked for', () => {
    const last = createStatement({ name: '', parameterOids: [], fields });
    expect(fed(last, rows).batches).toEqual([[{ n: 2 }, { n: 4 }]]);
  });

  test("with 'error' refuses the rows, not the connection", () => {
    const strict = createStatement({ name: '', parameterOids: [], fields, options: { duplicateColumns: 'error' } });
    const { batches, refusal } = fed(strict, rows);
    expect(batches).toEqual([]);
    expect(refusal).toBeInstanceOf(RangeError);
    expect(refusal?.message).toContain('"n"');
    expect(fed(strict.withRows('arrays'), rows).batches).toEqual([[[1, 2], [3, 4]]]); // prettier-ignore
  });
});

describe('Statement.explainCodec', () => {
  test('shows the source of rows and parameters', () => {
    const source = pairs.explainCodec();
    expect(source).toContain('Rows as objects');
    expect(source).toContain('getInt32');
    expect(source).toContain('Parameters');
    expect(pairs.withRows('arrays').explainCodec()).toContain('Rows as arrays');
  });

  test('says that there is none', () => {
    const { name, parameterOids, fields } = pairs;
    const closures = createStatement({ name, parameterOids, fields, generate: false });
    expect(closures.explainCodec()).toContain('no source: closures');
    expect(closures.explainCodec()).toContain('no source: a loop');
    expect(fed(closures, rows).batches).toEqual([[{ n: 1, m: 2 }, { n: 3, m: 4 }]]); // prettier-ignore
  });
});

describe('the types of a database', () => {
  const mood: WireType = { ...text, oid: 70_001, name: 'mood', format: 0 };
  const types = { typeOf: (oid: number) => (oid === mood.oid ? mood : builtInTypeOf(oid)) };

  test('say in what format a column comes, and what a parameter takes', () => {
    const fields = [field('m', mood.oid), field('n', 23)];
    const statement = createStatement({ name: '', parameterOids: [mood.oid], fields, types });
    expect(statement.resultFormats).toEqual([0, 1]);
    const row = message('D', int16(2), int32(3), utf8('sad'), int32(4), int32(7));
    expect(fed(statement, row).batches).toEqual([[{ m: 'sad', n: 7 }]]);
    const { machine } = openSession();
    expect(() => {
      machine.sendBind('', statement, [5]);
    }).toThrow('parameter $1 (mood): expected a string, got a number');
  });
});

describe('rows in a run', () => {
  test('keep their order with other events, whatever statement they are of', () => {
    const { machine, handler } = openSession();
    const arrays = pairs.withRows('arrays');
    for (const statement of [pairs, arrays, pairs]) machine.sendExecute('', statement, 0);
    machine.sendSync();
    const complete = server.commandComplete('SELECT 2');
    machine.feed(concat(rows, complete, rows, server.notice('N'), server.dataRow(5, 6), complete, complete));
    expect(handler.names).toEqual([
      'rows',
      'commandComplete',
      'rows',
      'notice',
      'rows',
      'commandComplete',
      'commandComplete',
    ]);
  });

  test('are not lost to another conversation where a handler threw', () => {
    const [first, second] = [openSession(), openSession()];
    for (const { machine } of [first, second]) machine.sendExecute('', pairs, 0);
    first.handler.reactions.rows = () => {
      throw new Error('handler');
    };
    expect(() => {
      first.machine.feed(rows);
    }).toThrow('handler');
    second.machine.feed(server.dataRow(7, 8));
    expect(second.handler.events).toEqual([['rows', [{ n: 7, m: 8 }]]]);
  });

  test('that are refused in the middle of a run end the result there', () => {
    const fields = [field('n', 20)];
    const safe = createStatement({ name: '', parameterOids: [], fields, options: { int8: 'number' }, rows: 'arrays' });
    const big = message('D', int16(1), int32(8), Uint8Array.of(0x7f, 0, 0, 0, 0, 0, 0, 0));
    const one = message('D', int16(1), int32(8), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1));
    const { batches, refusal } = fed(safe, concat(one, one, big, one, big), one);
    expect(batches).toEqual([[[1], [1]]]);
    expect(refusal?.message).toContain('column "n" (int8)');
  });
});
