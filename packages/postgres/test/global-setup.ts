import { startServer } from '@millrace/pgserver';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    databaseUrl: string;
  }
}

/** One server for all tests of the package: the one that DATABASE_URL names, else a throw-away one. */
export default async function setUp(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env['DATABASE_URL'];
  if (given !== undefined && given !== '') {
    project.provide('databaseUrl', given);
    return undefined;
  }
  const server = await startServer();
  project.provide('databaseUrl', server.url);
  return async () => {
    await server[Symbol.asyncDispose]();
  };
}
