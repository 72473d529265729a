import { randomChunks, type SeededRandom, seededRandom } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { LazyRow } from '../src/rows/lazy-row.js';
import type { RowColumn } from '../src/rows/row-column.js';
import { type RowRun, createRowRun } from '../src/rows/row-run.js';
import { column, dataRow, type Decoded, decodeChunks, NAMES, type Sample, SAMPLES, SHAPES } from './rows-samples.js';

interface Program {
  readonly columns: readonly RowColumn[];
  readonly values: readonly (readonly unknown[])[];
  readonly wire: Uint8Array;
}

function randomProgram(random: SeededRandom): Program {
  const samples = Array.from({ length: random.int(0, 8) }, () => pick(random, SAMPLES));
  const columns = samples.map((sample) => column(pick(random, NAMES), sample));
  const isNullish = random.int(0, 1) === 0;
  const rows = Array.from({ length: random.int(1, 90) }, () => samples.map((sample) => randomValue(random, sample)));
  const values: unknown[][] = [];
  const messages: Uint8Array[] = [];
  for (const row of rows) {
    const cells = row.map((cell) => (isNullish && random.int(0, 3) === 0 ? ([null, null] as const) : cell));
    messages.push(dataRow(cells.map(([bytes]) => bytes)));
    values.push(cells.map(([, value]) => value));
  }
  return { columns, values, wire: join(messages) };
}

function randomValue(random: SeededRandom, sample: Sample): readonly [Uint8Array, unknown] {
  return pick(random, sample.values);
}

function pick<T>(random: SeededRandom, from: readonly T[]): T {
  return from[random.int(0, from.length - 1)]!;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function chunksOf(random: SeededRandom, wire: Uint8Array, way: number): Uint8Array[] {
  if (way === 0) return Array.from(wire, (byte) => Uint8Array.of(byte));
  if (way === 1) return randomChunks(wire, { seed: random.int(0, 1 << 30), maxBytes: 200 });
  return randomChunks(wire, { seed: 0, minBytes: 65_536, maxBytes: 65_536 });
}

/** What a run gave, in a form that can be compared, whatever the shape. */
function outcome(run: RowRun, chunks: readonly Uint8Array[]): unknown {
  const { rows, error, left, batches } = decodeChunks(run, chunks);
  return { rows, left, error: error && { name: error.name, message: error.message }, objects: objectsOf({ batches }) };
}

function objectsOf({ batches }: Pick<Decoded, 'batches'>): unknown[] {
  const rows = batches.filter((batch) => Array.isArray(batch)).flat();
  return rows.map((row: unknown) => {
    const object = row instanceof LazyRow ? attempt(() => row.toObject()) : row;
    return [
      Object.getPrototypeOf(object) === Object.prototype,
      Object.entries(Object.getOwnPropertyDescriptors(object)),
    ];
  });
}

function attempt(f: () => object): object {
  try {
    return f();
  } catch (error) {
    return { name: (error as Error).name, message: (error as Error).message };
  }
}

describe('generated row decoders and closures', () => {
  test.each(SHAPES)('decode what was encoded, however it is cut into chunks: %s', (shape) => {
    const seed = 4711;
    const random = seededRandom(seed);
    for (let round = 0; round < 60; round++) {
      const { columns, values, wire } = randomProgram(random);
      for (const generate of [true, false]) {
        const { rows, error, left } = decodeChunks(
          createRowRun(columns, { shape: shape === 'objects' ? 'arrays' : shape, generate }),
          chunksOf(random, wire, round % 3),
        );
        expect({ rows, error, left }, `seed ${seed}, round ${round}, generated ${generate}`).toEqual({
          rows: values,
          error: undefined,
          left: 0,
        });
      }
    }
  });

  test.each(SHAPES)('give the same rows and the same errors for damaged bytes: %s', (shape) => {
    const seed = 1147;
    const random = seededRandom(seed);
    let refused = 0;
    for (let round = 0; round < 300; round++) {
      const { columns, wire } = randomProgram(random);
      if (random.int(0, 3) > 0)
        wire[random.int(0, wire.length - 1)] = pick(random, [0, 1, 255, 128, 201, random.int(0, 255)]);
      const chunks = chunksOf(random, wire, round % 3);
      const outcomes = [true, false].map((generate) => safely(columns, shape, generate, chunks));
      expect(outcomes[0], `seed ${seed}, round ${round}`).toEqual(outcomes[1]);
      if (JSON.stringify(outcomes[0], bigints).includes('"message"')) refused++;
    }
    expect(refused).toBeGreaterThan(20);
    expect((globalThis as { injected?: boolean }).injected).toBeUndefined();
  });
});

/** A hostile length is the buffer's to refuse. */
function safely(
  columns: readonly RowColumn[],
  shape: (typeof SHAPES)[number],
  generate: boolean,
  chunks: Uint8Array[],
) {
  try {
    return outcome(createRowRun(columns, { shape, generate }), chunks);
  } catch (error) {
    return { name: (error as Error).name, message: (error as Error).message };
  }
}

function bigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}
