import { startServer } from '@millrace/pgserver';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A server that trusts its user. */
    databaseUrl: string;
    /** The embedded server: asks the users of `authentication.integration.test.ts` for passwords. */
    embeddedUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startServer({
    hba: [
      'host all wants_cleartext 127.0.0.1/32 password',
      'host all wants_md5 127.0.0.1/32 md5',
      'host all wants_scram 127.0.0.1/32 scram-sha-256',
      'host all wants_scram_unicode 127.0.0.1/32 scram-sha-256',
      'host all nobody_may 127.0.0.1/32 reject',
      'host all all 127.0.0.1/32 trust',
    ],
  });
  project.provide('embeddedUrl', server.url);
  project.provide('databaseUrl', process.env['DATABASE_URL'] ?? server.url);
  return async () => {
    await server[Symbol.asyncDispose]();
  };
}
