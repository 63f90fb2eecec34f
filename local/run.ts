import { showText } from '#shared/domain/text.ts';
import { count, flag, optionalCount, readArguments, UsageError } from './arguments.ts';
import { RunFailed } from './figures.ts';
import { type MainRun, mainRun } from './main-run.ts';
import { createFleet } from './simulators/password-safe/fleet.ts';
import { summarise } from './summary.ts';

/** `npm start`: the whole product on this machine, two scheduled runs, and what came of them. */

const MOST_ACCOUNTS = 100_000;

const readOptions = (argv: readonly string[]) => {
  const { changed, ...options } = readArguments(argv, {
    accounts: count(40, { min: 1, max: MOST_ACCOUNTS }),
    changed: optionalCount({ max: MOST_ACCOUNTS }),
    latency: count(0, { max: 60_000 }),
    seed: count(1, { max: 2 ** 31 }),
    json: flag,
  });
  const plain = createFleet(options).filter(({ kind }) => kind === 'plain').length;
  if (changed === undefined) return { ...options, changed: Math.min(3, plain) };
  if (changed <= plain) return { ...options, changed };
  throw new UsageError(`--changed is at most ${plain}, the number of plain accounts among ${options.accounts}`);
};

/** The object that `--json` promises. */
const toJson = ({ runs, openRequests, openSessions, canaryHits }: MainRun) => ({
  runs: runs.map(({ report: _, ...figures }) => figures),
  openRequests,
  openSessions,
  canaryHits,
});

const main = async (): Promise<void> => {
  const { accounts, changed, latency: latencyMs, seed, json } = readOptions(process.argv.slice(2));
  const printed: string[] = [];
  const print = (text: string, stream: NodeJS.WriteStream = process.stdout) => {
    printed.push(text);
    stream.write(`${text}\n`);
  };
  const result = await mainRun({
    accounts,
    changed,
    latencyMs,
    seed,
    onProgress: (line) => print(line, json ? process.stderr : process.stdout),
    printed: () => ({ where: 'what was printed', content: Buffer.from(printed.join('\n')) }),
  });
  print(json ? JSON.stringify(toJson(result)) : summarise(result));
  if (result.broken.length === 0) return;
  if (json) for (const sentence of result.broken) console.error(`Broken: ${showText(sentence)}`);
  process.exitCode = 1;
};

try {
  await main();
} catch (thrown) {
  // What somebody can mend is said in one line; anything else is a defect and keeps its stack.
  if (!(thrown instanceof UsageError || thrown instanceof RunFailed)) throw thrown;
  console.error(thrown.message);
  process.exitCode = 1;
}
