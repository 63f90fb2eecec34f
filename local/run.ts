import { showText } from '#shared/domain/text.ts';
import { choice, count, flag, optionalCount, readArguments, UsageError } from './arguments.ts';
import { RunFailed } from './figures.ts';
import { type MainRun, mainRun, sraRun } from './main-run.ts';
import { createFleet, MAX_EDGE_CASES } from './simulators/password-safe/fleet.ts';
import { createFleet as createSraFleet } from './simulators/sra/fleet.ts';
import { LOCAL_STORES } from './stores.ts';
import { summarise } from './summary.ts';

/** `npm start`: two scheduled runs of the whole product on this machine, and their figures. */

const MAX_ACCOUNTS = 100_000;
const DEFAULT_ACCOUNTS = 40;

const readOptions = (argv: readonly string[]) => {
  const {
    changed,
    accounts: given,
    ...options
  } = readArguments(argv, {
    accounts: optionalCount({ min: 1, max: MAX_ACCOUNTS }),
    changed: optionalCount({ max: MAX_ACCOUNTS }),
    latency: count(0, { max: 60_000 }),
    seed: count(1, { max: 2 ** 31 }),
    provision: count(0, { max: 5000 }),
    tickets: count(0, { max: 1000 }),
    rotate: count(0, { max: 5000 }),
    stores: count(1, { min: 1, max: LOCAL_STORES.length }),
    vault: choice(['password-safe', 'sra']),
    directory: flag,
    json: flag,
    'no-quotas': flag,
  });
  const accounts = given ?? Math.max(DEFAULT_ACCOUNTS, options.rotate + MAX_EDGE_CASES + 2);
  const fleet =
    options.vault === 'sra' ? createSraFleet({ ...options, accounts }) : createFleet({ ...options, accounts });
  const plain = fleet.filter(({ kind }) => kind === 'plain').length;
  for (const name of ['provision', 'tickets', 'rotate'] as const)
    if (options.vault === 'sra' && options[name] > 0) throw new UsageError(`--${name} needs --vault password-safe`);
  if (options.vault === 'sra' && options.directory) throw new UsageError('--directory needs --vault password-safe');
  for (const [name, wanted] of [
    ['changed', changed],
    ['rotate', options.rotate],
  ] as const)
    if (wanted !== undefined && wanted > plain)
      throw new UsageError(`--${name} must be at most ${plain}, the number of plain accounts among ${accounts}`);
  return { ...options, accounts, changed: changed ?? Math.min(3, plain) };
};

/** Output of `--json`. */
const toJson = ({
  runs,
  openRequests,
  openSessions,
  canaryHits,
  provisioning,
  tickets,
  rotations,
  directory,
  pages,
}: MainRun) => ({
  runs: runs.map(({ report: _, ...figures }) => figures),
  openRequests,
  openSessions,
  canaryHits,
  ...(provisioning && { provisioning }),
  ...(tickets && { tickets }),
  ...(rotations && { rotations }),
  ...(directory && { directory }),
  pages,
});

const main = async (): Promise<void> => {
  const {
    accounts,
    changed,
    latency: latencyMs,
    seed,
    provision,
    tickets,
    rotate: rotates,
    stores,
    vault,
    directory,
    json,
    'no-quotas': isUnlimited,
  } = readOptions(process.argv.slice(2));
  const printed: string[] = [];
  const print = (text: string, stream: NodeJS.WriteStream = process.stdout) => {
    printed.push(text);
    stream.write(`${text}\n`);
  };
  const result = await (vault === 'sra' ? sraRun : mainRun)({
    accounts,
    changed,
    latencyMs,
    seed,
    provision,
    tickets,
    rotates,
    directory,
    stores: LOCAL_STORES.slice(0, stores),
    ...(!isUnlimited && { quotas: 'documented' }),
    onProgress: (line) => print(line, json ? process.stderr : process.stdout),
    printed: () => ({ where: 'the printed output', content: Buffer.from(printed.join('\n')) }),
  });
  print(json ? JSON.stringify(toJson(result)) : summarise(result));
  if (result.broken.length === 0) return;
  if (json) for (const sentence of result.broken) console.error(`Broken: ${showText(sentence)}`);
  process.exitCode = 1;
};

try {
  await main();
} catch (thrown) {
  // An error that a person can fix is printed in one line. Any other error is a defect and keeps its stack trace.
  if (!(thrown instanceof UsageError || thrown instanceof RunFailed)) throw thrown;
  console.error(thrown.message);
  process.exitCode = 1;
}
