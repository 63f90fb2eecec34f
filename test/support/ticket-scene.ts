import { createTickets } from '#functions/intake/tickets/tickets.ts';
import { createWake } from '#functions/intake/wake/wake.ts';
import { RelayError } from '#shared/errors.ts';
import type { TicketComment } from '#shared/messages/ticket-comment.ts';
import { readSignals } from '#shared/records/signals.ts';
import { aConfig, parseShapeOf } from '#test/support/configs.ts';
import { memoryClaims, memoryRecords, memorySharedRecords, memorySignals } from '#test/support/fakes.ts';
import { memoryExecutions } from '#test/support/messages.ts';
import { TICKET, TIMED_TICKET } from '#test/support/tickets.ts';

export const NOW = Date.UTC(2026, 2, 1, 8);
export const HOUR = 3_600_000;
export const at = (ms: number) => new Date(NOW + ms).toISOString();

export const config = parseShapeOf({
  ...aConfig(),
  checkouts: {
    changes: { connection: 'vault', stores: ['aws'], name: 'changes/{checkoutId}/{systemName}/{accountName}' },
  },
  webhooks: {
    snow: { checkout: 'changes', signature: { type: 'standard-webhooks', keys: 'webhooks/snow' }, ticket: TICKET },
    jira: {
      checkout: 'changes',
      signature: { type: 'hmac-sha256', keys: 'webhooks/jira' },
      ticket: TIMED_TICKET,
    },
  },
});

/** A state of the ticket CHG1. */
export const body = (count: number, more: Readonly<Record<string, unknown>> = {}) => ({
  key: 'CHG1',
  count,
  state: 'approved',
  from: at(-HOUR),
  until: at(HOUR),
  reason: 'Patch',
  system: 'db-01',
  at: NOW + count,
  ...more,
});

/** The function of tickets in memory, with what it has started. */
export const createScene = () => {
  const records = memoryRecords();
  const signals = memorySignals();
  const scene = {
    now: NOW,
    /** Called once, before the next removal of a mark. */
    beforeRemoval: undefined as (() => Promise<unknown>) | undefined,
    /** Configuration of the function. */
    config,
    tickets: memorySharedRecords(),
    signals,
    checkouts: memoryExecutions(),
    releases: memoryExecutions(),
    refused: [] as string[],
    told: [] as TicketComment[],
    /** Number of the call to Step Functions that fails from now on. */
    failing: undefined as number | undefined,
    /** Every so many calls to Step Functions fails. */
    every: Number.POSITIVE_INFINITY,
  };
  let calls = 0;
  const guarded = (executions: ReturnType<typeof memoryExecutions>) => ({
    ...executions,
    async start(name: string, input: string) {
      if (calls++ === scene.failing || calls % scene.every === 0)
        throw new RelayError('StoreUnavailable', 'Step Functions does not answer.');
      return executions.start(name, input);
    },
  });
  const step = createTickets({
    get config() {
      return scene.config;
    },
    rules: config,
    addressProblem: async (_rule, items) =>
      items.some(({ systemName }) => systemName === 'bad') ? 'is bad' : undefined,
    executionsOf: (machine) => guarded(machine === 'release' ? scene.releases : scene.checkouts),
    signals: {
      ...signals,
      async remove(key) {
        const before = scene.beforeRemoval;
        scene.beforeRemoval = undefined;
        await before?.();
        await signals.remove(key);
      },
    },
    records,
    claims: memoryClaims(records, signals),
    sharedRecords: scene.tickets,
    tell: async (comment) => void scene.told.push(comment),
    refuse: async (_message, { message }) => void scene.refused.push(message),
    onFailure: () => {},
    measure: async () => {},
    now: () => scene.now,
  });
  /** Handles one message of the queue. */
  const handle = async (message: object): Promise<void> => {
    const attributes = { ApproximateReceiveCount: 1, SenderId: '', SentTimestamp: scene.now };
    await step({ Records: [{ messageId: 'm', body: JSON.stringify(message), attributes }] });
  };
  return Object.assign(scene, {
    step,
    failEvery(count: number) {
      scene.every = count;
    },
    breakCall(index: number | undefined) {
      calls = 0;
      scene.failing = index;
    },
    /** Handles one state. Returns true if it comes again. */
    async receive(sent: object, { route = 'snow', signed = true, receivedAt = NOW } = {}): Promise<boolean> {
      const message = {
        route,
        receivedAt: new Date(receivedAt).toISOString(),
        ...(signed && { signedAt: new Date(receivedAt).toISOString() }),
        body: JSON.stringify(sent),
      };
      const { batchItemFailures } = await step({
        Records: [
          {
            messageId: 'm',
            body: JSON.stringify(message),
            attributes: { ApproximateReceiveCount: 1, SenderId: '', SentTimestamp: receivedAt },
          },
        ],
      });
      return batchItemFailures.length > 0;
    },
    /** Handles every held ticket, as its daily message does. */
    wake: () => createWake({ signals, send: handle })(),
    handle,
    requested: () => [...scene.checkouts.started.values()].map((input) => JSON.parse(input)),
    /** Access that the checkouts lead to, by their id. */
    access: () =>
      [...scene.checkouts.started].flatMap(([run, input]) => {
        const order = JSON.parse(input);
        const own = [...signals.keys].filter((key) => key.startsWith(`checkouts/changes/${run}/`));
        const { released, endsAt = Date.parse(order.window.until) } = readSignals(own);
        return released || endsAt <= scene.now ? [] : [{ id: order.id, items: order.items, until: endsAt }];
      }),
  });
};
