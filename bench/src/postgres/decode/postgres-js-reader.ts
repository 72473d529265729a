import postgres from 'postgres';
import type { Contender } from '../../kit/contender.js';
import { cells } from './contenders.js';
import type { Recording } from './recording.js';
import { ReplaySocket } from './replay-socket.js';

/** Left to itself, it sends a text without parameters as a simple query. */
const PREPARED = { prepare: true, simple: false };

/** Queries that are in flight at once, so that a turn of the event loop is shared by as many. */
const IN_FLIGHT = 10;

/**
 * All of postgres.js, on a socket that answers from the recording: a prepared statement, its queries pipelined.
 *
 * @param arrayTypes - The answer to its own first query.
 */
export function postgresJsContender(
  name: string,
  query: string,
  recording: Recording,
  arrayTypes: Recording,
  asArrays = false,
): Contender {
  const options = {
    max: 1,
    socket: () => new ReplaySocket((text) => (text === query ? recording : arrayTypes)),
  };
  const sql = postgres(options as object); // its types do not know the option
  const ask = async (): Promise<readonly object[]> => {
    const pending = sql.unsafe(query, [], PREPARED);
    return asArrays ? pending.values() : pending;
  };
  return {
    name,
    check: async () => cells((await ask()).map((row) => Object.values(row) as unknown[])),
    run: async (count) => {
      for (let left = count / recording.rows; left > 0; left -= IN_FLIGHT) {
        await Promise.all(Array.from({ length: Math.min(left, IN_FLIGHT) }, ask));
      }
    },
    close: () => sql.end(),
  };
}
