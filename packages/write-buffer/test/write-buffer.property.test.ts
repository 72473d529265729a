import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Plan, WriteBuffer } from '../src/index.js';
import { Model, type Step } from './fixtures/model.js';
import { numberMethods } from './fixtures/number-methods.js';

const bytes = fc.uint8Array({ maxLength: 80 });
const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: fc.constantFrom('a', '\0', 'é', '€', '😀', '\ud800', '\udc00'), maxLength: 40 }),
);

const number: fc.Arbitrary<Step> = fc.constantFrom(...numberMethods).chain((method) => {
  const { min, max, takesBigInt } = method;
  const value =
    min === undefined || max === undefined
      ? fc.double()
      : takesBigInt
        ? fc.bigInt({ min, max })
        : fc
            .integer({ min: -0x8000_0000, max: 0x7fff_ffff })
            .map((n) => Number(min + ((BigInt(n) - min) & (max - min))));
  return value.map((value) => ({ do: 'number' as const, method, value }));
});

const { step } = fc.letrec<{ step: Step; steps: Step[] }>((tie) => ({
  steps: fc.array(tie('step'), { maxLength: 6 }),
  step: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    number,
    fc
      .bigInt({ min: 0n, max: 2n ** 64n - 1n })
      .chain((max) =>
        fc.integer({ min: 0, max: 63 }).map((shift) => ({ do: 'varint' as const, value: max >> BigInt(shift) })),
      ),
    fc.record({
      do: fc.constant('text' as const),
      form: fc.constantFrom('plain' as const, 'cString' as const, 'prefixed' as const),
      text,
    }),
    fc.record({ do: fc.constant('bytes' as const), bytes, isPrefixed: fc.boolean() }),
    bytes.map((bytes) => ({ do: 'plan' as const, plan: new Plan(bytes), bytes })),
    fc.record({
      do: fc.constant('run' as const),
      bytes,
      spareBytes: fc.nat(40),
      isBad: fc.boolean(),
    }),
    fc.record({ do: fc.constant('reference' as const), bytes, hasOwner: fc.boolean() }),
    fc.record({
      do: fc.constant('patch' as const),
      value: fc.integer(),
      between: tie('steps'),
    }),
    fc.record({
      do: fc.constant('frame' as const),
      type: fc.option(fc.nat(255), { nil: undefined }),
      inside: tie('steps'),
    }),
    fc.record({
      do: fc.constant('atomic' as const),
      fails: fc.boolean(),
      inside: tie('steps'),
    }),
    fc.constantFrom<Step>({ do: 'take' }, { do: 'takeAll' }, { do: 'takeAll' }, { do: 'reset' }),
    fc.record({ do: fc.constant('recycle' as const), which: fc.nat(20) }),
  ),
}));

describe('WriteBuffer', () => {
  test('agrees with an array of bytes, whatever is done in whatever order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 16, max: 300 }), fc.array(step, { maxLength: 40 }), (slabBytes, steps) => {
        const model = new Model(slabBytes);
        model.run(steps);
        model.finish();
      }),
      { numRuns: 600 },
    );
  });

  test('has the same batches for every size of slabs', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 30 }), fc.integer({ min: 16, max: 100 }), (texts, slabBytes) => {
        const compose = (out: WriteBuffer): Uint8Array => {
          for (const text of texts) {
            const frame = out.beginFrame(1);
            out.writeLengthPrefixedUtf8(text);
            out.endFrame(frame);
          }
          return out.take().slice();
        };
        expect(compose(new WriteBuffer({ slabBytes }))).toEqual(compose(new WriteBuffer({ slabBytes: 1 << 16 })));
      }),
    );
  });
});
