import assert from 'node:assert/strict';
import * as z from 'zod';
import { addExampleRules, type ExampleName } from '#local/example-rules.ts';
import { ended, finish, machineArn } from '#local/executions.ts';
import { findLeftovers } from '#local/promises.ts';
import { DEFAULT_APPLICATION, type Role } from '#local/simulators/password-safe/users.ts';
import { startWorld, type World } from '#local/world.ts';
import type { CheckoutRequested, ProvisionRequested } from '#shared/messages/messages.ts';
import type { RotationRequested } from '#shared/messages/rotation-messages.ts';
import { rotateSteps } from '#shared/workflows/rotate.ts';
import { type Comparison, compare } from './comparison.ts';
import { DOCUMENTED_CASES } from './documented-cases.ts';

/** A message of an example. */
type Asked = CheckoutRequested | ProvisionRequested | RotationRequested;

/** The environment of an example: the relay and its vault on this machine. */
interface Stage {
  /** Sends a message to the relay's queue, like a ticket system. */
  send(message: Asked): Promise<void>;
  /** Returns the value of the delivered secret. @throws if there is no such secret. */
  delivered(secretName: string): Promise<string>;
  /**
   * Advances the clock past the window and waits for the end of the checkout.
   * @throws if the checkout did not complete.
   */
  windowOver(): Promise<void>;
  /** Returns the current password in the vault. */
  passwordOf(systemName: string, accountName: string): string;
  /** Waits for the end of the provisioning. @throws if it failed. */
  provisioned(): Promise<void>;
  /** Waits for the end of the rotation and of its deliveries. @throws if an account did not rotate. */
  rotated(): Promise<void>;
  /** Returns the value of a secret that a sync keeps up to date. @throws if there is no such secret. */
  stored(secretName: string): string;
  /** Accounts that the members of a group may request, as `system/account`. */
  requestableBy(group: string): readonly string[];
  /** Tries to open a session with a ticket. Returns true on success. */
  connect(ticket: string): boolean;
}

export interface Example {
  readonly name: ExampleName;
  /** Roles of the relay's user in the vault. Absent if the relay acts as the user that administers. */
  readonly roles?: readonly Role[];
  /** @throws if an expectation is not met. */
  readonly run: (stage: Stage) => Promise<void>;
}

/** Result of an example, from the vault and the store. */
export interface Performance extends Comparison {
  readonly example: Example;
  readonly message: Asked;
  /** Names of the delivered secrets. */
  readonly delivered: readonly string[];
  readonly openAfterwards: Readonly<Record<string, number>>;
}

const provisionedSchema = z.object({ status: z.string() });
const orderSchema = z.object({ checkout: z.string(), id: z.string() });

const SANDBOX = { accounts: 40, seed: 1 } as const;
const DAY_MS = 86_400_000;

/** Runs examples one after another in the world of `npm run sandbox`. */
export const perform = async (
  examples: readonly Example[],
  onProgress: (line: string) => void = () => {},
): Promise<{ readonly performances: readonly Performance[]; readonly broken: readonly string[] }> => {
  const world = await startWorld({
    ...SANDBOX,
    provisions: true,
    rotates: 'example',
    configure: addExampleRules,
    onProgress,
  });
  try {
    const performances: Performance[] = [];
    for (const example of examples) {
      onProgress(DOCUMENTED_CASES[example.name].title);
      performances.push(await performOne(world, example));
    }
    return { performances, broken: findLeftovers(world, await world.findLeaks()) };
  } finally {
    await world.close();
  }
};

const performOne = async (world: World, example: Example): Promise<Performance> => {
  const { vault, clock } = world;
  // A day later, when the token of the previous example has expired.
  clock.advance(DAY_MS);
  if (example.roles !== undefined) vault.changeUser(DEFAULT_APPLICATION.userName, { roles: example.roles });
  const from = vault.audit.length;
  const { stage, results } = createStage(world);
  const failure = await example.run(stage).then(
    () => [],
    (thrown: unknown) => [thrown instanceof Error ? thrown.message : String(thrown)],
  );
  const calls = vault.audit.slice(from);
  const documented = DOCUMENTED_CASES[example.name];
  const { rows, broken } = compare(
    documented.calls,
    calls.map(({ method, template }) => `${method} ${template}`),
    'reasons' in documented ? documented.reasons : {},
  );
  const openAfterwards = countOpen(world, results().delivered);
  return {
    example,
    ...results(),
    rows,
    openAfterwards,
    broken: [
      ...failure,
      ...broken,
      ...calls
        // A look-up that finds nothing is the beginning of a creation.
        .filter(({ method, status }) => status >= 400 && !(method === 'GET' && status === 404))
        .map(({ method, template, status }) => `${method} ${template} returned ${status}.`),
      ...Object.entries(openAfterwards)
        .filter(([, count]) => count > 0)
        .map(([what, count]) => `Still open: ${what}: ${count}.`),
    ],
  };
};

const createStage = (world: World) => {
  const { aws, vault } = world;
  const secrets: string[] = [];
  let message: Asked | undefined;
  const sent = (): Asked => {
    assert(message, 'The example has sent no message yet.');
    return message;
  };
  const execution = () => {
    const started = aws.stepFunctions.list(machineArn(world, 'checkout'));
    const asked = sent();
    assert(asked.type === 'checkout.requested', 'The message requests no checkout.');
    const { checkout, id } = asked;
    const found = started.find(({ input }) => {
      const order = orderSchema.parse(JSON.parse(input));
      return order.checkout === checkout && order.id === id;
    });
    assert(found, `The message has not started the checkout ${checkout}.${id}.`);
    return found;
  };
  const stage: Stage = {
    connect: vault.connect,
    passwordOf(systemName, accountName) {
      const account = vault.accounts().find((one) => one.systemName === systemName && one.accountName === accountName);
      assert(account, `The vault has no account ${accountName} on ${systemName}.`);
      return account.credential;
    },
    async send(asked) {
      message = asked;
      const queue = `${aws.template.stackName}-intake`;
      await aws.queues.send(queue, JSON.stringify(asked));
      await aws.eventSources.drained(queue);
    },
    async delivered(secretName) {
      await aws.stepFunctions.nextWake(execution().arn);
      const value = aws.secretsManager.currentValues()[secretName];
      assert(value, `There is no secret ${secretName}.`);
      secrets.push(secretName);
      return value;
    },
    async provisioned() {
      const [started] = aws.stepFunctions.list(machineArn(world, 'provision'));
      assert(started, 'The message has started no provisioning.');
      const { status } = provisionedSchema.parse(await finish(world, started));
      assert.equal(status, 'succeeded');
    },
    async rotated() {
      const [started] = aws.stepFunctions.list(machineArn(world, 'rotate'));
      assert(started, 'The message has started no rotation.');
      const { status, rotated } = rotateSteps.report.output.parse(await ended(world, started));
      assert.deepEqual({ status, rotated }, { status: 'SUCCEEDED', rotated: 1 });
    },
    stored(secretName) {
      const value = aws.secretsManager.currentValues()[secretName];
      assert(value, `There is no secret ${secretName}.`);
      return value;
    },
    requestableBy(name) {
      const { groups, rules, managedAccounts } = vault.contents;
      const group = groups().find((one) => one.name === name);
      const ids = rules().flatMap((rule) => (group?.roles.has(rule.ruleId) ? [...(rule.ids ?? [])] : []));
      return managedAccounts()
        .filter(({ accountId }) => ids.includes(accountId))
        .map(({ systemName, accountName }) => `${systemName}/${accountName}`);
    },
    async windowOver() {
      assert.deepEqual(await finish(world, execution()), { status: 'completed', notes: [] });
    },
  };
  return { stage, results: () => ({ message: sent(), delivered: secrets }) };
};

const countOpen = ({ vault, aws }: World, delivered: readonly string[]): Performance['openAfterwards'] => ({
  'requests in the vault': vault.openRequests().length,
  'sign-ins of the relay': vault.openSessions().length,
  'sessions on systems': vault.sessions().filter(({ endedAt }) => endedAt === null).length,
  'secrets of the checkout': delivered.filter((name) => name in aws.secretsManager.currentValues()).length,
});
