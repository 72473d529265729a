import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

export const SHELLS = new Set(['sh', 'dash', 'bash', 'ash', 'zsh', 'busybox']);

/**
 * All processes of this machine.
 *
 * @returns {Map<number, { parent: number, name: string, started: string }>} by pid; `started` tells a pid's user from
 * its next one
 */
export function processTable() {
  return process.platform === 'linux' ? fromProc() : fromPs();
}

function fromProc() {
  const table = new Map();
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  for (const pid of pids.sort((a, b) => a - b)) {
    try {
      // The name, in parentheses, may hold anything; what follows are numbers. proc(5): ppid is field 4, starttime 22.
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const close = stat.lastIndexOf(')');
      const fields = stat.slice(close + 2).split(' ');
      table.set(Number(pid), {
        parent: Number(fields[1]),
        name: stat.slice(stat.indexOf('(') + 1, close),
        started: fields[19],
      });
    } catch {
      continue; // it ended meanwhile
    }
  }
  return table;
}

function fromPs() {
  const table = new Map();
  const lines = execFileSync('ps', ['-e', '-o', 'pid=,ppid=,lstart=,comm='], { encoding: 'utf8' }).split('\n');
  for (const line of lines) {
    const [, pid, parent, started, path] = /^\s*(\d+)\s+(\d+)\s+(\S+ +\S+ +\S+ +\S+ +\S+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined) continue;
    table.set(Number(pid), { parent: Number(parent), name: path.slice(path.lastIndexOf('/') + 1), started });
  }
  return table;
}

/** Who runs this script: our parent, or its parent where npm put a shell between. */
export function scriptRunner() {
  const parent = processTable().get(process.ppid);
  const isNpmsShell = process.env.npm_lifecycle_event !== undefined && parent !== undefined && SHELLS.has(parent.name);
  return isNpmsShell ? parent.parent : process.ppid;
}

/** Whether `pid` still is the process that it was in `entry`. */
export const isSame = (table, pid, entry) => entry !== undefined && table.get(pid)?.started === entry.started;
