import { randomChunks } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { connect } from '../../src/index.js';
import type { Connection } from '../../src/index.js';
import { parseCassettes } from './cassette.js';
import { Replay } from './replay.js';

const HELLO = `0 open
0> - \\00\\03\\00\\00user\\00me\\00client_encoding\\00UTF8\\00\\00
0< +1 R \\00\\00\\00\\00
0< K \\00\\00\\00\\07\\00\\00\\00\\09
0< Z I`;
const ANSWER = '0< +30 C SELECT 0\\00\n0< Z I';
const BYE = '0> X\n0 left';

function player(...lines: readonly string[]): Replay {
  return new Replay(parseCassettes(`= it\n${lines.join('\n')}`).get('it') ?? [], (bytes) =>
    randomChunks(bytes, { seed: 1 }),
  );
}

async function run(replay: Replay, work: (db: Connection) => Promise<void>): Promise<number> {
  const db = await connect({ host: 'h', user: 'me', loop: replay.loop });
  await work(db);
  await db.close();
  await replay.loop.dormant();
  return replay.loop.now();
}

describe('a replay', () => {
  test('takes the time that it took, on a clock of its own', async () => {
    const replay = player(HELLO, '0> Q select 1\\00', ANSWER, BYE);
    const endedAt = await run(replay, async (db) => {
      expect(await db.execute('select 1')).toMatchObject([{ command: 'SELECT' }]);
    });
    replay.finish();
    expect(endedAt).toBe(31);
  });

  test('fails if the client says something else', async () => {
    const replay = player(HELLO, '0> Q select 1\\00', ANSWER, BYE);
    await run(replay, async (db) => {
      await expect(db.execute('select 2')).rejects.toThrow('the connection to the server was lost');
    });
    expect(() => {
      replay.finish();
    }).toThrow('expected Query "select 1", saw Query "select 2"');
  });

  test('fails if the client says less, or more', async () => {
    const less = player(HELLO, '0> Q select 1\\00', ANSWER, BYE);
    await run(less, () => Promise.resolve());
    expect(() => {
      less.finish();
    }).toThrow('expected Query "select 1", saw Terminate');
    const more = player(HELLO, BYE);
    await run(more, async (db) => {
      await expect(db.execute('select 1')).rejects.toThrow('lost');
    });
    expect(() => {
      more.finish();
    }).toThrow('expected Terminate, saw Query "select 1"');
  });

  test('fails if the test does not do to the link what it did', async () => {
    const replay = player(HELLO, BYE, '! cut');
    await run(replay, () => Promise.resolve());
    expect(() => {
      replay.finish();
    }).toThrow(/expected event \d of \d to happen: \{"kind":"action","name":"cut"\}/);
    replay.act('cut');
    replay.finish();
  });

  test('lets nothing be heard before what was said on another connection', async () => {
    const replay = player(
      HELLO,
      '0> Q select 1\\00',
      '1 open',
      '1> - \\04\\d2\\16.\\00\\00\\00\\07\\00\\00\\00\\09',
      '1 +1 closed',
      '0< +0 E SERROR\\00C57014\\00Mcanceled\\00\\00',
      '0< Z I',
      '0> S',
      '0< +0 Z I',
      BYE,
    );
    const endedAt = await run(replay, async (db) => {
      await expect(db.execute('select 1', { timeoutMs: 500 })).rejects.toMatchObject({ timeoutMs: 500 });
    });
    replay.finish();
    expect(endedAt).toBe(502);
  });
});
