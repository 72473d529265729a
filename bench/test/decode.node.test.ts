import { serialize } from 'pg-protocol';
import { describe, expect, test } from 'vitest';
import { verify } from '../src/kit/verify.js';
import { benchmarks } from '../src/postgres/decode/benchmarks.js';
import { framesOf } from '../src/postgres/decode/frames.js';
import { readRecording, type Recording, toRecording } from '../src/postgres/decode/recording.js';
import { ReplaySocket } from '../src/postgres/decode/replay-socket.js';
import { walkContender } from '../src/postgres/decode/walk.js';
import { WORKLOADS } from '../src/postgres/decode/workloads.js';

const whole = ({ description, result }: Recording): Buffer => Buffer.concat([description, result]);

describe('recordings', () => {
  test.each(WORKLOADS)('$name has as many rows in binary as in text', ({ name }) => {
    const { rows } = readRecording(name, 'binary');
    expect(rows).toBeGreaterThan(0);
    expect(readRecording(name, 'text').rows).toBe(rows);
  });

  test('an answer that lost a row, or has bytes behind it, is refused', () => {
    const answer = whole(readRecording('series', 'text'));
    const frames = [...framesOf(answer)].map(({ bytes }) => bytes);
    expect(() => toRecording(Buffer.concat(frames.toSpliced(7, 1)))).toThrow('expected 1000 rows, saw 999');
    expect(() => toRecording(Buffer.concat([answer, Buffer.alloc(3)]))).toThrow('saw more bytes behind them');
    expect(() => toRecording(answer.subarray(5))).toThrow('expected the answer to one query');
  });
});

describe('contenders', () => {
  test.each(benchmarks)('of $name make the same rows of their bytes', async ({ open }) => {
    const contenders = await open();
    await verify(contenders);
    for (const contender of contenders) await contender.close?.();
  });

  test('the walk notices a value that is missing', () => {
    const recording = readRecording('series', 'binary');
    const rows = Array.from({ length: 1000 }, (_, i) => (i === 500 ? [] : [i + 1]));
    expect(() => walkContender('walk', recording, () => rows).check()).toThrow(
      'expected 1000 rows of 999 values, saw 1000 of 1000',
    );
  });
});

describe('the replayed socket', () => {
  test('describes a statement where it is parsed, and repeats only its rows afterwards', async () => {
    const recording = readRecording('series', 'text');
    const socket = new ReplaySocket(() => recording);
    const answers: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => answers.push(chunk));
    const run = [serialize.bind({ statement: 's' }), serialize.execute({}), serialize.sync()];
    socket.write(serialize.startup({ user: 'u' }));
    await Promise.resolve();
    expect(Buffer.concat(answers.splice(0)).toString('latin1')).toMatch(/^R.*Z/s);
    socket.write(Buffer.concat([serialize.parse({ name: 's', text: 'select', types: [] }), ...run]));
    await Promise.resolve();
    expect(Buffer.concat(answers.splice(0))).toEqual(whole(recording));
    socket.write(Buffer.concat([...run, ...run]));
    await Promise.resolve();
    expect(Buffer.concat(answers)).toEqual(Buffer.concat([recording.result, recording.result]));
  });
});
