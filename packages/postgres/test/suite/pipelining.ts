import { describe, expect } from 'vitest';
import { recordingLoop } from '../recording-loop.js';
import type { Suite } from '../setting.js';

/** The message types of a chunk, by their letters. */
function messageTypes(chunk: Uint8Array): string {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  let types = '';
  for (let at = 0; at < chunk.length; at += 1 + view.getInt32(at + 1)) types += String.fromCharCode(chunk[at] ?? 0);
  return types;
}

export const pipeliningSuite: Suite = (it) => {
  describe('calls of one tick', () => {
    it('leave in one write, each with a Sync of its own', async (t) => {
      const { loop, writes } = recordingLoop(t.loop);
      await using db = await t.connect({ loop });
      await db.query('select $1::int as n', [0]);
      writes.length = 0;
      const rows = await Promise.all([1, 2, 3].map((n) => db.query('select $1::int as n', [n])));
      expect(rows).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
      expect(writes.map(messageTypes)).toEqual(['BESBESBES']);
    });

    it('are answered in order, and one that fails does not touch the others', async (t) => {
      await using db = await t.connect();
      const settled: string[] = [];
      const calls = ['select 1', 'select 1 / 0', 'select wrong', 'select 2'].map((sql) =>
        db.query(sql).then(
          () => settled.push(sql),
          () => settled.push(`${sql} failed`),
        ),
      );
      await Promise.all(calls);
      expect(settled).toEqual(['select 1', 'select 1 / 0 failed', 'select wrong failed', 'select 2']);
    });

    it('run in order when a later one needs what an earlier one made', async (t) => {
      await using db = await t.connect();
      const results = await Promise.all([
        db.query('create temp table made (n int)'),
        db.query('insert into made values ($1)', [5]),
        db.execute('insert into made values (6)'),
        db.queryValue('select sum(n) from made'),
      ]);
      expect(results[3]).toBe(11n);
    });

    it('share one preparation', async (t) => {
      const { loop, writes } = recordingLoop(t.loop);
      await using db = await t.connect({ loop });
      writes.length = 0;
      await Promise.all(Array.from({ length: 20 }, (_, n) => db.query('select $1::int', [n])));
      expect(writes.map(messageTypes)).toEqual(['PDS', 'BES'.repeat(20)]);
    });

    it('are bounded to 100 in flight', async (t) => {
      const count = t.volume(1000, 250);
      const { loop, writes } = recordingLoop(t.loop);
      await using db = await t.connect({ loop });
      await db.query('select $1::int', [0]);
      writes.length = 0;
      await Promise.all(Array.from({ length: count }, (_, n) => db.query('select $1::int', [n])));
      expect(messageTypes(writes[0]!)).toBe('BES'.repeat(100));
      expect(writes.map(messageTypes).join('')).toBe('BES'.repeat(count));
    });

    it('are bounded to 64 KiB in flight', async (t) => {
      const { loop, writes } = recordingLoop(t.loop);
      await using db = await t.connect({ loop });
      await db.query('select length($1::text)', ['x']);
      writes.length = 0;
      const text = 'x'.repeat(30_000);
      const lengths = await Promise.all(
        Array.from({ length: 30 }, () => db.queryValue('select length($1::text)', [text])),
      );
      expect(lengths).toEqual(Array.from({ length: 30 }, () => 30_000));
      expect(Math.max(...writes.map(({ length }) => length))).toBeLessThan(64 * 1024 + 31_000);
    });

    it('get through when both sides have a lot to say', async (t) => {
      await using db = await t.connect();
      const big = new Uint8Array(1024 * 1024).fill(1);
      const lengths = await Promise.all(
        Array.from({ length: 12 }, async () => (await db.queryValue<Uint8Array>('select $1::bytea', [big]))?.length),
      );
      expect(lengths).toEqual(Array.from({ length: 12 }, () => big.length));
    });
  });
};
