import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface Options {
  /** Part of a benchmark's name. */
  readonly only: string;
  /** Undefined: each benchmark decides. */
  readonly rounds: number | undefined;
  /** Undefined: each target decides; `cpu`, on a busy machine, compares CPU time everywhere. */
  readonly by: 'time' | 'cpu' | undefined;
  readonly list: boolean;
  /** Also what takes long. */
  readonly full: boolean;
  readonly json: string | undefined;
  readonly markdown: string | undefined;
}

/**
 * Reads the arguments after the script's name.
 *
 * @throws {TypeError | RangeError} For an unknown option or a value out of range.
 */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== '--'), // package managers hand their own separator on
    options: {
      only: { type: 'string', default: '' },
      rounds: { type: 'string' },
      by: { type: 'string' },
      list: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      json: { type: 'string' },
      markdown: { type: 'string' },
    },
  });
  const { only, list, full, json, markdown } = values;
  return {
    only,
    list,
    full,
    json,
    markdown,
    rounds: values.rounds === undefined ? undefined : wholeNumber(values.rounds),
    by: values.by === undefined ? undefined : timeOrCpu(values.by),
  };
}

function wholeNumber(text: string): number {
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError(`expected --rounds to be 1 or more, got ${text}`);
  return rounds;
}

function timeOrCpu(text: string): 'time' | 'cpu' {
  if (text !== 'time' && text !== 'cpu') throw new RangeError(`expected --by to be time or cpu, got ${text}`);
  return text;
}
