import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const main = join(import.meta.dirname, '../dist/main.js');

async function demo(
  env: Readonly<Record<string, string | undefined>>,
  interruptAt?: string,
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [main], { env: { ...process.env, ...env } });
  let output = '';
  let interrupted = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (interruptAt === undefined || interrupted || !output.includes(interruptAt)) return;
      interrupted = true; // a second signal would end the process the hard way
      child.kill('SIGINT');
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

describe('pg-demo', () => {
  test('shows the server, the rows, the error and the timeout, and exits with 0', async () => {
    const { code, output } = await demo({});
    expect(output).toMatch(/PostgreSQL \d+/);
    expect(output).toMatch(/rows\/s in/);
    expect(output).toMatch(/sensor-3 +│/);
    expect(output).toMatch(/rows\/s, [\d.]+ MB\/s: 100,000 rows/);
    expect(output).toMatch(/SQLSTATE 42703/);
    expect(output).toMatch(/select id, sensr\n +\^/);
    expect(output).toMatch(/the same connection answers 42/);
    expect(code).toBe(0);
  });

  test('stops with 130 on Ctrl-C', async () => {
    const { code, output } = await demo({}, 'Loading');
    expect(output).toMatch(/stopped by SIGINT/);
    expect(code).toBe(130);
  });

  test('says in one line that a server cannot be reached', async () => {
    const { code, output } = await demo({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/x' });
    expect(output).toMatch(/^[^\n]*127\.0\.0\.1:1[^\n]*\n$/);
    expect(code).toBe(1);
  });

  test('says what it needs when there is no server to talk to', async () => {
    const { code, output } = await demo({ DATABASE_URL: '' });
    expect(output).toMatch(/needs DATABASE_URL/);
    expect(code).toBe(2);
  });
});
