import type { Execution } from '#local/aws/step-functions/step-functions.ts';
import { finish, machineArn } from '#local/executions.ts';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { startWorld, type World, type WorldOptions } from '#local/world.ts';
import { checkoutRun } from '#shared/domain/checkout/identity.ts';
import { signalAt } from '#shared/records/signals.ts';
import type { Machine } from '#shared/workflows/grants.ts';
import { MAX_INVOCATION_MS } from '#shared/workflows/step.ts';
import { identityOf } from '#test/support/checkouts.ts';
import { openObjects } from '#test/support/local-objects.ts';
import { asAlice } from '#test/support/people.ts';
import { redeploy } from '#test/support/redeploy.ts';

/** The name of the rule that every world contains. */
export const RULE = 'tickets';

const MINUTE_MS = 60_000;
export const DAY_MINUTES = 1440;

type Settings = Readonly<Record<string, unknown>>;

export interface CheckoutWorldOptions extends Partial<WorldOptions> {
  /** Settings of the rule `tickets`, and defaults of the other rules. */
  readonly rule?: Settings;
  /** Additional rules. Each has the settings of `rule`, overridden by its own. */
  readonly rules?: Readonly<Record<string, Settings>>;
}

export type CheckoutWorld = Awaited<ReturnType<typeof startCheckoutWorld>>;

/** Starts a world with checkout rules, whose retries do not wait. Close it afterwards. */
export const startCheckoutWorld = async ({
  rule = {},
  rules = {},
  configure,
  ...options
}: CheckoutWorldOptions = {}) => {
  const world = await startWorld({
    accounts: 10,
    seed: 5,
    waitScale: 0,
    ...options,
    configure: (document) => {
      for (const [name, own] of Object.entries({ [RULE]: {}, ...rules })) {
        const settings = {
          connection: 'vault',
          stores: ['aws'],
          name: `${name}/{checkoutId}/{systemName}/{accountName}`,
          value: '{credential}',
          ...rule,
          ...own,
        };
        document.setIn(['checkouts', name], document.createNode(settings));
      }
      configure?.(document);
    },
  });
  return { ...world, ...executionsOf(world), ...tracesOf(world), ...othersIn(world) };
};

/** Applies each change to one plain account of a fleet, from the first account on. */
export const vary =
  (...changes: readonly Partial<FleetAccount>[]) =>
  (fleet: readonly FleetAccount[]): FleetAccount[] => {
    const left = [...changes];
    return fleet.map((account) => (account.kind === 'plain' ? { ...account, ...left.shift() } : account));
  };

/** The run of the checkout that was started for this id by any sender, or else the run that its message would start. */
const runNamed = (world: World, id: string, checkout: string): string => {
  const isNamed = (input: string): boolean => input.includes(`"checkout":"${checkout}","id":"${id}",`);
  const started = world.aws.stepFunctions.list(machineArn(world, 'checkout')).find(({ input }) => isNamed(input));
  return started?.name ?? checkoutRun(identityOf(id, checkout));
};

/** Starts checkouts and releases, and moves the clock for them. */
const executionsOf = (world: World) => {
  const { aws, clock } = world;
  const machines = aws.template.ofType('AWS::StepFunctions::StateMachine');
  const everyExecution = (): Execution[] => machines.flatMap(({ identity }) => aws.stepFunctions.list(identity.ref));
  const start = (machine: Machine, run: string, order: Settings): Execution =>
    aws.stepFunctions.start(machineArn(world, machine), JSON.stringify(order), run);
  const runOf = (id: string, checkout = RULE): string => runNamed(world, id, checkout);
  const objects = openObjects(aws);
  return {
    /** Starts a checkout as its message would. */
    checkOut: (
      id: string,
      accounts: readonly FleetAccount[],
      { checkout = RULE, ...more }: Settings & { readonly checkout?: string } = {},
    ): Execution => {
      const identity = identityOf(id, checkout);
      const order = {
        type: 'checkout.requested',
        ...identity,
        items: accounts.map(({ systemName, accountName }) => ({ systemName, accountName })),
        window: { minutes: 60 },
        reason: 'Replace a disk',
        ...more,
      };
      return start('checkout', checkoutRun(identity), order);
    },
    /** Writes the signal of a release and starts it, as its message would. */
    release: async (id: string, checkout = RULE): Promise<Execution> => {
      const run = runOf(id, checkout);
      await objects.put(signalAt.released({ rule: checkout, run }));
      return start('release', run, { type: 'checkout.released', checkout, id, run });
    },
    /** Writes the signal of an extension, as its message would. */
    extend: (id: string, until: number, checkout = RULE): Promise<void> =>
      objects.put(signalAt.extended({ rule: checkout, run: runOf(id, checkout) }, until)),
    /** The name of a checkout's execution. */
    runOf,
    /** Resolves with the minutes of the execution's next wait, or undefined once it has ended. */
    waits: async ({ arn }: Execution): Promise<number | undefined> => {
      const until = await aws.stepFunctions.nextWake(arn);
      return until === undefined ? undefined : (until - clock.now()) / MINUTE_MS;
    },
    /** Moves the clock from wait to wait until the execution waits and `isThere` is true. */
    waitsUntil: async ({ arn }: Execution, isThere: () => boolean): Promise<void> => {
      for (let until = await aws.stepFunctions.nextWake(arn); !isThere(); ) {
        if (until === undefined) throw new Error('The execution ended before the condition was met.');
        clock.advance(Math.max(0, until - clock.now()));
        until = await aws.stepFunctions.nextWake(arn);
      }
    },
    /** Moves the clock from wait to wait until the execution ends. Returns its output. */
    finish: (execution: Execution): Promise<unknown> => finish(world, execution),
    /** Lets every execution reach its next wait, then advances the clock. Returns true if any execution waited. */
    settle: async (minutes: number): Promise<boolean> => {
      const wakes = await Promise.all(everyExecution().map(({ arn }) => aws.stepFunctions.nextWake(arn)));
      clock.advance(minutes * MINUTE_MS);
      return wakes.some((until) => until !== undefined);
    },
    advance: (minutes: number): void => clock.advance(minutes * MINUTE_MS),
    /** All executions of a machine, the latest first. */
    executions: (machine: Machine): readonly Execution[] => aws.stepFunctions.list(machineArn(world, machine)),
  };
};

/** The results of checkouts: secrets, reports, records and notifications. */
const tracesOf = (world: World) => {
  const { aws } = world;
  const objects = openObjects(aws);
  return {
    /** The secrets that a checkout has delivered, by name. */
    delivered: (id: string, checkout = RULE): Readonly<Record<string, string>> =>
      Object.fromEntries(
        Object.entries(aws.secretsManager.currentValues()).filter(([name]) => name.startsWith(`${checkout}/${id}/`)),
      ),
    reportOf: (id: string, checkout = RULE): Promise<unknown> =>
      objects.readJson(signalAt.report({ rule: checkout, run: runNamed(world, id, checkout) })),
    /** The checkouts that are marked as open for `reap`. */
    unclosed: (): Promise<string[]> => objects.list('open/'),
    /** The checkouts still marked as open after `reap` has run when no delivery can still be under way. */
    unclosedForGood: async (): Promise<string[]> => {
      if ((await objects.list('open/')).length === 0) return [];
      world.clock.advance(MAX_INVOCATION_MS);
      await world.runReap();
      for (const { arn } of aws.stepFunctions.list(machineArn(world, 'release'))) await aws.stepFunctions.settled(arn);
      return objects.list('open/');
    },
    /** Subject and text of each notification about a checkout. */
    notifications: async (id: string, checkout = RULE): Promise<readonly string[]> =>
      (await objects.published()).filter((text) => text.includes(`${checkout}.${id} `)),
  };
};

/** Other users' actions on the accounts, and deployments. */
const othersIn = ({ aws, vault, directory }: World) => ({
  /** Does work as another user of the vault. */
  asAlice: asAlice(vault),
  /** The plain account at an index, from 0. */
  plain: (rank: number): FleetAccount => {
    const account = vault.accounts().filter(({ kind }) => kind === 'plain')[rank];
    if (account === undefined) throw new RangeError(`The fleet has fewer than ${rank + 1} plain accounts.`);
    return account;
  },
  /** The current credential of an account. */
  credentialOf: ({ accountId }: FleetAccount): string => vault.credentialOf(accountId),
  /** Number of effective calls for these accounts. */
  callsFor: (template: string, ...accounts: readonly FleetAccount[]): number =>
    vault.audit.filter(
      (entry) =>
        entry.template === template &&
        entry.tookEffect &&
        accounts.some(({ accountId }) => entry.accountIds.includes(accountId)),
    ).length,
  /** Deploys changed settings of the rule `tickets`. */
  deploy: (settings: Settings): Promise<void> =>
    redeploy({ aws, directory }, (config) => {
      const { [RULE]: rule } = config.checkouts;
      if (rule === undefined) throw new Error(`There is no rule ${RULE}.`);
      return { ...config, checkouts: { ...config.checkouts, [RULE]: { ...rule, ...settings } } };
    }),
});
