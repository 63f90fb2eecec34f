import type { AddressOf, Rules } from '#functions/intake/queue/read-message.ts';
import type { Executions } from '#shared/aws/executions.ts';
import { aConfig, parseShapeOf } from '#test/support/configs.ts';
import { rulesOf } from '#test/support/fakes.ts';

const SYNCS = {
  databases: { select: { systems: ['db-*'] }, name: 'databases/{systemName}/{accountName}' },
  services: { select: { accounts: ['svc-*'], domains: ['corp.example'] }, name: 'services/{systemName}/{accountName}' },
  everything: { name: 'everything/{systemName}/{accountName}' },
};

/** A configuration with a checkout rule `tickets` of at most two hours, and the named syncs. Default: all syncs. */
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
        stores: ['aws'],
        name: 'checkouts/{checkoutId}/{systemName}/{accountName}',
        maxMinutes: 120,
      },
    },
  });
};

/** The address of the items of those rules. */
export const addressOf: AddressOf = async (rule) => rulesOf(rule).address;

/** A state machine in memory that follows the rules of StartExecution. */
export const memoryExecutions = () => {
  const started = new Map<string, string>();
  const ended = new Map<string, number>();
  const hidden = new Set<string>();
  let failure: () => Error | undefined = () => undefined;
  const failIfConfigured = (): void => {
    const error = failure();
    if (error !== undefined) throw error;
  };
  const executions: Executions = {
    async start(name, input) {
      failIfConfigured();
      const known = started.get(name);
      if (known === undefined) started.set(name, input);
      return known === undefined || (known === input && !ended.has(name));
    },
    async find(name) {
      failIfConfigured();
      const input = hidden.has(name) ? undefined : started.get(name);
      return input === undefined ? undefined : { input, endedAt: ended.get(name) };
    },
  };
  return {
    ...executions,
    /** Inputs of the executions, by name. */
    started,
    /** Ends an execution. `at` is in epoch milliseconds; default: long ago. */
    end: (name: string, at = 0) => ended.set(name, at),
    /** Hides an execution from `find`, because Step Functions is eventually consistent. */
    hide: (name: string) => hidden.add(name),
    /** Makes every later call fail with the error. A function is evaluated at each call. */
    fail(error: Error | undefined | (() => Error | undefined)): void {
      failure = typeof error === 'function' ? error : () => error;
    },
  };
};
