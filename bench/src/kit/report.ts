import Table from 'cli-table3';
import { cells, columns, verdictLine } from './format.js';
import type { Result } from './result.js';

/** A table for the terminal, with the targets below. */
export function report(result: Result): string {
  const heads = columns(result.rows);
  const table = new Table({
    head: [`per ${result.operation}`, ...heads],
    colAligns: ['left', ...heads.map((_, i) => (i === heads.length - 1 ? ('left' as const) : ('right' as const)))],
    style: { head: [], border: [], compact: true },
  });
  table.push(...result.rows.map(cells));
  return [headline(result), table.toString(), ...result.targets.map(verdictLine)].join('\n');
}

/** The same as a section of a Markdown document. */
export function markdown(result: Result): string {
  const row = (texts: readonly string[]): string =>
    `| ${texts.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
  const heads = columns(result.rows);
  const head = [`per ${result.operation}`, ...heads];
  return [
    `### ${headline(result)}`,
    '',
    row(head),
    row(['---', ...heads.map((_, i) => (i === heads.length - 1 ? '---' : '---:'))]),
    ...result.rows.map((r) => row(cells(r))),
    '',
    ...result.targets.map((verdict) => `- ${verdictLine(verdict)}`),
    ...(result.targets.length > 0 ? [''] : []),
  ].join('\n');
}

/** All targets that were missed, or a line that says that there are none. */
export function missed(results: readonly Result[]): string {
  const verdicts = results.flatMap(({ name, targets }) => targets.map((target) => ({ name, target })));
  const lines = verdicts.filter(({ target }) => !target.isMet).map((v) => `${v.name}: ${verdictLine(v.target)}`);
  return [`${verdicts.length - lines.length} of ${verdicts.length} targets met`, ...lines].join('\n');
}

function headline({ name, title, rounds, count }: Result): string {
  return `${name}: ${title}; ${rounds} interleaved rounds of ${count.toLocaleString('en')}`;
}
