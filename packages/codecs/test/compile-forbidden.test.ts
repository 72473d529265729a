// A file of its own: what the host allows is found out once.
import { describe, expect, test } from 'vitest';
import * as k from '../src/index.js';

const realFunction = globalThis.Function;
let attempts = 0;

/** As where a content security policy forbids it. */
function withoutGeneration<R>(run: () => R): R {
  globalThis.Function = new Proxy(realFunction, {
    construct() {
      attempts += 1;
      throw new EvalError('Code generation from strings disallowed for this context');
    },
  });
  try {
    return run();
  } finally {
    globalThis.Function = realFunction;
  }
}

describe('compile where the host forbids generated code', () => {
  const codec = k.struct({ id: k.i32, names: k.array(k.utf8(k.u8), k.u8) });
  const value = { id: 7, names: ['a', 'bc'] };

  test('gives closures, after one attempt', () => {
    const compiled = withoutGeneration(() => [k.compile(codec), k.compile(codec)]);
    expect(attempts).toBe(1);
    for (const one of compiled) expect(k.fromBytes(one, k.toBytes(one, value))).toEqual(value);
  });

  test('throws where it is told to generate, and shows the source all the same', () => {
    expect(() => withoutGeneration(() => k.compile(codec, { codegen: true }))).toThrow(EvalError);
    expect(withoutGeneration(() => k.sourceOf(codec))).toContain('view.getInt32(at);');
  });
});
