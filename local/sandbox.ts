import { once } from 'node:events';
import { count, flag, readArguments, UsageError } from './arguments.ts';
import { intervalOf } from './aws/rate.ts';
import { addExampleRules } from './example-rules.ts';
import { requirePorts } from './ports.ts';
import { addPraRules, preparePraSite, startPraSite } from './pra-site.ts';
import { sandboxContents } from './sandbox-contents.ts';
import { addresses, type Beside, describeSandbox } from './sandbox-page.ts';
import { prepareSecretSafe, startSecretSafeServer } from './secretsafe-server.ts';
import { LOCAL_STORES } from './stores.ts';
import { startWorld, type World } from './world.ts';

/** `npm run sandbox`: the whole product with active schedules, until it is interrupted. */

/** Fires every schedule with a `rate(…)` at that rate, in real time. */
const keepSchedules = ({ aws, clock }: World): (() => void) => {
  const timers = aws.scheduler.schedules.flatMap(({ name, expression }) => {
    const interval = intervalOf(expression);
    const fire = () => {
      aws.scheduler.fire(name, clock.now()).catch((thrown) => console.error(`Schedule ${name}: ${thrown}`));
    };
    return interval === undefined ? [] : [setInterval(fire, interval)];
  });
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
};

interface Arguments {
  readonly accounts: number;
  readonly seed: number;
  readonly port: number;
  readonly stores: number;
  readonly json: boolean;
}

/** Runs the product around a Password Safe, beside these, until it is interrupted. */
const runBeside = async (beside: Beside, { accounts, seed, port, stores, json }: Arguments): Promise<void> => {
  const world = await startWorld({
    accounts,
    seed,
    ...sandboxContents({ accounts, seed }),
    quotas: 'documented',
    stores: LOCAL_STORES.slice(0, stores),
    configure(config) {
      addExampleRules(config);
      addPraRules(config, beside.pra);
    },
    takesTickets: true,
    rotates: 'example',
    ...(port !== 0 && { port }),
    onProgress: (line) => console.error(line),
  });
  preparePraSite(world, beside.pra);
  prepareSecretSafe(world, beside.secretSafe);
  const stopSchedules = keepSchedules(world);
  console.log(json ? JSON.stringify(addresses(world, beside)) : describeSandbox(world, beside));
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  stopSchedules();
  await world.close();
};

const main = async (): Promise<void> => {
  const given = readArguments(process.argv.slice(2), {
    accounts: count(40, { min: 1, max: 100_000 }),
    seed: count(1, { max: 2 ** 31 }),
    port: count(0, { max: 65_531 }),
    stores: count(1, { min: 1, max: LOCAL_STORES.length }),
    json: flag,
  });
  const { accounts, seed, port } = given;
  if (port !== 0) await requirePorts(port);
  const pra = await startPraSite({ accounts, seed, port: port === 0 ? 0 : port + 3 });
  console.error(`PRA simulator: ${accounts} accounts at ${pra.url}`);
  const secretSafe = await startSecretSafeServer({ members: accounts, seed, port: port === 0 ? 0 : port + 4 });
  console.error(`SecretSafe simulator: ${accounts} members at ${secretSafe.url}`);
  try {
    await runBeside({ pra, secretSafe }, given);
  } finally {
    await Promise.all([pra.close(), secretSafe.close()]);
  }
};

try {
  await main();
} catch (thrown) {
  // An error that a person can fix is printed in one line. Any other error is a defect and keeps its stack trace.
  if (!(thrown instanceof UsageError)) throw thrown;
  console.error(thrown.message);
  process.exitCode = 1;
}
