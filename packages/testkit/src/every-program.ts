/** Options of {@link everyProgram}. */
export interface EveryProgramOptions {
  /** The most steps that a program may have in all its tasks together, 1 or more. */
  readonly operations: number;
  /** The most tasks that a program may have, 1 or more. */
  readonly tasks: number;
}

/**
 * Yields every program that can be written with the steps in `alphabet`: the `tasks` of each, small programs first.
 *
 * Programs that differ in the order of their tasks only are yielded once, with the longest task first.
 *
 * @typeParam T - A step, usually.
 * @param alphabet - What a step can be, with at least one entry.
 * @param options - The size of the programs.
 * @returns The programs, each a list of tasks, none of which is empty; made one at a time.
 * @throws {RangeError} If `alphabet` is empty or an option is not an integer of at least 1; at the call.
 * @remarks Cost: k letters make k^n programs of n steps for each way to deal n steps out to the tasks.
 */
export function everyProgram<T>(
  alphabet: readonly T[],
  options: EveryProgramOptions,
): Generator<T[][], void, undefined> {
  const { operations, tasks } = options;
  if (alphabet.length === 0) throw new RangeError('expected an alphabet with at least one step, saw an empty one');
  for (const [name, count] of Object.entries({ operations, tasks })) {
    if (Number.isSafeInteger(count) && count >= 1) continue;
    throw new RangeError(`expected ${name} to be an integer of at least 1, saw ${count}`);
  }
  return programs(alphabet, operations, tasks);
}

function* programs<T>(alphabet: readonly T[], operations: number, tasks: number): Generator<T[][], void, undefined> {
  for (let steps = 1; steps <= operations; steps++) {
    for (const lengths of partitions(steps, tasks, steps)) yield* fill(alphabet, lengths, 0, []);
  }
}

/** Every way to write `sum` as at most `parts` numbers, none above `largest`, in falling order. */
function* partitions(sum: number, parts: number, largest: number): Generator<number[], void, undefined> {
  if (sum === 0) yield [];
  if (parts === 0) return;
  for (let first = Math.min(sum, largest); first >= 1; first--) {
    for (const rest of partitions(sum - first, parts - 1, first)) yield [first, ...rest];
  }
}

/** Every way to write tasks of the `lengths`. Tasks are numbers in base k; those of one length do not fall. */
function* fill<T>(
  alphabet: readonly T[],
  lengths: readonly number[],
  least: number,
  done: readonly T[][],
): Generator<T[][], void, undefined> {
  const length = lengths[done.length];
  if (length === undefined) {
    yield done.slice();
    return;
  }
  const count = alphabet.length ** length;
  for (let number = least; number < count; number++) {
    const nextLeast = lengths[done.length + 1] === length ? number : 0;
    yield* fill(alphabet, lengths, nextLeast, [...done, digits(alphabet, number, length)]);
  }
}

function digits<T>(alphabet: readonly T[], number: number, length: number): T[] {
  const base = alphabet.length;
  const letters: T[] = [];
  // Most significant first, so that programs come in the order of the alphabet.
  for (let weight = base ** (length - 1); letters.length < length; weight /= base) {
    const letter = Math.floor(number / weight) % base;
    letters.push(...alphabet.slice(letter, letter + 1));
  }
  return letters;
}
