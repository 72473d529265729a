import { describe, expect, test } from 'vitest';
import { createRawStatement, type RawRow } from '../src/index.js';
import { encodeBind } from '../src/messages/extended-query.js';
import { WriteBuffer } from '@millrace/write-buffer';
import { openSession } from './open-session.js';
import { concat, server, utf8 } from './wire.js';

const bytes = Uint8Array.of(0xff, 0xfe);

describe('a raw statement', () => {
  test('passes parameters and formats on as they are', () => {
    const { machine } = openSession();
    const statement = createRawStatement({ name: 's', parameterFormats: [0, 1], resultFormats: [1, 0] });
    machine.sendBind('p', statement, [bytes, null]);
    const expected = new WriteBuffer();
    encodeBind(expected, 'p', 's', [0, 1], [bytes, null], [1, 0]);
    expect(machine.output.take()).toEqual(expected.take());
  });

  test('leaves the formats out where it has none', () => {
    const { machine } = openSession();
    machine.sendBind('', createRawStatement({ name: '' }), [utf8('7')]);
    const expected = new WriteBuffer();
    encodeBind(expected, '', '', [], [utf8('7')], []);
    expect(machine.output.take()).toEqual(expected.take());
  });

  test.each([
    ['formats that do not go with the values', [0, 1, 0] as const, [bytes, null], RangeError],
    ['a string', [] as const, ['7'], TypeError],
    ['undefined', [] as const, [undefined], TypeError],
  ])('refuses %s, with nothing written', (_name, parameterFormats, values, error) => {
    const { machine } = openSession();
    expect(() => {
      machine.sendBind('', createRawStatement({ name: '', parameterFormats }), values);
    }).toThrow(error);
    expect(machine.output.length).toBe(0);
    expect(machine.state).toBe('idle');
  });

  test('gives the values of a row as copies of what came', () => {
    const { machine, handler } = openSession();
    const statement = createRawStatement({ name: '' });
    machine.sendExecute('', statement, 0);
    const rows: RawRow[] = [];
    handler.reactions.rows = (batch: readonly RawRow[]) => rows.push(...batch);
    const chunk = concat(server.dataRow('a', null), server.commandComplete('SELECT 1'));
    machine.feed(chunk);
    chunk.fill(0xee);
    expect(rows).toEqual([{ values: [utf8('a'), null] }]);
  });
});

describe('the results of simple queries', () => {
  test('come as they are where that is asked for, binary ones too', () => {
    const { machine, handler } = openSession({ simpleResults: 'raw' });
    machine.sendQuery('fetch 1 from c');
    const rows: RawRow[] = [];
    handler.reactions.rows = (batch: readonly RawRow[]) => rows.push(...batch);
    const columns = server.rowDescription({ name: 'p', typeOid: 600, format: 1 });
    machine.feed(concat(columns, server.dataRow(7), server.commandComplete('FETCH 1'), server.ready()));
    expect(rows).toEqual([{ values: [Uint8Array.of(0, 0, 0, 7)] }]);
    expect(handler.names).toEqual(['rowDescription', 'rows', 'commandComplete', 'readyForQuery']);
  });

  test('of another kind are refused', () => {
    expect(() => openSession({ simpleResults: 'binary' as 'raw' })).toThrow(TypeError);
  });
});
