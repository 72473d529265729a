import { describe, expectTypeOf, test } from 'vitest';
import type { ArrayRow, PostgresArray, PostgresValues, ValueOf, ValueOptions } from '../src/index.js';

describe('the type of a value', () => {
  test('follows from the type and the defaults', () => {
    expectTypeOf<ValueOf<'int4'>>().toEqualTypeOf<number>();
    expectTypeOf<ValueOf<'int8'>>().toEqualTypeOf<bigint>();
    expectTypeOf<ValueOf<'numeric'>>().toEqualTypeOf<string>();
    expectTypeOf<ValueOf<'timestamptz'>>().toEqualTypeOf<Date | number>();
    expectTypeOf<ValueOf<'jsonb'>>().toBeUnknown();
    expectTypeOf<ValueOf<'int8[]'>>().toEqualTypeOf<PostgresArray<bigint>>();
  });

  test('follows the options', () => {
    expectTypeOf<ValueOf<'int8', { int8: 'number' }>>().toEqualTypeOf<number>();
    expectTypeOf<ValueOf<'int8', { int8: 'string' }>>().toEqualTypeOf<string>();
    expectTypeOf<ValueOf<'int8', { int8: undefined }>>().toEqualTypeOf<bigint>();
    expectTypeOf<ValueOf<'int8[]', { int8: 'number' }>>().toEqualTypeOf<PostgresArray<number>>();
    expectTypeOf<ValueOf<'numeric', { numeric: 'number' }>>().toEqualTypeOf<number>();
    expectTypeOf<ValueOf<'json', { json: 'text' }>>().toEqualTypeOf<string>();
    expectTypeOf<ValueOf<'timestamptz', { timestamptz: 'string' }>>().toEqualTypeOf<string>();
    expectTypeOf<ValueOf<'date', { temporal: true }>>().toEqualTypeOf<object | string>();
  });

  test('follows the options of arrays', () => {
    expectTypeOf<ValueOf<'int4[]', { arrays: 'typed' }>>().toEqualTypeOf<PostgresArray<number> | Int32Array>();
    expectTypeOf<ValueOf<'int8[]', { arrays: 'typed' }>>().toEqualTypeOf<PostgresArray<bigint> | BigInt64Array>();
    expectTypeOf<ValueOf<'int8[]', { arrays: 'typed'; int8: 'string' }>>().toEqualTypeOf<PostgresArray<string>>();
    expectTypeOf<ValueOf<'text[]', { arrays: 'typed' }>>().toEqualTypeOf<PostgresArray<string>>();
  });

  test('is a union where the options are not known', () => {
    expectTypeOf<PostgresValues<{ int8: 'number' | 'string' }>['int8']>().toEqualTypeOf<number | string>();
    expectTypeOf<ArrayRow>().toExtend<unknown[]>();
    expectTypeOf<{ int8: 'number' }>().toExtend<ValueOptions>();
  });
});
