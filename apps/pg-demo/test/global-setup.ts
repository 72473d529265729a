import { startServer } from '@millrace/pgserver';

/** The demo runs on `DATABASE_URL`, or on a server of its own. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env['DATABASE_URL'] !== undefined) return undefined;
  const server = await startServer();
  process.env['DATABASE_URL'] = server.url;
  return () => Promise.resolve(server[Symbol.asyncDispose]());
}
