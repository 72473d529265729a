import { type Codec, compile, Incomplete } from '@millrace/codecs';
import { ReadBuffer } from '@millrace/read-buffer';
import { WriteBuffer } from '@millrace/write-buffer';
import { Parser } from 'binary-parser/dist/binary_parser.js';
import { Packr } from 'msgpackr';
import type { Benchmark, Contender } from '../../kit/contender.js';
import { BATCH, fiveOtherCodecs, numberRecords, numbers, record, records } from './record.js';

/** Decodes one batch of records, and hands each of them over. */
type BatchDecoder = (onRecord: (value: unknown) => void) => void;

function contender(name: string, decode: BatchDecoder): Contender {
  let last: unknown;
  const keep = (value: unknown): void => {
    last = value;
  };
  return {
    name,
    check: () => {
      const values: unknown[] = [];
      decode((value) => values.push(value));
      return values.map((value) => ({ ...(value as object) })); // whatever their prototypes are
    },
    run: (count) => {
      for (let done = 0; done < count; done += BATCH) decode(keep);
      if (last === undefined) throw new Error('nothing was decoded');
    },
  };
}

/** The loop is shared by all codecs that it is given, so that it can be made to see others first. */
function decodeAll(codec: Codec<unknown>, input: ReadBuffer, onRecord: (value: unknown) => void): void {
  for (;;) {
    const value = codec.decode(input);
    if (value === Incomplete) return;
    onRecord(value);
  }
}

function encodeAll(codec: Codec<unknown>, values: readonly unknown[]): Uint8Array {
  const out = new WriteBuffer();
  for (const value of values) codec.encode(out, value);
  return out.take();
}

function ours(codec: Codec<unknown>, values: readonly unknown[]): BatchDecoder {
  const bytes = encodeAll(codec, values);
  const input = new ReadBuffer();
  return (onRecord) => {
    input.feedBorrowed(bytes);
    decodeAll(codec, input, onRecord);
    input.endBorrow();
  };
}

/** All values of a chunk in one call. */
function fed(codec: Codec<unknown>, values: readonly unknown[]): BatchDecoder {
  const bytes = encodeAll(codec, values);
  const decoder = codec.decoder();
  return (onRecord) => {
    decoder.feed(bytes, onRecord);
  };
}

/** Records with shared structures, which is its fastest mode, and all values of a buffer in one call. */
function msgpackr(values: readonly unknown[]): BatchDecoder {
  const packr = new Packr({ structures: [], useRecords: true });
  const bytes = Buffer.concat(values.map((value) => packr.pack(value)));
  return (onRecord) => {
    packr.unpackMultiple(bytes, onRecord);
  };
}

function eightNumbers(): Parser {
  return new Parser()
    .endianness('big')
    .int32('id')
    .uint32('createdAt')
    .uint16('quantity')
    .uint8('rank')
    .uint8('isActive', { formatter: (byte: number) => byte !== 0 })
    .doublebe('price')
    .floatbe('ratio')
    .int16('level');
}

/** One generated parser for the whole batch. */
function binaryParser(one: Parser, codec: Codec<unknown>, values: readonly unknown[]): BatchDecoder {
  const all = new Parser().array('records', { type: one, length: BATCH });
  const bytes = Buffer.from(encodeAll(codec, values));
  return (onRecord) => {
    for (const value of (all.parse(bytes) as { records: unknown[] }).records) onRecord(value);
  };
}

/** binary-parser's objects have the lengths of the strings, too. */
function withoutLengths(value: unknown): unknown {
  const { nameBytes, cityBytes, ...fields } = value as Record<string, unknown>;
  void [nameBytes, cityBytes];
  return fields;
}

function contenders(): Contender[] {
  const one = eightNumbers()
    .uint8('nameBytes')
    .string('name', { length: 'nameBytes', encoding: 'utf8' })
    .uint8('cityBytes')
    .string('city', { length: 'cityBytes', encoding: 'utf8' });
  const parser = contender('binary-parser', binaryParser(one, record, records()));
  return [
    contender('millrace compiled, feed', fed(compile(record), records())),
    contender('millrace CSP-safe, feed', fed(compile(record, { codegen: false }), records())),
    contender('millrace compiled, decode', ours(compile(record), records())),
    contender('millrace CSP-safe, decode', ours(compile(record, { codegen: false }), records())),
    contender('msgpackr', msgpackr(records())),
    { ...parser, check: () => (parser.check() as unknown[]).map(withoutLengths) },
  ];
}

function numberContenders(): Contender[] {
  const values = numberRecords();
  const one = eightNumbers().doublebe('width').doublebe('height');
  return [
    contender('millrace compiled, feed', fed(compile(numbers), values)),
    contender('millrace CSP-safe, feed', fed(compile(numbers, { codegen: false }), values)),
    contender('millrace compiled, decode', ours(compile(numbers), values)),
    contender('millrace CSP-safe, decode', ours(compile(numbers, { codegen: false }), values)),
    contender('msgpackr', msgpackr(values)),
    contender('binary-parser', binaryParser(one, numbers, values)),
  ];
}

function afterOtherCodecs(): Contender[] {
  const ignore = (): void => undefined;
  for (const codegen of [true, false]) {
    for (const { codec, value } of fiveOtherCodecs()) {
      const compiled = compile(codec, { codegen });
      const bytes = encodeAll(compiled, [value, value, value]);
      for (let pass = 0; pass < 5000; pass++) {
        const input = new ReadBuffer();
        input.feed(bytes);
        decodeAll(compiled, input, ignore);
      }
    }
  }
  const packr = new Packr({ structures: [], useRecords: true });
  for (const { value } of fiveOtherCodecs()) {
    const bytes = packr.pack(value);
    for (let pass = 0; pass < 5000; pass++) packr.unpack(bytes);
  }
  return contenders();
}

const targets = [
  { contender: 'millrace compiled, feed', atLeast: 3, than: 'msgpackr' },
  { contender: 'millrace CSP-safe, feed', atLeast: 2.2, than: 'msgpackr' },
] as const;

const common = { operation: 'struct', count: 500 * BATCH, batch: BATCH, ownProcess: true } as const;

export const benchmarks: readonly Benchmark[] = [
  {
    ...common,
    name: 'micro/codecs/struct',
    title: 'structs of ten columns, two of them short strings, to objects',
    targets,
    open: contenders,
  },
  {
    ...common,
    name: 'micro/codecs/struct-of-numbers',
    title: 'structs of ten columns without strings to objects',
    targets,
    open: numberContenders,
  },
  {
    ...common,
    name: 'micro/codecs/struct-after-five-codecs',
    title: 'the same after five other structs',
    open: afterOtherCodecs,
  },
];
