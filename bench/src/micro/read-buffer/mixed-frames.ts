import type { Benchmark, Contender } from '../../kit/contender.js';
import { fiveKinds, fiveKindsOfBuffer } from '../chunking.js';
import { FRAMES, mixedFrameChunks } from './mixed-frame-bytes.js';
import {
  concatReader,
  type MixedReader,
  peekBody,
  pgProtocolReader,
  pullReader,
  runReader,
  skipBody,
  viewBody,
} from './mixed-frame-readers.js';

function contender(name: string, reader: MixedReader, chunks: readonly Buffer[]): Contender {
  const pass = (): void => {
    reader.sum = 0;
    for (const chunk of chunks) reader.feed(chunk);
  };
  return {
    name,
    check: () => {
      pass();
      return reader.sum;
    },
    run: (count) => {
      for (let done = 0; done < count; done += FRAMES) pass();
    },
  };
}

/** The same, for our readers on `ours` and for the others, which need a Buffer, on `buffers`. */
function contenders(ours: readonly Buffer[], buffers: readonly Buffer[]): Contender[] {
  return [
    contender('millrace takeRun', runReader(), ours),
    contender('millrace takeFrame, body skipped', pullReader(skipBody), ours),
    contender('millrace takeFrame, body peeked at', pullReader(peekBody), ours),
    contender('millrace takeFrame, body viewed', pullReader(viewBody), ours),
    contender('pg-protocol', pgProtocolReader(true), buffers),
    contender('pg-protocol, body left out', pgProtocolReader(false), buffers),
    contender('Buffer.concat', concatReader(), buffers),
  ];
}

function afterOtherChunks(): Contender[] {
  const chunks = mixedFrameChunks();
  const kinds = fiveKinds(chunks) as Buffer[]; // ours take any Uint8Array
  for (const seen of contenders(kinds, fiveKindsOfBuffer(chunks))) void seen.run(20 * FRAMES);
  return contenders(chunks, chunks);
}

const common = { operation: 'frame', count: 25 * FRAMES, batch: FRAMES, ownProcess: true } as const;

export const benchmarks: readonly Benchmark[] = [
  {
    ...common,
    name: 'micro/read-buffer/mixed-frames',
    title: 'frames of 200 B in 64 KiB chunks: an integer, two strings and a body',
    targets: [
      { contender: 'millrace takeRun', atLeast: 5, than: 'pg-protocol' },
      { contender: 'millrace takeFrame, body skipped', atLeast: 4, than: 'pg-protocol' },
      { contender: 'millrace takeFrame, body peeked at', atLeast: 4, than: 'pg-protocol' },
      { contender: 'millrace takeFrame, body viewed', atLeast: 2.5, than: 'pg-protocol' },
    ],
    open: () => contenders(mixedFrameChunks(), mixedFrameChunks()),
  },
  {
    ...common,
    name: 'micro/read-buffer/mixed-frames-after-five-kinds-of-chunks',
    title: 'the same after five other kinds of byte arrays',
    open: afterOtherChunks,
  },
];
