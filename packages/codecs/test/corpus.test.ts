import { describe, expect, test } from 'vitest';
import { compile, fromBytes } from '../src/index.js';
import { framesInFrames, framesOfAnotherFramer } from './corpus/frames-in-frames.js';

describe.each([false, true])('What once broke (generated code: %s)', (codegen) => {
  test.each([framesInFrames, framesOfAnotherFramer])('$what', ({ codec, wire, code }) => {
    const error: unknown = expect.objectContaining({ code });
    const own = compile(codec, { codegen });
    const bytes = wire();
    expect(() => fromBytes(own, bytes)).toThrow(error);
    expect(() => {
      own.decoder().feed(bytes, () => undefined);
    }).toThrow(error);
  });
});
