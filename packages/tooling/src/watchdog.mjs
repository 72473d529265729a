// Ends a test run whose npm was killed. npm cannot stop what it started when it gets a SIGKILL itself, and turbo would
// go on for minutes. Started detached by `npm test` with npm's pid; remembers what npm's descendants are, and asks them
// to stop (SIGTERM) when it is gone. After an ordinary end nobody is left to ask.
//
// usage: watchdog.mjs <pid>
import { setTimeout as delay } from 'node:timers/promises';
import { isSame, processTable, SHELLS } from './process-table.mjs';

const INTERVAL_MS = 500;

const watched = Number(process.argv[2]);
let table = processTable();
const runner = table.get(watched);
const descendants = new Map();
for (;;) {
  // Children come after their parents in the table, but for a wrap of the pids: then the next round finds them.
  for (const [pid, entry] of table) {
    if (pid !== process.pid && (entry.parent === watched || descendants.has(entry.parent))) descendants.set(pid, entry);
  }
  if (!isSame(table, watched, runner)) break;
  await delay(INTERVAL_MS);
  table = processTable();
}
for (const [pid, entry] of descendants) {
  // Shells end with what they wait for, and some of them are guards that clean up afterwards.
  if (!isSame(table, pid, entry) || SHELLS.has(entry.name)) continue;
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    continue; // it ended meanwhile
  }
}
