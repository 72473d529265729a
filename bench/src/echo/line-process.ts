import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A process that answers each line with a line, the first one unasked. */
export class LineProcess {
  readonly command: string;
  private readonly _child: ChildProcess;
  private readonly _lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, command: string, lines: AsyncIterable<string>) {
    this._child = child;
    this.command = command;
    this._lines = lines[Symbol.asyncIterator]();
  }

  /**
   * Starts a program; what it writes to stderr is shown.
   *
   * @throws {Error} If there is no such program.
   */
  static async start(command: readonly string[], env?: NodeJS.ProcessEnv): Promise<LineProcess> {
    const [program = '', ...args] = command;
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
    const lines = createInterface({ input: child.stdout });
    await once(child, 'spawn');
    child.stdin.on('error', () => undefined); // the end of stdout says it, too
    return new LineProcess(child, command.join(' '), lines);
  }

  get pid(): number {
    return this._child.pid ?? 0;
  }

  /**
   * The next line.
   *
   * @throws {Error} If it says `failed`, or the process ended.
   */
  async next(): Promise<string> {
    const next = await this._lines.next();
    if (next.done === true) throw new Error(`the process ended without an answer: ${this.command}`);
    const { value } = next;
    if (value.startsWith('failed ')) throw new Error(`${this.command}: ${value.slice('failed '.length)}`);
    return value;
  }

  async ask(line: string): Promise<string> {
    this._child.stdin?.write(`${line}\n`);
    return this.next();
  }

  /** Ends the process, which everybody of ours does with its stdin, by force where that does not help. */
  async close(): Promise<void> {
    if (this._child.exitCode !== null || this._child.signalCode !== null) return;
    const exited = once(this._child, 'exit');
    this._child.stdin?.end();
    const timer = setTimeout(() => this._child.kill('SIGKILL'), 2000);
    await exited;
    clearTimeout(timer);
  }
}
