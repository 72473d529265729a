import { WriteBuffer } from '@millrace/write-buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeBind, type Bind } from '../src/messages/extended-query.js';
import { createParameterEncoder } from '../src/parameters/parameter-encoder.js';
import { bool } from '../src/types/boolean.js';
import { float4, float8, int2, int4, int8, oid } from '../src/types/numbers.js';
import { text, writeAsText } from '../src/types/text.js';
import { uuid } from '../src/types/uuid.js';
import type { ValueWriter, WireType } from '../src/types/wire-type.js';

const frame = { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 1 << 24 } as const;

interface Parameter {
  readonly type: WireType | undefined;
  readonly value: unknown;
}

const int32 = fc.integer();

/** Every type with a path of its own, with values on both sides of it. */
const parameter: fc.Arbitrary<Parameter> = fc.oneof(
  of(bool, fc.boolean()),
  of(int2, fc.oneof(fc.integer({ min: -32_768, max: 32_767 }), fc.bigInt({ min: -9n, max: 9n }))),
  of(int4, fc.oneof(int32, fc.constant(-0), int32.map(BigInt))),
  of(oid, fc.integer({ min: 0, max: 0xffff_ffff })),
  of(int8, fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.maxSafeInteger(), int32.map(String))),
  of(float4, fc.oneof(fc.float(), fc.constant(0.1))),
  of(float8, fc.oneof(fc.double(), int32)),
  of(text, fc.string({ unit: 'grapheme', maxLength: 40 })),
  of(uuid, fc.uuid()),
  of(undefined, fc.oneof(fc.string(), fc.bigInt(), fc.boolean())),
);

function of(type: WireType | undefined, values: fc.Arbitrary<unknown>): fc.Arbitrary<Parameter> {
  return fc.record({ type: fc.constant(type), value: fc.option(values) });
}

test('a Bind has the bytes of one that was put together value by value', () => {
  const property = fc.property(
    fc.array(parameter, { maxLength: 20 }),
    fc.array(fc.constantFrom(0 as const, 1 as const), { maxLength: 4 }),
    fc.constantFrom('', 'a portal'),
    fc.constantFrom('', 's1', 'a name as long as the names of prepared statements are allowed to be'),
    fc.boolean(),
    (parameters, resultFormats, portal, name, generate) => {
      const types = parameters.map(({ type }) => type);
      const oids = types.map((type) => type?.oid ?? 600);
      const values = parameters.map(({ value }) => value);
      const encoder = createParameterEncoder(types, oids, { name, resultFormats, generate });
      const expected = naive(parameters, { portal, statement: name, resultFormats });
      for (let use = 1; use <= 3; use++) {
        const out = new WriteBuffer({ frame });
        encoder.encodeBind(out, portal, values);
        expect(out.take(), `use ${use}`).toEqual(expected);
      }
    },
  );
  fc.assert(property, { numRuns: 300 });
});

/** The values as bytes, each from its type's own writer, and a Bind of those. */
function naive(
  parameters: readonly Parameter[],
  { portal, statement, resultFormats }: Pick<Bind, 'portal' | 'statement' | 'resultFormats'>,
): Uint8Array {
  const out = new WriteBuffer({ frame });
  const values = parameters.map(({ type, value }) =>
    value === null ? null : bytesOf(type?.write ?? writeAsText, value),
  );
  const formats = parameters.map(({ type }) => (type === undefined ? 0 : 1));
  encodeBind(out, portal, statement, shortest(formats), values, shortest(resultFormats));
  return out.take();
}

function bytesOf(write: ValueWriter, value: unknown): Uint8Array {
  const out = new WriteBuffer();
  write(out, value);
  return out.take().subarray(4);
}

function shortest<T>(formats: readonly T[]): readonly T[] {
  return new Set(formats).size === 1 ? formats.slice(0, 1) : formats;
}
