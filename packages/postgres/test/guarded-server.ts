import { startServer } from '@millrace/pgserver';
import type { PgServer } from '@millrace/pgserver';
import { connect } from '../src/index.js';

let started: Promise<PgServer> | undefined;

/** A server that asks each user for a password in another way. Started once, for the file that needs it. */
export function guardedServer(): Promise<PgServer> {
  return (started ??= start());
}

/** Ends it, if it was needed. */
export async function stopGuardedServer(): Promise<void> {
  const server = await started;
  started = undefined;
  await server?.[Symbol.asyncDispose]();
}

async function start(): Promise<PgServer> {
  const server = await startServer({
    unixSocket: true,
    settings: { authentication_timeout: '5' },
    hba: [
      'local all all scram-sha-256',
      'host all postgres 127.0.0.1/32 trust',
      'host all scram 127.0.0.1/32 scram-sha-256',
      'host all weird 127.0.0.1/32 scram-sha-256',
      'host all clear 127.0.0.1/32 password',
      'host all digest 127.0.0.1/32 md5',
      'host all nobody 127.0.0.1/32 reject',
    ],
  });
  await using db = await connect(server.url);
  await db.execute(`
    create role scram login password 'se cret:/@';
    create role weird login password U&'\\FB01\\00ADx\\00AA';
    create role clear login password 'plain';
    create role nobody login;
    set password_encryption = md5;
    create role digest login password 'old';`);
  return server;
}
