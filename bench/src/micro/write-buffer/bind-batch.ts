import type { Benchmark, Contender } from '../../kit/contender.js';
import { BATCH, batchOfValues, type Bound, otherValues, readBack, readProtobufBack } from './bind-messages.js';
import {
  type BatchWriter,
  generalWriter,
  pgWriter,
  plannedWriter,
  type PostgresJsBytes,
  postgresJsWriter,
  protobufWriter,
  smartBufferWriter,
} from './bind-writers.js';

const bytesOfPostgresJs = new URL('../../../node_modules/postgres/src/bytes.js', import.meta.url).href;

interface Writer {
  readonly name: string;
  readonly write: BatchWriter;
  readonly read: (bytes: Buffer) => Bound[];
}

async function writers(): Promise<Writer[]> {
  const { default: b } = (await import(bytesOfPostgresJs)) as { default: PostgresJsBytes };
  const read = readBack;
  return [
    { name: 'millrace', write: generalWriter(), read },
    { name: 'millrace, planned', write: plannedWriter(), read },
    { name: 'protobufjs', write: protobufWriter, read: readProtobufBack },
    { name: 'pg-protocol', write: pgWriter, read },
    { name: "postgres.js' way", write: postgresJsWriter(b), read },
    { name: 'smart-buffer', write: smartBufferWriter, read },
  ];
}

function contender({ name, write, read }: Writer): Contender {
  const batch = batchOfValues();
  return {
    name,
    check: () => read(Buffer.concat(write(batch))),
    run: (count) => {
      for (let done = 0; done < count; done += BATCH) write(batch);
    },
  };
}

/** Every writer has seen five other kinds of strings. */
async function afterOtherStrings(): Promise<Contender[]> {
  const all = await writers();
  for (let kind = 0; kind < 5; kind++) {
    const others = otherValues(kind);
    for (const { write } of all) for (let pass = 0; pass < 200; pass++) write(others);
  }
  return all.map(contender);
}

const common = { operation: 'Bind+Execute+Sync', count: 1000 * BATCH, batch: BATCH, ownProcess: true } as const;

export const benchmarks: readonly Benchmark[] = [
  {
    ...common,
    name: 'micro/write-buffer/bind-batch',
    title: 'batches of 100, three text parameters each',
    targets: [
      { contender: 'millrace', atLeast: 8, than: 'pg-protocol' },
      { contender: 'millrace', atLeast: 13, than: "postgres.js' way" },
      { contender: 'millrace', atLeast: 1.8, than: 'protobufjs' },
    ],
    open: async () => (await writers()).map(contender),
  },
  {
    ...common,
    name: 'micro/write-buffer/bind-batch-after-five-kinds-of-strings',
    title: 'the same after five other kinds of strings',
    open: afterOtherStrings,
  },
];
