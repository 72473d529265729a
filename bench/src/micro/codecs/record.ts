import { type Codec, type Infer, bool, f32, f64, i16, i32, struct, u16, u32, u8, utf8 } from '@millrace/codecs';
import { seeded } from '../seeded.js';

export const BATCH = 100;

/** Ten columns: eight of fixed width, two short strings. */
export const record = struct({
  id: i32,
  createdAt: u32,
  quantity: u16,
  rank: u8,
  isActive: bool,
  price: f64,
  ratio: f32,
  level: i16,
  name: utf8(u8),
  city: utf8(u8),
});

export type RecordValue = Infer<typeof record>;

export function records(): RecordValue[] {
  const random = seeded(11);
  const below = (limit: number): number => (random() >>> 8) % limit;
  return Array.from({ length: BATCH }, (_, i) => ({
    id: i - BATCH / 2,
    createdAt: 1_700_000_000 + below(1_000_000),
    quantity: below(65_536),
    rank: below(256),
    isActive: below(2) === 1,
    price: below(1_000_000) / 100,
    ratio: below(64) / 8, // both float widths hold it exactly
    level: below(2000) - 1000,
    name: `user${below(100_000)}`,
    city: ['Bonn', 'Utrecht', 'Lyon', 'Graz'][below(4)] ?? '',
  }));
}

/** The same without strings. */
export const numbers = struct({
  id: i32,
  createdAt: u32,
  quantity: u16,
  rank: u8,
  isActive: bool,
  price: f64,
  ratio: f32,
  level: i16,
  width: f64,
  height: f64,
});

export type NumbersValue = Infer<typeof numbers>;

export function numberRecords(): NumbersValue[] {
  return records().map(({ name, city, ...rest }) => ({ ...rest, width: name.length / 2, height: city.length / 4 }));
}

/** Five structs that are no records, to be seen first by code that is to meet more than one. */
export function fiveOtherCodecs(): { codec: Codec<object>; value: object }[] {
  return [
    { codec: struct({ a: u8, text: utf8(u8) }), value: { a: 1, text: 'one' } },
    { codec: struct({ x: f64, y: f64 }), value: { x: 0.5, y: 2 } },
    { codec: struct({ name: utf8(u16), id: i32, isOld: bool }), value: { name: 'two', id: -1, isOld: true } },
    { codec: struct({ at: u32, count: u16, rest: utf8(u8) }), value: { at: 7, count: 8, rest: '' } },
    { codec: struct({ inner: struct({ z: f32 }), w: u8 }), value: { inner: { z: 0.25 }, w: 9 } },
  ];
}
