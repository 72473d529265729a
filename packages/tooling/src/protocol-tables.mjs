// The states of the protocol machines as tables for docs/architecture.md, from the literal tables in their sources.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './bootstrap.mjs';
import { bundleSource } from './bundle.mjs';
import { markdownTable } from './markdown-table.mjs';

const source = join(root, 'packages/postgres-protocol/src');
const documentFile = join(root, 'docs/architecture.md');
const TABLES = /(<!-- protocol tables: .*-->\n)[\s\S]*?(<!-- \/protocol tables -->)/;

/** The text between the markers, as the sources have it. */
export async function protocolTables() {
  const frontend = await load('frontend-state.ts');
  const calls = await load('frontend-sends.ts');
  const backend = await load('backend-state.ts');
  const bytes = Object.entries(frontend.ENCRYPTION_ANSWERS).map(([state, { answers }]) => [
    state,
    listed(Object.entries(answers).map(([byte, { next }]) => [`byte ${byte}`, next])),
  ]);
  return [
    '### What a client may hear (`FrontendMachine`)',
    stateTable('message of the server → state', frontend.TRANSITIONS, new Map(bytes)),
    '### What a client may say',
    stateTable('call → state', byState(calls.SENDS)),
    requestTable(calls.REQUESTS),
    '### What a server may hear (`BackendMachine`)',
    stateTable('message of the client → state', backend.RECEIVES),
    '### What a server may say',
    stateTable('message of the server → state', backend.SENDS),
  ].join('\n\n');
}

/** What docs/architecture.md has between its markers. */
export function documentedTables() {
  return TABLES.exec(readFileSync(documentFile, 'utf8'))?.[0];
}

/** Puts the tables into docs/architecture.md. */
export async function writeTables() {
  const tables = await protocolTables();
  const text = readFileSync(documentFile, 'utf8');
  writeFileSync(
    documentFile,
    text.replace(TABLES, (_all, open, close) => `${open}\n${tables}\n\n${close}`),
  );
}

async function load(file) {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-tables-'));
  try {
    const outfile = join(dir, 'tables.mjs');
    await bundleSource(join(source, file), outfile);
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** States whose rows are the same share one. */
function stateTable(heading, rows, more = new Map()) {
  const states = new Map();
  for (const [state, row] of Object.entries(rows)) {
    const cells = [listed(Object.entries(row)), more.get(state) ?? ''].filter((text) => text !== '');
    const text = cells.join(', ') || 'nothing';
    states.set(text, [...(states.get(text) ?? []), `\`${state}\``]);
  }
  return markdownTable([['state', heading], ...[...states].map(([text, names]) => [names.join(' '), text])]);
}

function requestTable(requests) {
  const body = Object.entries(requests).map(([call, { expects, needsClosedGroup }]) => [
    `\`${call}\``,
    expects.map((state) => `\`${state}\``).join(' or ') || 'nothing',
    needsClosedGroup ? 'no' : 'yes',
  ]);
  return markdownTable([['request, at any time in a session', 'waits for', 'within a group'], ...body]);
}

function listed(entries) {
  return entries.map(([name, next]) => `${name} → \`${next}\``).join(', ');
}

/** From call by state to state by call. */
function byState(sends) {
  const rows = {};
  for (const [call, states] of Object.entries(sends)) {
    for (const [state, next] of Object.entries(states)) (rows[state] ??= {})[call] = next;
  }
  return rows;
}
