import { describe, expect, test } from 'vitest';
import { compile, fromBytes, toBytes } from '../src/index.js';
import { constantInPieces } from './corpus/constant-in-pieces.js';
import { delimiterInsideOfACharacter, delimiterOfALoneSurrogate } from './corpus/delimiter-at-the-end.js';
import { framesInFrames, framesOfAnotherFramer } from './corpus/frames-in-frames.js';

describe.each([false, true])('What once broke (generated code: %s)', (codegen) => {
  test.each([framesInFrames, framesOfAnotherFramer, constantInPieces])('$what', ({ codec, wire, code, noticedAt }) => {
    const error: unknown = expect.objectContaining({ code });
    const own = compile(codec, { codegen });
    const bytes = wire();
    expect(() => fromBytes(own, bytes)).toThrow(error);
    expect(() => {
      own.decoder().feed(bytes, () => undefined);
    }).toThrow(error);
    if (noticedAt === undefined) return;
    const decoder = own.decoder();
    for (const byte of bytes.subarray(0, noticedAt)) decoder.feed(Uint8Array.of(byte), () => undefined);
    expect(() => {
      decoder.feed(bytes.subarray(noticedAt, noticedAt + 1), () => undefined);
    }).toThrow(error);
  });

  test.each([delimiterInsideOfACharacter, delimiterOfALoneSurrogate])('$what', ({ codec, value }) => {
    expect(() => toBytes(compile(codec, { codegen }), value)).toThrow(RangeError);
  });
});
