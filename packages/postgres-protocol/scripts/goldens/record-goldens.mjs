// Plays the scenarios against a real server and notes what went over the wire.
//
// A scenario is `{ name, begins = 'session', majors = both, run }`. `run` gets a connection; what makes another open
// session, which is not noted; and what makes another connection, whose messages are noted.
import { parametersOf, STARTUPS, V3_0 } from './scenarios-startup.mjs';
import { COPIES } from './scenarios-copy.mjs';
import { ENDINGS } from './scenarios-endings.mjs';
import { EXTENDED_QUERIES, FUNCTION_CALLS, SIMPLE_QUERIES } from './scenarios-queries.mjs';
import { MAJORS } from './servers.mjs';
import { WireSession } from './wire-session.mjs';

const SCENARIOS = [...STARTUPS, ...SIMPLE_QUERIES, ...EXTENDED_QUERIES, ...FUNCTION_CALLS, ...COPIES, ...ENDINGS];

/**
 * @param {number} major version of the server
 * @returns {Promise<{ name: string, major: number, begins: string, messages: object[] }[]>}
 */
export async function recordGoldens(major, port, encoders) {
  const goldens = [];
  for (const { name, begins = 'session', majors = MAJORS, run } of SCENARIOS) {
    if (!majors.includes(major)) continue;
    try {
      goldens.push({ name, major, begins, messages: await record(begins, run, port, encoders) });
    } catch (cause) {
      throw new Error(`"${name}" failed with PostgreSQL ${major}`, { cause });
    }
  }
  return goldens;
}

async function record(begins, run, port, encoders) {
  const messages = [];
  let connections = 0;
  const connect = () => {
    const connection = ++connections;
    return new WireSession(port, encoders, (from, bytes) => messages.push({ connection, from, bytes }));
  };
  const open = () => openSession(new WireSession(port, encoders));
  const session = connect();
  if (begins === 'session') {
    await openSession(session);
    messages.length = 0;
  }
  await run(session, open, connect);
  const recorded = [...messages]; // a session that is still open has its Terminate in a golden of its own
  if (begins === 'session') await session.leave();
  return recorded;
}

async function openSession(session) {
  session.send(['StartupMessage', V3_0, parametersOf('postgres')]);
  await session.until('Z');
  return session;
}
