import { hex } from '@millrace/testkit';
import { afterAll, expect, test } from 'vitest';
import { createStatement } from '../src/statement.js';
import { dataRow, decodeMessage, field } from './fixtures/value-wire.js';

// In a file of its own, because a module asks its host only once.
const original = globalThis.Function;
let asked = 0;
const forbidding = function (): never {
  asked++;
  throw new EvalError('Code generation from strings disallowed for this context');
};

afterAll(() => {
  globalThis.Function = original;
});

test('a host that forbids code generation is asked once, and its rows are decoded all the same', () => {
  globalThis.Function = Object.assign(forbidding, { prototype: original.prototype }) as unknown as FunctionConstructor;
  for (const name of ['a', '__proto__']) {
    const statement = createStatement({ name: '', parameterOids: [], fields: [field(name, 23), field('b', 25)] });
    const row = decodeMessage(statement, [dataRow([hex('00000007'), null])]);
    expect(Object.entries(row)).toEqual([
      [name, 7],
      ['b', null],
    ]);
  }
  expect(asked).toBe(1);
});
