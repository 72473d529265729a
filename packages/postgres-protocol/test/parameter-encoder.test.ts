import { WriteBuffer } from '@millrace/write-buffer';
import { describe, expect, test } from 'vitest';
import { createParameterEncoder } from '../src/parameters/parameter-encoder.js';
import { outOfRange } from '../src/types/refused-value-error.js';
import { float4, float8, int2, int4, int8, oid } from '../src/types/numbers.js';
import { text } from '../src/types/text.js';
import type { WireType } from '../src/types/wire-type.js';

const frame = { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 1 << 24 } as const;
const ways: [string, boolean][] = [
  ['generated code', true],
  ['the loop', false],
];

/** An encoder that was used once, so that its code is generated, if it is to be. */
function encoderOf(
  types: readonly (WireType | undefined)[],
  generate: boolean,
): (values: readonly unknown[]) => Uint8Array {
  const oids = types.map((type) => type?.oid ?? 600);
  const encoder = createParameterEncoder(types, oids, { name: 's1', generate });
  const encode = (values: readonly unknown[]): Uint8Array => {
    const out = new WriteBuffer({ frame });
    out.atomic(() => {
      encoder.encodeBind(out, '', values);
    });
    return out.take();
  };
  encode(types.map(() => null));
  return encode;
}

describe.each(ways)('%s', (_, generate) => {
  const objects = [{ valueOf: () => 1 }, Symbol('s'), 1n, '1', [1], new Number(1), true];

  test.each([int2, int4, oid, float4, float8, int8, text])('takes for $name only what its writer takes', (type) => {
    const encode = encoderOf([int4, type], generate);
    for (const value of [...objects, NaN, 1.5, -0, 2 ** 40, -1, 'a\ud800', undefined]) {
      const expected = outcome(() => {
        const out = new WriteBuffer();
        if (value === undefined) throw new TypeError('got undefined; null is SQL NULL');
        type.write(out, value);
      });
      const seen = outcome(() => encode([1, value]));
      expect(seen === undefined, `${type.name} ${typeof value}`).toBe(expected === undefined);
      if (expected !== undefined) expect(seen).toBe(`parameter $2 (${type.name}): ${expected}`);
    }
  });

  test('names the parameter whose value is refused, the first one if there are several', () => {
    const encode = encoderOf([int4, text, undefined], generate);
    expect(() => encode([1, '', {}])).toThrow(/^parameter \$3 \(type 600\): .*got an object$/);
    expect(() => encode([1, 5, {}])).toThrow(/^parameter \$2 \(text\): expected a string, got a number$/);
    expect(() => encode(['1', 5, {}])).toThrow(/^parameter \$1 \(int4\): expected an integer/);
  });

  test('wants as many values as there are parameters', () => {
    const encode = encoderOf([int4, int4], generate);
    expect(() => encode([1])).toThrow(new TypeError('expected 2 values, one for each parameter, got 1'));
    expect(() => encode([1, 2, 3])).toThrow(new TypeError('expected 2 values, one for each parameter, got 3'));
    expect(() => encode(new Array(65_536).fill(1))).toThrow(
      'a statement has at most 65535 parameters, got 65536 values',
    );
  });

  test('passes on what a writer throws of its own', () => {
    const own = new Error('own');
    const broken: WireType = {
      ...int4,
      write: () => {
        throw own;
      },
    };
    expect(() => encoderOf([broken], generate)([1])).toThrow(own);
  });

  test('uses a writer that took the place of a built-in one', () => {
    const picky: WireType = {
      ...int4,
      write: () => {
        throw outOfRange('less', 'more');
      },
    };
    expect(() => encoderOf([picky], generate)([1])).toThrow('parameter $1 (int4): expected less, got more');
  });

  test('says which value makes the message too long for its buffer, and leaves nothing behind', () => {
    const encoder = createParameterEncoder([int4, text], [23, 25], { generate });
    const out = new WriteBuffer({ frame, maxBytes: 100 });
    for (let use = 0; use < 3; use++) {
      const encode = (): void => {
        out.atomic(() => {
          encoder.encodeBind(out, '', [1, 'secret'.repeat(100)]);
        });
      };
      expect(encode).toThrow(RangeError);
      expect(encode).toThrow(/^parameter \$2 \(text\): the value makes the message longer than the buffer takes$/);
      expect(out.length).toBe(0);
    }
  });

  test('writes the middle of a Bind alone, for whoever writes the rest', () => {
    const encoder = createParameterEncoder([int4, undefined], [23, 600], { generate });
    for (let use = 0; use < 3; use++) {
      const out = new WriteBuffer();
      encoder.encode(out, [7, null]);
      expect([...out.take()]).toEqual([0, 2, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 7, 255, 255, 255, 255]);
    }
  });
});

test('the source shows what is generated, and has nothing from outside in it', () => {
  const hostile: WireType = { ...int8, name: "'); process.exit(); ('", write: () => undefined };
  const source = createParameterEncoder([int4, hostile], [23, 4711], { generate: true }).source ?? '';
  expect(source).toContain('out.writeInt32(4); out.writeInt32(value);');
  expect(source).toContain('write1(out, value)');
  expect(source).not.toMatch(/process|4711/);
});

test('no source is shown where a loop does it: without generation, and for very many parameters', () => {
  expect(createParameterEncoder([int4], [23], { generate: false }).source).toBeUndefined();
  const many = new Array<WireType>(1000).fill(int4);
  const encoder = createParameterEncoder(
    many,
    many.map(() => 23),
    { generate: true },
  );
  expect(encoder.source).toBeUndefined();
  const out = new WriteBuffer();
  for (let use = 0; use < 3; use++)
    encoder.encode(
      out,
      many.map((_, i) => i),
    );
  expect(out.length).toBe(3 * (6 + 8 * 1000));
});

test('a parameter in text format has that format code', () => {
  const encoder = createParameterEncoder([{ ...text, format: 0 }, int4], [25, 23]);
  const out = new WriteBuffer();
  encoder.encode(out, ['', 0]);
  expect([...out.take().subarray(0, 8)]).toEqual([0, 2, 0, 0, 0, 1, 0, 2]);
});

function outcome(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
