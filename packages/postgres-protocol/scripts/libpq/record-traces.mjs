// Makes libpq talk to real servers, and brings together what went over the wire and what PQtrace printed of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordingProxy } from './recording-proxy.mjs';
import { SESSIONS } from './sessions.mjs';

const LIMIT_MS = 30_000;
const DEFAULT_FLAGS = 1; // PQTRACE_SUPPRESS_TIMESTAMPS

/**
 * @param {string} deno path of Deno
 * @param {string} library path of libpq
 * @param {Record<number, { port: number }>} servers by major version
 * @returns {Promise<object[]>} `{ name, major, begins, flags, messages, lines }`, with the lines that libpq printed
 */
export async function recordTraces(deno, library, servers) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-traces-'));
  try {
    const traces = [];
    for (const name of Object.keys(SESSIONS)) {
      traces.push(await recordTrace({ deno, library, servers, name, file: join(folder, 'trace') }));
    }
    return traces;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function recordTrace({ deno, library, servers, name, file }) {
  const { begins = 'session', flags = DEFAULT_FLAGS, ...session } = SESSIONS[name];
  const { major = 18, user = 'postgres', conninfo = '' } = session;
  const proxy = await RecordingProxy.start(servers[major].port);
  const settings =
    `host=127.0.0.1 port=${proxy.port} user=${user} dbname=postgres password=secret passfile=/dev/null ` +
    `sslmode=disable gssencmode=disable application_name=traced client_encoding=UTF8 ${conninfo}`;
  const args = ['run', '--allow-all', '--no-lock', join(import.meta.dirname, 'session.mjs')];
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, LC_ALL: 'C', TZ: 'UTC', DENO_NO_UPDATE_CHECK: '1' };
  const child = spawn(deno, [...args, library, settings, file, String(flags), begins, name], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: LIMIT_MS,
  });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`libpq's session "${name}" ended with ${code}: ${errors}`);
  await proxy.stop();
  const messages = begins === 'startup' ? proxy.messages : afterStartup(proxy.messages);
  return { name, major, begins, flags, messages, lines: readFileSync(file, 'utf8').split('\n').slice(0, -1) };
}

/** What follows the first ReadyForQuery: libpq was told to print when it had connected. */
function afterStartup(messages) {
  const isReady = ({ from, bytes }) => from === 'B' && bytes[0] === 'Z'.charCodeAt(0);
  return messages.slice(messages.findIndex(isReady) + 1);
}
