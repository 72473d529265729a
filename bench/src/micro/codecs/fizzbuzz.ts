import { compile, i32 } from '@millrace/codecs';
import { ReadBuffer, type RunDecoder } from '@millrace/read-buffer';
import type { Benchmark, Contender } from '../../kit/contender.js';
import { cut } from '../chunking.js';
import { seeded } from '../seeded.js';

/** A whole number of chunks of 64 KiB, or so few that all short chunks stay in the processor's cache. */
const MANY = 65_536;
const FEW = 512;
const SHOWN = 18;
const WORDS = ['', 'Fizz', 'Buzz', 'FizzBuzz'];
/** By the remainder of 15, so that it is the stream that takes the time and not the division. */
const KINDS = Uint8Array.of(3, 0, 0, 1, 0, 2, 1, 0, 0, 1, 2, 0, 1, 0, 0);

/** Says the numbers: the first ones as text, all of them in a sum. */
class Speaker {
  sum = 0;
  shown: string[] = [];

  say(value: number): void {
    const kind = KINDS[value % 15] ?? 0;
    this.sum += kind === 0 ? value : kind;
    if (this.shown.length < SHOWN) this.shown.push(kind === 0 ? String(value) : (WORDS[kind] ?? ''));
  }
}

type Listener = (chunk: Buffer) => void;

function decoder(speaker: Speaker, codegen: boolean): Listener {
  const stream = compile(i32, { codegen }).decoder();
  const say = (value: number): void => {
    speaker.say(value);
  };
  return (chunk) => {
    stream.feed(chunk, say);
  };
}

/** Read in place, and across chunks by the buffer. */
function pulled(speaker: Speaker): Listener {
  const buffer = new ReadBuffer();
  return (chunk) => {
    buffer.feedBorrowed(chunk);
    while (buffer.length >= 4) speaker.say(buffer.readInt32());
    buffer.endBorrow();
  };
}

/** What is contiguous in one go; only a value across chunks is read by the buffer. */
function walked(speaker: Speaker): Listener {
  const buffer = new ReadBuffer();
  const walk: RunDecoder = (_bytes, view, start, end) => {
    let at = start;
    for (; at + 4 <= end; at += 4) speaker.say(view.getInt32(at));
    return at;
  };
  return (chunk) => {
    buffer.feedBorrowed(chunk);
    while (buffer.length >= 4) if (!buffer.readRun(walk)) speaker.say(buffer.readInt32());
    buffer.endBorrow();
  };
}

function concatenated(speaker: Speaker): Listener {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (; at + 4 <= bytes.length; at += 4) speaker.say(bytes.readInt32BE(at));
    rest = bytes.subarray(at);
  };
}

function contender(
  name: string,
  listen: (speaker: Speaker) => Listener,
  chunks: readonly Buffer[],
  values: number,
): Contender {
  const speaker = new Speaker();
  const listener = listen(speaker);
  const pass = (): void => {
    for (const chunk of chunks) listener(chunk);
  };
  return {
    name,
    check: () => {
      speaker.sum = 0;
      speaker.shown = [];
      pass();
      return { shown: speaker.shown, sum: speaker.sum };
    },
    run: (count) => {
      speaker.sum = 0;
      for (let done = 0; done < count; done += values) pass();
    },
  };
}

function stream(values: number): Buffer {
  const bytes = Buffer.alloc(4 * values);
  for (let i = 0; i < values; i++) bytes.writeInt32BE(i + 1, 4 * i);
  return bytes;
}

/** Chunks of 1 to 13 B. */
function randomly(bytes: Buffer): Buffer[] {
  const random = seeded(13);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const next = at + 1 + ((random() >>> 8) % 13);
    chunks.push(Buffer.from(bytes.subarray(at, next)));
    at = next;
  }
  return chunks;
}

interface Split {
  readonly path: string;
  readonly title: string;
  readonly values: number;
  readonly count: number;
  readonly atLeast: number;
  readonly cut: (bytes: Buffer) => Buffer[];
}

const SPLITS: readonly Split[] = [
  { path: '64-kib', title: '64 KiB', values: MANY, count: 40 * MANY, atLeast: 3.5, cut: (bytes) => cut(bytes) },
  { path: 'random', title: '1 to 13 B', values: FEW, count: 800 * FEW, atLeast: 12, cut: randomly },
  { path: 'bytes', title: '1 B', values: FEW, count: 400 * FEW, atLeast: 12, cut: (bytes) => cut(bytes, 1) },
];

export const benchmarks: readonly Benchmark[] = SPLITS.map(({ path, title, values, count, atLeast, cut: split }) => ({
  name: `micro/codecs/fizzbuzz-${path}`,
  title: `fizzbuzz over a stream of int32 in chunks of ${title}`,
  operation: 'int32',
  count,
  batch: values,
  ownProcess: true,
  targets: [{ contender: 'millrace decoder', atLeast, than: 'Buffer.concat' }],
  open: () => {
    const chunks = split(stream(values));
    return [
      contender('millrace decoder', (speaker) => decoder(speaker, true), chunks, values),
      contender('millrace decoder, CSP-safe', (speaker) => decoder(speaker, false), chunks, values),
      contender('millrace readInt32', pulled, chunks, values),
      contender('millrace readRun', walked, chunks, values),
      contender('Buffer.concat', concatenated, chunks, values),
    ];
  },
}));
