import type { WriteBuffer } from '@millrace/write-buffer';
import { encodeStartupMessage } from './messages/startup.js';

/** Whom to be, and with which settings. */
export interface StartupOptions {
  readonly user: string;
  /** The server takes the user's name where it is left out. */
  readonly database?: string | undefined;
  /**
   * Settings of the session (`application_name`, `options`, …) and protocol options (`_pq_.…`). The machine adds
   * `client_encoding`, which is always UTF8.
   */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
}

/**
 * Appends the StartupMessage that `options` ask for.
 *
 * @throws {TypeError} For an empty user, or a parameter that is not the caller's to set.
 * @throws {RangeError} For U+0000 in a text, or a message above the 10004 bytes that a server accepts.
 */
export function encodeStartup(out: WriteBuffer, options: StartupOptions): void {
  const { user, database, parameters = {} } = options;
  if (user === '') throw new TypeError('user must not be empty');
  for (const name of ['', 'user', 'database', 'client_encoding']) {
    if (Object.hasOwn(parameters, name)) throw new TypeError(`parameters must not have a key ${JSON.stringify(name)}`);
  }
  const pairs = { user, ...(database === undefined ? {} : { database }), client_encoding: 'UTF8', ...parameters };
  encodeStartupMessage(out, { major: 3, minor: 0 }, Object.entries(pairs));
}
