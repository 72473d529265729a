import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, run } from './bootstrap.mjs';
import { isSame, processTable, scriptRunner } from './process-table.mjs';

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
const GRACE_MS = 5000;

/**
 * Runs the steps of `npm start` one after the other and sees to it that nothing outlives it: on a signal, or when the
 * parent process is gone, the running child is told to stop, and everything that was `defer`red is undone.
 */
export class Supervisor {
  #children = new Set();
  #cleanups = [];
  #stopCode = 0;

  constructor() {
    for (const [signal, code] of Object.entries(SIGNALS)) process.on(signal, () => this.#stop(signal, code));
    if (process.platform === 'win32') return;
    const pid = scriptRunner();
    const runner = processTable().get(pid);
    setInterval(() => {
      if (!isSame(processTable(), pid, runner)) this.#stop('SIGTERM', SIGNALS.SIGTERM);
    }, 500).unref();
  }

  get stopped() {
    return this.#stopCode !== 0;
  }

  /** @param {() => Promise<unknown> | unknown} cleanup runs at the end, last one first */
  defer(cleanup) {
    this.#cleanups.push(cleanup);
  }

  /** Runs a command; throws if it fails, or if we were told to stop. */
  async run(command, args, options = {}) {
    this.check();
    const code = await run(command, args, { ...options, onChild: (child) => this.#track(child, options) });
    this.check();
    if (code !== 0) throw new Error(`${options.name ?? command} exited with ${String(code)}`);
  }

  /** Runs a built program of the workspace as a child that ends when we end. */
  node(script, args = [], options = {}) {
    const preload = pathToFileURL(join(root, 'packages/tooling/src/exit-with-parent.mjs')).href;
    return this.run(process.execPath, ['--import', preload, join(root, script), ...args], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      name: script,
      ...options,
      shell: false,
    });
  }

  /** @throws {Error} once we were told to stop */
  check() {
    if (this.stopped) throw new Error('stopped');
  }

  /** Undoes everything; @returns the exit code */
  async finish(failed) {
    for (const child of this.#children) child.kill('SIGTERM');
    for (const cleanup of this.#cleanups.reverse()) await cleanup();
    return this.#stopCode || (failed ? 1 : 0);
  }

  #track(child, options) {
    this.#children.add(child);
    options.onSpawn?.(child);
    child.once('exit', () => this.#children.delete(child));
    if (this.stopped) child.kill('SIGTERM');
  }

  #stop(signal, code) {
    if (this.stopped) return;
    this.#stopCode = code;
    for (const child of this.#children) {
      child.kill(signal);
      setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref();
    }
  }
}
