import type { AddressOf, Rules } from '#functions/intake/queue/read-message.ts';
import type { Executions } from '#shared/aws/executions.ts';
import { aConfig, parseShapeOf } from '#test/support/configs.ts';
import { rulesOf } from '#test/support/fakes.ts';

const SYNCS = {
  databases: { select: { systems: ['db-*'] }, name: 'databases/{systemName}/{accountName}' },
  services: { select: { accounts: ['svc-*'], domains: ['corp.example'] }, name: 'services/{systemName}/{accountName}' },
  everything: { name: 'everything/{systemName}/{accountName}' },
};

/** A checkout rule `tickets` of up to two hours, and the syncs of those names; all of them when left out. */
export const messageConfig = ({
  syncs = ['databases', 'services', 'everything'],
}: {
  syncs?: readonly (keyof typeof SYNCS)[];
} = {}): Rules => {
  const [sync] = Object.values(aConfig().syncs);
  return parseShapeOf({
    ...aConfig(),
    syncs: Object.fromEntries(syncs.map((name) => [name, { ...sync, ...SYNCS[name] }])),
    checkouts: {
      tickets: {
        connection: 'vault',
        store: 'aws',
        name: 'checkouts/{checkoutId}/{systemName}/{accountName}',
        longestMinutes: 120,
      },
    },
  });
};

/** How the items of those rules are addressed. */
export const addressOf: AddressOf = async (rule) => rulesOf(rule).address;

/** A state machine that starts what it is told, by the rules of StartExecution. */
export const memoryExecutions = () => {
  const started = new Map<string, string>();
  const ended = new Map<string, number>();
  const hidden = new Set<string>();
  let failure: () => Error | undefined = () => undefined;
  const failIfTold = (): void => {
    const error = failure();
    if (error !== undefined) throw error;
  };
  const executions: Executions = {
    async start(name, input) {
      failIfTold();
      const known = started.get(name);
      if (known === undefined) started.set(name, input);
      return known === undefined || (known === input && !ended.has(name));
    },
    async find(name) {
      failIfTold();
      const input = hidden.has(name) ? undefined : started.get(name);
      return input === undefined ? undefined : { input, endedAt: ended.get(name) };
    },
  };
  return {
    ...executions,
    /** The input of each execution by its name. */
    started,
    /** `at` in epoch milliseconds; long ago when left out. */
    end: (name: string, at = 0) => ended.set(name, at),
    /** Not shown yet, as Step Functions is eventually consistent. */
    hide: (name: string) => hidden.add(name),
    /** What every call from now on fails with, or what says so at each call. */
    fail(error: Error | undefined | (() => Error | undefined)): void {
      failure = typeof error === 'function' ? error : () => error;
    },
  };
};
