import { array, type Codec, compile, f64, i32, Incomplete, u16 } from '@millrace/codecs';
import { ReadBuffer } from '@millrace/read-buffer';
import { WriteBuffer } from '@millrace/write-buffer';
import protobuf from 'protobufjs';
import type { Benchmark, Contender } from '../../kit/contender.js';
import { seeded } from '../seeded.js';

const LENGTH = 1000;

type ArrayDecoder = () => number[];

function ours(codec: Codec<number[]>, values: number[]): ArrayDecoder {
  const out = new WriteBuffer();
  codec.encode(out, values);
  const bytes = out.take();
  const input = new ReadBuffer();
  return () => {
    input.feedBorrowed(bytes);
    const decoded = codec.decode(input);
    input.endBorrow();
    if (decoded === Incomplete) throw new Error('expected a whole array');
    return decoded;
  };
}

/** A packed field of fixed width, which is its fastest; `read` is what its generated code calls. */
function packed(write: (writer: protobuf.Writer) => void, read: (reader: protobuf.Reader) => number[]): ArrayDecoder {
  const writer = protobuf.Writer.create().uint32(0x0a).fork();
  write(writer);
  const bytes = Buffer.from(writer.ldelim().finish());
  return () => {
    const reader = protobuf.Reader.create(bytes);
    reader.uint32();
    return read(reader);
  };
}

/** The readers of packed fields are there in the code, but not in its types. */
interface PackedReader {
  sfixed32s(array: number[]): number[];
  doubles(array: number[]): number[];
}

function contender(name: string, decode: ArrayDecoder): Contender {
  let sum = 0;
  return {
    name,
    check: decode,
    run: (count) => {
      for (let done = 0; done < count; done += LENGTH) sum += decode().length;
      if (sum < count) throw new Error('nothing was decoded');
    },
  };
}

function int32s(): Contender[] {
  const random = seeded(32);
  const values = Array.from({ length: LENGTH }, () => random() | 0);
  return [
    contender('millrace compiled', ours(compile(array(i32, u16)), values)),
    contender('millrace CSP-safe', ours(compile(array(i32, u16), { codegen: false }), values)),
    contender(
      'protobufjs',
      packed(
        (writer) => {
          for (const value of values) writer.sfixed32(value);
        },
        (reader) => (reader as unknown as PackedReader).sfixed32s([]),
      ),
    ),
  ];
}

function float64s(): Contender[] {
  const random = seeded(64);
  const values = Array.from({ length: LENGTH }, () => random() / 1000);
  return [
    contender('millrace compiled', ours(compile(array(f64, u16)), values)),
    contender('millrace CSP-safe', ours(compile(array(f64, u16), { codegen: false }), values)),
    contender(
      'protobufjs',
      packed(
        (writer) => {
          for (const value of values) writer.double(value);
        },
        (reader) => (reader as unknown as PackedReader).doubles([]),
      ),
    ),
  ];
}

const common = {
  operation: 'element',
  count: 2000 * LENGTH,
  batch: LENGTH,
  ownProcess: true,
  targets: [{ contender: 'millrace compiled', atLeast: 2, than: 'protobufjs' }],
} as const;

export const benchmarks: readonly Benchmark[] = [
  { ...common, name: 'micro/codecs/int32-array', title: 'arrays of 1000 int32', open: int32s },
  { ...common, name: 'micro/codecs/float64-array', title: 'arrays of 1000 float64', open: float64s },
];
