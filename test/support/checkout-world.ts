import { onTestFinished } from 'vitest';
import type { Execution } from '#local/aws/step-functions/step-functions.ts';
import type { FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { startWorld, type World, type WorldOptions } from '#local/world.ts';

/** The name of the rule that {@link startCheckoutWorld} adds to relay.yaml. */
export const RULE = 'tickets';

const MINUTE_MS = 60_000;

export interface CheckoutWorldOptions extends Partial<WorldOptions> {
  /** Settings of the rule that the test cares about. */
  readonly rule?: Readonly<Record<string, unknown>>;
}

export type CheckoutWorld = Awaited<ReturnType<typeof startCheckoutWorld>>;

/** A world with a rule for checkouts, closed when the test is over. */
export const startCheckoutWorld = async ({ rule = {}, configure, ...options }: CheckoutWorldOptions = {}) => {
  const world = await startWorld({
    accounts: 10,
    seed: 5,
    ...options,
    configure: (document) => {
      document.setIn(
        ['checkouts', RULE],
        document.createNode({
          connection: 'vault',
          store: 'aws',
          name: 'checkouts/{checkoutId}/{systemName}/{accountName}',
          value: '{credential}',
          ...rule,
        }),
      );
      configure?.(document);
    },
  });
  onTestFinished(() => world.close());
  return { ...world, ...checkoutsOf(world) };
};

const checkoutsOf = ({ aws, clock, vault }: World) => {
  const machineArn = (name: string): string => {
    const machine = aws.template
      .ofType('AWS::StepFunctions::StateMachine')
      .find(({ identity }) => identity.name.endsWith(`-${name}`));
    if (machine === undefined) throw new Error(`The stack has no machine ${name}.`);
    return machine.identity.ref;
  };
  return {
    /** Starts a checkout as its message would. */
    checkOut: (
      id: string,
      accounts: readonly FleetAccount[],
      more: Readonly<Record<string, unknown>> = {},
    ): Execution =>
      aws.stepFunctions.start(
        machineArn('checkout'),
        JSON.stringify({
          type: 'checkout.requested',
          checkout: RULE,
          id,
          accounts: accounts.map(({ systemName, accountName }) => ({ system: systemName, account: accountName })),
          window: { minutes: 60 },
          reason: 'Replace a disk',
          ...more,
        }),
        `${RULE}.${id}`,
      ),
    /** Starts a release as its message would, without the note that comes first. */
    release: (id: string): Execution =>
      aws.stepFunctions.start(
        machineArn('release'),
        JSON.stringify({ type: 'checkout.released', checkout: RULE, id }),
        `${RULE}.${id}`,
      ),
    /** Resolves when the execution waits, with the minutes for which it will; undefined when it has ended. */
    waits: async ({ arn }: Execution): Promise<number | undefined> => {
      const until = await aws.stepFunctions.nextWake(arn);
      return until === undefined ? undefined : (until - clock.now()) / MINUTE_MS;
    },
    /** Moves the clock from wait to wait until the execution is over, and gives back what it came to. */
    finish: async ({ arn }: Execution): Promise<unknown> => {
      for (let until = await aws.stepFunctions.nextWake(arn); until !== undefined; ) {
        clock.advance(Math.max(0, until - clock.now()));
        until = await aws.stepFunctions.nextWake(arn);
      }
      const { ending } = aws.stepFunctions.get(arn);
      return ending?.status === 'SUCCEEDED' ? JSON.parse(ending.output) : ending;
    },
    advance: (minutes: number): void => clock.advance(minutes * MINUTE_MS),
    /** What a checkout has delivered, by the name of the secret. */
    delivered: (id: string): Readonly<Record<string, string>> =>
      Object.fromEntries(
        Object.entries(aws.secretsManager.currentValues()).filter(([name]) => name.startsWith(`checkouts/${id}/`)),
      ),
    plain: (howMany: number): FleetAccount[] =>
      vault
        .accounts()
        .filter(({ kind }) => kind === 'plain')
        .slice(0, howMany),
  };
};
