import { TimeoutError } from '@millrace/timeouts';
import { describe, expect } from 'vitest';
import { StreamActiveError } from '../../src/index.js';
import { recordingLoop } from '../recording-loop.js';
import type { Setting, Suite } from '../setting.js';

/** More rows than a stream buffers. In the select list, the server makes them as it sends them. */
const many = (t: Setting): string => `select generate_series(1, ${t.volume(1_000_000, 30_000)}) as n`;

export const streamSuite: Suite = (it) => {
  describe('stream', () => {
    it('yields every row in order', async (t) => {
      await using db = await t.connect();
      const count = t.volume(50_000, 10_000);
      let expected = 0;
      for await (const { n } of db.stream<{ n: number }>('select n from generate_series(1, $1::int) n', [count]))
        expect(n).toBe((expected += 1));
      expect(expected).toBe(count);
      expect(await db.queryValue('select 1')).toBe(1);
    });

    it('sends nothing before the first row is asked for', async (t) => {
      const { loop, writes } = recordingLoop(t.loop);
      await using own = await t.connect({ loop });
      writes.length = 0;
      const stream = own.stream('select 1');
      await t.pause(10);
      expect(writes).toEqual([]);
      await stream.return();
      expect(await stream.next()).toEqual({ done: true, value: undefined });
    });

    it('ends at once without rows', async (t) => {
      await using db = await t.connect();
      expect(await db.stream('select 1 where false').next()).toEqual({ done: true, value: undefined });
      expect(await db.stream('').next()).toEqual({ done: true, value: undefined });
    });

    it('answers calls of next that overlap in order', async (t) => {
      await using db = await t.connect();
      const stream = db.stream<{ n: number }>('select n from generate_series(1, 3) n');
      const results = await Promise.all([stream.next(), stream.next(), stream.next(), stream.next(), stream.next()]);
      expect(results.map(({ done, value }) => (done === true ? 'end' : value.n))).toEqual([1, 2, 3, 'end', 'end']);
    });

    it('can be left early, and the connection goes on', async (t) => {
      await using db = await t.connect();
      for (let round = 0; round < 5; round++) {
        let count = 0;
        for await (const row of db.stream(many(t))) {
          count += Object.keys(row).length;
          if (count === 1 + round * 1000) break;
        }
        expect(await db.queryValue('select $1::int', [round])).toBe(round);
      }
    });

    it('can be left by an error of the consumer', async (t) => {
      await using db = await t.connect();
      const reading = (async () => {
        for await (const row of db.stream(many(t))) throw new Error(`saw ${String(row['n'])}`);
      })();
      await expect(reading).rejects.toThrow('saw 1');
      expect(await db.queryValue('select 1')).toBe(1);
    });

    it('throws an error of the server after the rows before it', async (t) => {
      await using db = await t.connect();
      async function countDown(): Promise<number> {
        let count = 0;
        for await (const row of db.stream('select 10 / (2000 - n) as q from generate_series(1, 3000) n')) {
          count += Object.keys(row).length;
          rows = count;
        }
        return count;
      }
      let rows = 0;
      const error = await countDown().catch((e: unknown) => e as Error);
      expect(error).toMatchObject({ sqlState: '22012' });
      expect((error as Error).stack).toContain('countDown');
      expect(rows).toBe(1999);
      expect(await db.queryValue('select 1')).toBe(1);
    });

    it('rejects what cannot be encoded or parsed', async (t) => {
      await using db = await t.connect();
      await expect(db.stream('select $1::int', ['x']).next()).rejects.toThrow(TypeError);
      await expect(db.stream('select wrong').next()).rejects.toMatchObject({ sqlState: '42703' });
      expect(await db.queryValue('select 1')).toBe(1);
    });

    it('ends when its time is up, dropping what was buffered', async (t) => {
      await using db = await t.connect();
      const stream = db.stream(many(t), [], { timeoutMs: 500 });
      await stream.next();
      await t.pause(700);
      await expect(stream.next()).rejects.toBeInstanceOf(TimeoutError);
      expect(await stream.next()).toEqual({ done: true, value: undefined });
      expect(await db.queryValue('select 1')).toBe(1);
    });

    it('ends with the reason of its signal', async (t) => {
      await using db = await t.connect();
      const controller = new AbortController();
      const stream = db.stream('select pg_sleep(20)', [], { signal: controller.signal });
      const waiting = stream.next();
      await t.pause(20);
      controller.abort('enough');
      await expect(waiting).rejects.toBe('enough');
      expect(await db.queryValue('select 1')).toBe(1);
    });

    it('keeps other calls out while it is open, instead of a deadlock', async (t) => {
      await using db = await t.connect();
      for await (const row of db.stream(many(t))) {
        void row;
        await expect(db.query('select 1')).rejects.toBeInstanceOf(StreamActiveError);
        await expect(db.stream('select 1').next()).rejects.toBeInstanceOf(StreamActiveError);
        await expect(db.transaction(() => 1)).rejects.toBeInstanceOf(StreamActiveError);
        break;
      }
      expect(await db.queryValue('select 1')).toBe(1);
    });

    it('lets other calls in once its last row has arrived', async (t) => {
      await using db = await t.connect();
      const seen: unknown[] = [];
      for await (const { n } of db.stream('select n from generate_series(1, 3) n')) {
        await t.pause(20);
        seen.push(await db.queryValue('select $1::int * 2', [n]));
      }
      expect(seen).toEqual([2, 4, 6]);
    });

    it('takes its turn behind calls that were made before', async (t) => {
      await using db = await t.connect();
      await db.execute('create temp table streamed (n int)');
      const before = db.query('insert into streamed values (1), (2)');
      const rows = [];
      for await (const row of db.stream('select n from streamed order by n')) rows.push(row);
      expect(rows).toEqual([{ n: 1 }, { n: 2 }]);
      await before;
    });

    it('is disposed of at the end of a block', async (t) => {
      await using db = await t.connect();
      {
        await using stream = db.stream(many(t));
        await stream.next();
      }
      expect(await db.queryValue('select 1')).toBe(1);
    });

    it.realOnly(
      'needs a lot of data',
      'pauses the socket while the consumer is behind, and keeps the heap flat over a million rows',
      async (t) => {
        const { loop, pauses } = recordingLoop(t.loop);
        await using own = await t.connect({ loop });
        const collect = (globalThis as { gc?: () => void }).gc!;
        collect();
        const before = process.memoryUsage().heapUsed;
        let count = 0;
        let highest = 0;
        for await (const row of own.stream("select generate_series(1, 1000000) as n, repeat('x', 50) as pad")) {
          count += row['n'] === undefined ? 0 : 1;
          if (count % 50_000 === 0) {
            await t.pause(5);
            collect();
            highest = Math.max(highest, process.memoryUsage().heapUsed - before);
          }
        }
        expect(count).toBe(1_000_000);
        expect(pauses()).toBeGreaterThan(10);
        expect(highest).toBeLessThan(16 * 1024 * 1024);
      },
    );
  });
};
