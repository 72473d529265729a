import type { Lab } from './lab.js';

/** What a loop may lack on some platform; a case that needs it is then skipped, with the reason given. */
export type Feature = 'tcp' | 'unix' | 'tls' | 'startTls' | 'udp' | 'fd' | 'ipv6' | 'realTime';

/** One behaviour that every loop has. */
export interface ConformanceCase {
  /** A sentence: what holds. Unique. */
  readonly name: string;
  readonly needs?: readonly Feature[] | undefined;
  /** @throws Whatever says why it does not hold. */
  run(lab: Lab): Promise<void>;
}
