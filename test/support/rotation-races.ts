import { checkoutRun } from '#shared/domain/checkout/identity.ts';
import { brokenCheckouts, wrongReports } from '#test/support/checkout-promises.ts';
import { createActor, sharedTime } from '#test/support/checkout-races.ts';
import { aCheckout, anAccount } from '#test/support/checkout-scenarios.ts';
import { brokenPromises, openRequestsOfOurs } from '#test/support/crashable-promises.ts';
import { type CrashableRelay, startCrashableRelay } from '#test/support/crashable-relay.ts';
import { interleave } from '#test/support/interleave.ts';
import { machines } from '#test/support/machines.ts';
import { brokenRotations, rotationErrors, rotationReport, runRotation } from '#test/support/rotation-promises.ts';
import { aRotatingConfig, FLEET, FOLDER, HELD_MINUTES, ROTATING_USERS } from '#test/support/rotation-scenarios.ts';

const SYNC = 'databases';
const RULE = 'weekly';
const QUIET_MINUTES = 11;

/** Watches the vault between the calls of all actors, of which one at a time makes one. */
const watchVault = (relay: CrashableRelay, checkout: string, accountId: number) => {
  const { simulator } = relay;
  const reasons = new Map<number, string>();
  const broken: string[] = [];
  let audited = simulator.audit.length;
  let isCheckedOut = false;
  let changes = simulator.changesOf(accountId);
  return {
    broken,
    record(actor: string): void {
      for (const { kind, status, requestId = 0 } of simulator.audit.slice(audited)) {
        const reason = reasons.get(requestId) ?? '';
        if (kind === 'checkin' && status === 204 && !reason.includes(`/${actor}`)) {
          broken.push(`${actor} checked in a request of another actor: ${reason}`);
        }
      }
      audited = simulator.audit.length;
      if (isCheckedOut && simulator.changesOf(accountId) > changes) {
        broken.push('The credential changed under an open checkout.');
      }
      changes = simulator.changesOf(accountId);
      const open = openRequestsOfOurs(relay);
      for (const { requestId, reason } of open) reasons.set(requestId, reason);
      isCheckedOut = open.some(({ reason }) => reason.includes(`/${checkout}/`));
    },
  };
};

/** Wrong ends of the rotation, beside a changed credential: only the checkout keeps it from that. */
const wrongEnd = async (relay: CrashableRelay): Promise<string[]> => {
  const report = await rotationReport(relay, RULE, `${RULE}.1`);
  const [item, ...others] = report?.items ?? [];
  const isExpected = item?.outcome === 'rotated' || (item?.outcome === 'skipped' && item.reason?.includes('checkout'));
  return isExpected && others.length === 0 ? [] : [`The rotation ended with ${item?.outcome}: ${item?.reason}`];
};

/**
 * Runs a rotation, a checkout and a sync of one account at once. The numbers determine the order of their calls.
 * Returns a sentence for each broken promise.
 */
export const raceForRotation = async (choices: readonly number[], isQueued: boolean): Promise<string[]> => {
  const select = { systems: ['web-0001'], accounts: ['svc-backup'] };
  const config = aRotatingConfig({ select, queue: isQueued });
  const relay = await startCrashableRelay({ machines, config, fleet: FLEET, users: ROTATING_USERS });
  try {
    await relay.sync('before', { sync: SYNC });
    relay.advance(QUIET_MINUTES);
    const order = aCheckout(anAccount(relay));
    const time = sharedTime(relay, 3);
    const accountId = relay.simulator
      .accounts()
      .find(({ accountName }) => accountName === select.accounts[0])?.accountId;
    const watcher = watchVault(relay, checkoutRun(order), accountId ?? 0);
    const actor = createActor(watcher, time);
    await interleave(
      [
        actor(`${SYNC}.rotated-`, (options) => runRotation(relay, '1', { rule: RULE, trigger: 'schedule' }, options)),
        actor(checkoutRun(order), (options) => relay.checkOut(order, options)),
        actor(`${SYNC}.1`, (options) => relay.sync('1', { sync: SYNC }, options)),
      ],
      choices,
    );
    const ended = await wrongEnd(relay);
    relay.advance(HELD_MINUTES);
    await relay.sync('after', { sync: SYNC });
    return [
      ...watcher.broken,
      ...ended,
      ...rotationErrors(relay),
      ...brokenRotations(relay, RULE),
      ...brokenCheckouts(relay),
      ...wrongReports(relay, order),
      ...brokenPromises(relay, FOLDER),
    ];
  } finally {
    await relay.close();
  }
};
