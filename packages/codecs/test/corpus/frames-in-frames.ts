import * as k from '../../src/index.js';
import type { WireCase } from './case.js';

interface Node {
  next?: Node;
}

function nodes(framer: k.Codec<Uint8Array>): k.Codec<Node> {
  const node: k.Codec<Node> = k.struct({
    next: k.optional(
      k.within(
        framer,
        k.lazy(() => node),
      ),
    ),
  });
  return node;
}

function varintBytes(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varintBytes(value >>> 7)];
}

/** Heads of 2,000 frames, each in the one before it, around 64 KiB. */
function wire(head: (length: number) => number[]): Uint8Array {
  const parts: number[][] = [];
  let length = 65_536;
  for (let depth = 0; depth < 2000; depth++) {
    const part = [1, ...head(length)];
    parts.push(part);
    length += part.length;
  }
  const bytes = new Uint8Array(length);
  bytes.set(parts.reverse().flat());
  return bytes;
}

export const framesInFrames: WireCase = {
  what: 'the depth of lazy codecs began anew in each frame, and each frame was a copy',
  codec: nodes(k.framers.varint()),
  wire: () => wire(varintBytes),
  code: 'ERR_CODECS_LIMIT',
};

export const framesOfAnotherFramer: WireCase = {
  what: 'the depth of lazy codecs began anew in each frame that a mapped framer made',
  codec: nodes(
    k.mapped(
      k.framers.lengthPrefixed(),
      (frame) => frame,
      (frame) => frame,
    ),
  ),
  wire: () => wire((length) => [length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255]),
  code: 'ERR_CODECS_LIMIT',
};
