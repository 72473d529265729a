import { inspect } from 'node:util';
import { TimeoutError } from '@millrace/timeouts';
import { describe, expect } from 'vitest';
import { ConnectError, PostgresError } from '../../src/index.js';
import { recordingLoop } from '../recording-loop.js';
import type { Suite } from '../setting.js';

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable('it resolved'),
    (error: unknown) => error,
  );
}

export const connectSuite: Suite = (it) => {
  describe('connect', () => {
    it('opens a session with the parameters that were asked for', async (t) => {
      await using db = await t.connect({
        applicationName: 'millrace test',
        parameters: { search_path: 'pg_catalog', TimeZone: 'Asia/Tokyo' },
      });
      expect(db.serverParameters['application_name']).toBe('millrace test');
      expect(await db.queryValue('show search_path')).toBe('pg_catalog');
      expect(await db.queryValue('show timezone')).toBe('Asia/Tokyo');
      expect(await db.queryValue('select pg_backend_pid()')).toBe(db.backendPid);
      expect(db.serverParameters['server_version']).toMatch(/^\d+/);
    });

    it('understands options in the URL', async (t) => {
      await using db = await t.connect({ url: `${t.url}?application_name=from%20url&options=-c%20geqo%3Doff` });
      expect(await db.queryRow("select current_setting('application_name') a, current_setting('geqo') g")).toEqual({
        a: 'from url',
        g: 'off',
      });
    });

    it('reports a wrong database by its SQLSTATE', async (t) => {
      const error = await failure(t.connect({ database: 'no such database' }));
      expect(error).toBeInstanceOf(PostgresError);
      expect(error).toMatchObject({ sqlState: '3D000', severityCode: 'FATAL' });
    });

    it('rejects wrong options without touching the network', async (t) => {
      const { loop, writes } = recordingLoop(t.loop);
      expect(await failure(t.connect({ sslmode: 'require', loop }))).toBeInstanceOf(TypeError);
      expect(writes).toEqual([]);
    });
  });

  describe('connect, with a password', () => {
    const passwords = { scram: 'se cret:/@', clear: 'plain', digest: 'old' };
    for (const [user, password] of Object.entries(passwords)) {
      it(`authenticates as ${user}`, async (t) => {
        await using db = await t.connect(await t.guarded(user, password));
        expect(await db.queryValue('select current_user::text')).toBe(user);
      });
    }

    it('derives the key by itself where the loop is simulated', async (t) => {
      const loop = new Proxy(t.loop, {
        get: (target, key) => {
          const value: unknown = key === 'isSimulated' ? true : Reflect.get(target, key, target);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
      await using db = await t.connect({ ...(await t.guarded('scram', 'se cret:/@')), loop });
      expect(await db.queryValue('select 1')).toBe(1);
    });

    it('takes the password from the URL', async (t) => {
      const { host, port } = await t.guarded('scram');
      await using db = await t.connect({ url: `postgres://scram:se%20cret%3A%2F%40@${host}:${port}/postgres` });
      expect(await db.queryValue('select 1')).toBe(1);
    });

    it('prepares an unusual password as the server does', async (t) => {
      await using db = await t.connect(await t.guarded('weird', 'fixa'));
      expect(await db.queryValue('select 1')).toBe(1);
    });

    it('asks a function for the password, once', async (t) => {
      let count = 0;
      await using db = await t.connect(
        await t.guarded('scram', async () => {
          count += 1;
          return Promise.resolve('se cret:/@');
        }),
      );
      expect(await db.queryValue('select 1')).toBe(1);
      expect(count).toBe(1);
    });

    it.realOnly('needs sockets', 'connects through a unix socket', async (t) => {
      const { socketDir, port } = await t.guarded('scram');
      await using db = await t.connect({
        url: `postgres://scram@/postgres?host=${socketDir}&port=${port}`,
        password: 'se cret:/@',
      });
      expect(await db.queryValue('select inet_client_addr()')).toBeNull();
      const error = await failure(db.query('select pg_sleep(10)', [], { timeoutMs: 30 }));
      expect(error).toBeInstanceOf(TimeoutError);
      expect(await db.queryValue('select 2')).toBe(2);
    });

    for (const user of Object.keys(passwords)) {
      it(`reports a wrong password for ${user} without quoting it`, async (t) => {
        const error = await failure(t.connect(await t.guarded(user, 'hunter2-wrong')));
        expect(error).toBeInstanceOf(PostgresError);
        expect(error).toMatchObject({ sqlState: '28P01' });
        expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hunter2');
      });
    }

    it('reports a missing password', async (t) => {
      const error = await failure(t.connect(await t.guarded('scram')));
      expect(error).toBeInstanceOf(ConnectError);
      expect((error as Error).message).toContain('asks for a password and none was given');
    });

    it('reports that the server lets nobody in', async (t) => {
      expect(await failure(t.connect(await t.guarded('nobody')))).toMatchObject({ sqlState: '28000' });
    });

    it('hands on what the password function throws, as a cause', async (t) => {
      const cause = new Error('the vault is sealed');
      const error = await failure(t.connect(await t.guarded('scram', () => Promise.reject(cause))));
      expect(error).toBeInstanceOf(ConnectError);
      expect((error as Error).cause).toBe(cause);
    });

    it('refuses a password function that returns no string', async (t) => {
      const error = await failure(t.connect(await t.guarded('scram', () => 5 as unknown as string)));
      expect((error as Error).message).toContain('must return a string');
    });

    it('times out while the password function takes its time', async (t) => {
      const error = await failure(
        t.connect(await t.guarded('scram', () => new Promise(() => undefined)), { timeoutMs: 50 }),
      );
      expect(error).toBeInstanceOf(TimeoutError);
    });

    it('survives a function that answers after the server has given up', async (t) => {
      const late = t.connect(await t.guarded('scram', () => t.pause(400).then(() => 'x')), { timeoutMs: 50 });
      expect(await failure(late)).toBeInstanceOf(TimeoutError);
      await t.pause(500);
    });

    it('shows no secret where the connection is printed', async (t) => {
      const target = await t.guarded('scram', 'se cret:/@');
      await using db = await t.connect(target);
      const text = inspect(db, { depth: 12, showHidden: true, getters: true });
      expect(text).toContain(`scram@${target.host}:${target.port}/postgres`);
      expect(text).not.toContain('se cret');
      expect(inspect({ db }, { customInspect: false, depth: 12, showHidden: true })).not.toContain('se cret');
    });
  });
};
