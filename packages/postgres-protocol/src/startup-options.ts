import type { WriteBuffer } from '@millrace/write-buffer';
import { encodeStartupMessage } from './messages/startup.js';
import { versionNumbers, type SupportedVersion } from './protocol-negotiation.js';

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
  /**
   * The version to ask for; a server that does not know it offers an older one by `negotiateProtocolVersion`. Default
   * `3.0`, as in libpq 18: some poolers give up the connection over `3.2`, whose one gain is longer cancel keys.
   */
  readonly protocolVersion?: SupportedVersion | undefined;
}

/** Names of protocol options begin with this. https://www.postgresql.org/docs/current/protocol-extensions.html */
const PROTOCOL_OPTION = '_pq_.';

/** Returns the names of the protocol options among the parameters. */
export function protocolOptions({ parameters = {} }: StartupOptions): readonly string[] {
  return Object.keys(parameters).filter((name) => name.startsWith(PROTOCOL_OPTION));
}

/**
 * Appends the StartupMessage that `options` ask for.
 *
 * @throws {TypeError} For an empty user, or a parameter that is not the caller's to set.
 * @throws {RangeError} For an unknown version, U+0000 in a text, or a message above the 10004 bytes that a server accepts.
 */
export function encodeStartup(out: WriteBuffer, options: StartupOptions): void {
  const { user, database, parameters = {}, protocolVersion = '3.0' } = options;
  if (user === '') throw new TypeError('user must not be empty');
  for (const name of Object.keys(parameters)) {
    // Names of settings are the same in capital letters.
    if (['', 'user', 'database', 'client_encoding'].includes(name.toLowerCase())) {
      throw new TypeError(`parameters must not have a key ${JSON.stringify(name)}`);
    }
  }
  const pairs = { user, ...(database === undefined ? {} : { database }), client_encoding: 'UTF8', ...parameters };
  encodeStartupMessage(out, versionNumbers(protocolVersion), Object.entries(pairs));
}
