import { inspect } from 'node:util';
import cliProgress from 'cli-progress';
import Table from 'cli-table3';

export function section(title: string): void {
  console.log(`\n— ${title}`);
}

export function table(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const lines = new Table({ head: [...head], style: { head: [], border: [] } });
  for (const row of rows) lines.push(row.map(show));
  return lines.toString();
}

function show(value: unknown): string {
  if (value === null) return 'NULL';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' || typeof value === 'bigint' ? String(value) : inspect(value);
}

/** A bar on a terminal; where the output is a file or a pipe, a line now and then. It redraws until it is disposed of. */
export function progressBar(total: number): Disposable & { update(done: number): void } {
  const bar = new cliProgress.SingleBar(
    {
      format: '{bar} {percentage}% {value}/{total} rows',
      stream: process.stdout,
      noTTYOutput: true,
      notTTYSchedule: 2000,
    },
    cliProgress.Presets.shades_classic,
  );
  bar.start(total, 0);
  return {
    update: (done) => {
      bar.update(done);
    },
    [Symbol.dispose]: () => {
      bar.stop();
    },
  };
}
