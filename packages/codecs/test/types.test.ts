import { describe, expect, expectTypeOf, test } from 'vitest';
import * as k from '../src/index.js';

describe('Infer', () => {
  test('finds the type of every kind of codec', () => {
    expectTypeOf<k.Infer<typeof k.i32>>().toEqualTypeOf<number>();
    expectTypeOf<k.Infer<typeof k.i64>>().toEqualTypeOf<bigint>();
    expectTypeOf<k.Infer<typeof k.i64Number>>().toEqualTypeOf<number>();
    expectTypeOf<k.Infer<typeof k.bool>>().toEqualTypeOf<boolean>();
    const ping = k.constant('PING');
    expectTypeOf<k.Infer<typeof ping>>().toEqualTypeOf<'PING'>();
    const magic = k.constant(k.u32, 7);
    expectTypeOf<k.Infer<typeof magic>>().toEqualTypeOf<7>();
    const date = k.mapped(
      k.f64,
      (ms) => new Date(ms),
      (value) => value.getTime(),
    );
    expectTypeOf<k.Infer<typeof date>>().toEqualTypeOf<Date>();
    expect(k.fromBytes(ping, k.toBytes(ping, 'PING'))).toBe('PING');
    expect(k.fromBytes(magic, k.toBytes(magic, 7))).toBe(7);
    expect(k.fromBytes(date, k.toBytes(date, new Date(5)))).toEqual(new Date(5));
  });

  test('makes optional fields keys that may be missing, and unions that narrow', () => {
    const codec = k.struct({
      id: k.i32,
      name: k.utf8(k.u16),
      note: k.optional(k.utf8(k.u8)),
      tags: k.array(k.utf8(k.u8), k.u16),
      shape: k.union(k.u8, { 1: k.f64, 2: k.struct({ w: k.u8, h: k.u8 }) }),
    });
    type Value = k.Infer<typeof codec>;
    expectTypeOf<Value>().toEqualTypeOf<{
      id: number;
      name: string;
      note?: string;
      tags: string[];
      shape: { tag: 1; value: number } | { tag: 2; value: { w: number; h: number } };
    }>();
    const value: Value = { id: 1, name: 'x', tags: [], shape: { tag: 2, value: { w: 3, h: 4 } } };
    const decoded = k.fromBytes(codec, k.toBytes(codec, value));
    expect('note' in decoded).toBe(false);
    if (decoded.shape.tag === 2) expectTypeOf(decoded.shape.value.w).toEqualTypeOf<number>();
    const named = k.union(k.utf8(k.u8), { add: k.u8, drop: k.struct({}) });
    expectTypeOf<k.Infer<typeof named>['tag']>().toEqualTypeOf<'add' | 'drop'>();
    const quoted = k.union(k.u8, { '1': k.u8, '2': k.u16 });
    expectTypeOf<k.Infer<typeof quoted>['tag']>().toEqualTypeOf<1 | 2>();
    expect(k.fromBytes(quoted, Uint8Array.of(1, 7))).toEqual({ tag: 1, value: 7 });
    const digits = k.union(k.utf8(1), { 1: k.u8 });
    expectTypeOf<k.Infer<typeof digits>['tag']>().toEqualTypeOf<'1'>();
    expect(k.fromBytes(digits, Uint8Array.of(0x31, 7))).toEqual({ tag: '1', value: 7 });
    expect(named.size?.({ tag: 'drop', value: {} })).toBe(5);
  });
});
