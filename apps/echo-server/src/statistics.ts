import { clearLine, cursorTo } from 'node:readline';
import type { Loop, LoopMetrics, Server } from '@millrace/loop-policy';

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1, notation: 'compact' });

/**
 * Writes a line to stderr once a second, over the last one where that is a terminal.
 *
 * @returns Ends it.
 */
export function showStatistics(loop: Loop, server: Server): () => void {
  let before = loop.metrics();
  let beforeMs = loop.now();
  const timer = setInterval(() => {
    const now = loop.metrics();
    const nowMs = loop.now();
    write(statisticsLine(server.connectionCount, before, now, (nowMs - beforeMs) / 1000));
    [before, beforeMs] = [now, nowMs];
  }, 1000);
  timer.unref();
  return () => {
    clearInterval(timer);
    if (process.stderr.isTTY) process.stderr.write('\n');
  };
}

/** What happened between two looks, `seconds` apart. */
export function statisticsLine(connections: number, before: LoopMetrics, now: LoopMetrics, seconds: number): string {
  const perSecond = (count: number): string => number.format(count / seconds);
  const flushes = now.flushes - before.flushes;
  return [
    `${connections} connections (${now.totalConnections} since the start)`,
    `in ${perSecond(now.bytesRead - before.bytesRead)}B/s`,
    `out ${perSecond(now.bytesWritten - before.bytesWritten)}B/s`,
    `${perSecond(flushes)} writes/s of ${number.format((now.chunksWritten - before.chunksWritten) / Math.max(1, flushes))} chunks`,
    `lag ${number.format(now.lagMs?.mean ?? 0)} ms (at most ${number.format(now.lagMs?.max ?? 0)})`,
    `${now.uncaughtErrors} errors`,
  ].join(' | ');
}

function write(line: string): void {
  if (!process.stderr.isTTY) {
    process.stderr.write(`${line}\n`);
    return;
  }
  cursorTo(process.stderr, 0);
  process.stderr.write(line.slice(0, process.stderr.columns));
  clearLine(process.stderr, 1);
}
