// A schedule is written as its steps, separated by dots: `a1.b1~.t~`. `a1` is the first step of the first task, `t` a
// tick of the clock. A `~` behind it says that all microtasks ran before what follows; a `'` that one round of them did.

/** All microtasks ran. */
export const DRAIN = '~';
/** The next step followed at once. */
export const AT_ONCE = '';
/** One round of microtasks ran; repeated for more. */
export const ROUND = "'";
/** The clock went on to its next timer. */
export const TICK = 't';
/** Nothing more was done, although a timer was pending. Not written. */
export const END = '';

/** A schedule was to be replayed on a program that does not have it. */
export class MisfitError extends RangeError {}

/** Makes the decisions of one execution. */
export interface Chooser {
  /** Whether everything decided from here on is new to the search. */
  readonly isNew: boolean;
  /** Picks what happens next; -1 stops. */
  step(options: readonly string[]): number;
  /** Picks what the microtasks do now. */
  mark(options: readonly string[]): number;
}

/** Goes through all decisions, depth first: each execution repeats a part of the last and then takes another way. */
export class SearchChooser implements Chooser {
  private readonly _chosen: number[] = [];
  private readonly _counts: number[] = [];
  private _depth = 0;
  private _repeated = 0;

  get isNew(): boolean {
    return this._depth >= this._repeated;
  }

  step(options: readonly string[]): number {
    return this._choose(options.length);
  }

  mark(options: readonly string[]): number {
    return this._choose(options.length);
  }

  /** Prepares the next execution. False: there is none. */
  next(): boolean {
    const chosen = this._chosen;
    const counts = this._counts;
    for (let i = chosen.length - 1; i >= 0; i--) {
      const another = (chosen[i] ?? 0) + 1;
      if (another < (counts[i] ?? 0)) {
        chosen[i] = another;
        this._depth = 0;
        this._repeated = i + 1;
        return true;
      }
      chosen.pop();
      counts.pop();
    }
    return false;
  }

  private _choose(count: number): number {
    if (count <= 1) return 0;
    const depth = this._depth++;
    const repeated = this._chosen[depth];
    if (repeated !== undefined) return repeated;
    this._chosen.push(0);
    this._counts.push(count);
    return 0;
  }
}

/** Makes the decisions that a schedule states. */
export class ReplayChooser implements Chooser {
  readonly isNew = true;
  private readonly _entries: { readonly token: string; readonly mark: string }[];
  private _at = 0;

  /** @throws {SyntaxError} If `schedule` is not one. */
  constructor(schedule: string) {
    this._entries = schedule === '' ? [] : schedule.split('.').map(parseEntry);
  }

  step(options: readonly string[]): number {
    const entry = this._entries[this._at++];
    if (entry === undefined) return -1;
    const place = options.indexOf(entry.token);
    if (place >= 0) return place;
    const expected = options.filter((option) => option !== END).join(' or ') || 'the end';
    throw new MisfitError(`the schedule does not fit the program: expected ${expected}, saw '${entry.token}'`);
  }

  mark(options: readonly string[]): number {
    const mark = this._entries[this._at - 1]?.mark ?? DRAIN;
    // Where nothing else can go on, microtasks run whether or not the schedule says so.
    if (options.length === 1 || this._at >= this._entries.length) return options.indexOf(DRAIN);
    const place = options.indexOf(mark);
    if (place < 0) throw new MisfitError(`the schedule needs the option rounds: ${mark.length} or more`);
    return place;
  }
}

function parseEntry(text: string): { token: string; mark: string } {
  const parts = /^([a-z][1-9]\d*|t)(~|'*)$/.exec(text);
  if (parts === null) throw new SyntaxError(`expected a schedule such as a1.b1~.t, saw '${text}' in it`);
  return { token: parts[1] ?? '', mark: parts[2] ?? '' };
}

/** How a schedule calls a step; both counts from 0. */
export function stepToken(task: number, step: number): string {
  return `${String.fromCharCode(97 + task)}${step + 1}`;
}
