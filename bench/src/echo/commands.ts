/**
 * What a process does besides its work: it says that it is ready, answers `cpu` with microseconds, runs what it is asked to
 * by `run <count>`, and ends with its stdin.
 */
export function answerCommands(greeting: string, run?: (count: number) => Promise<void>): void {
  process.stdin.on('data', (line: Buffer) => {
    const [command, count] = line.toString().trim().split(' ');
    if (command === 'cpu') say(`cpu ${process.cpuUsage().user} ${process.cpuUsage().system}`);
    else if (command === 'run' && run !== undefined) void answerRun(run, Number(count));
    else say(`failed expected cpu or run, got ${JSON.stringify(command)}`);
  });
  process.stdin.on('end', () => process.exit());
  say(greeting);
}

async function answerRun(run: (count: number) => Promise<void>, count: number): Promise<void> {
  try {
    await run(count);
    say(`done ${count}`);
  } catch (error) {
    say(`failed ${error instanceof Error ? error.message : String(error)}`);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
