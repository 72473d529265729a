import { afterEach, expect, test } from 'vitest';
import { createStatement } from '../src/statement.js';
import { dataRow, decodeMessage, field } from './fixtures/value-wire.js';

const original = globalThis.Function;

afterEach(() => {
  globalThis.Function = original;
});

test('rows of a simple query are decoded to strings without generating code for each result', () => {
  let made = 0;
  globalThis.Function = new Proxy(original, {
    construct(target, args, newTarget) {
      made++;
      return Reflect.construct(target, args, newTarget) as object;
    },
  });
  const fields = [field('a', 23), field('__proto__', 25)];
  const row = dataRow([new TextEncoder().encode('7'), null]);
  const once = createStatement({ name: '', parameterOids: [], fields, textResults: true });
  expect(Object.entries(decodeMessage(once, [row]))).toEqual([
    ['a', '7'],
    ['__proto__', null],
  ]);
  expect(made).toBe(0);
  const often = createStatement({ name: '', parameterOids: [], fields: [field('a', 25)] });
  decodeMessage(often, [dataRow([null])]);
  expect(made).toBeGreaterThan(0);
});
