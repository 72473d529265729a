import { execFileSync } from 'node:child_process';

/** The cores that this process may use, or none where `taskset` is missing. */
function ownCores(): readonly string[] {
  try {
    const list = execFileSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' });
    return (list.split(': ')[1] ?? '')
      .trim()
      .split(',')
      .flatMap((range) => {
        const [first = NaN, last = first] = range.split('-').map(Number);
        return Array.from({ length: last - first + 1 }, (_, i) => String(first + i));
      });
  } catch {
    return [];
  }
}

const cores = ownCores();

/** Whether the measured process and its load have a core each. */
export const arePinned = cores.length > 1;

/** The command that runs `command` on the core of what is measured, or on the one of its load. */
export function pinned(role: 'measured' | 'load', command: readonly string[]): readonly string[] {
  return arePinned ? ['taskset', '-c', coreOf(role), ...command] : command;
}

/** Moves the running process, all its threads, to a core. */
export function pinOwnProcess(role: 'measured' | 'load'): void {
  if (arePinned) execFileSync('taskset', ['-acp', coreOf(role), String(process.pid)]);
}

function coreOf(role: 'measured' | 'load'): string {
  return (role === 'measured' ? cores[0] : cores.at(-1)) ?? '0';
}
