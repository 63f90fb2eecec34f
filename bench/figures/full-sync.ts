import { measureRun } from '#local/figures.ts';
import { isDeliverable } from '#local/promises.ts';
import { startPasswordSafe } from '#local/simulators/password-safe/server.ts';
import { startWorld } from '#local/world.ts';
import { runClient } from '../clients.ts';
import { type Measured, round } from '../figure.ts';
import { LATENCY_MS, limitInFlightOnly, plainFleet, SEED } from '../worlds.ts';

const ACCOUNTS = 1000;

/** The default of relay.yaml, used for the sync and for the other clients. */
const IN_FLIGHT = 16;

const measureSync = async () => {
  const world = await startWorld({
    accounts: ACCOUNTS,
    seed: SEED,
    latencyMs: LATENCY_MS,
    configure: limitInFlightOnly(IN_FLIGHT),
  });
  try {
    const deliverable = world.vault.accounts().filter(isDeliverable).length;
    const figures = await measureRun(world, () => {});
    return { ...figures, missing: deliverable - figures.delivered };
  } finally {
    await world.close();
  }
};

/** Makes the call sequences of the other clients against a separate vault. */
const measurePeers = async () => {
  const fleet = plainFleet(ACCOUNTS);
  const vault = await startPasswordSafe({ fleet, latencyMs: LATENCY_MS });
  const measure = async (client: 'vendor' | 'externalSecrets') => {
    const before = vault.audit.length;
    const { durationMs } = await runClient(client, vault, fleet, IN_FLIGHT);
    return { callsPerCredential: (vault.audit.length - before) / fleet.length, seconds: durationMs / 1000 };
  };
  try {
    return { vendor: await measure('vendor'), externalSecrets: await measure('externalSecrets') };
  } finally {
    await vault.close();
  }
};

/** Measures the calls and state transitions per credential when every credential is new. */
export const measureFullSync = async (): Promise<Measured> => {
  const { vaultCalls, delivered, transitions, durationMs, missing } = await measureSync();
  const { vendor, externalSecrets } = await measurePeers();
  return {
    figures: [
      {
        name: 'vault calls per credential, full sync of 1,000',
        value: vaultCalls.total / delivered,
        unit: 'calls',
        target: { atMost: 3.2 },
        kind: 'count',
      },
      {
        name: 'state transitions per credential, full sync of 1,000',
        value: transitions / delivered,
        unit: 'transitions',
        target: { atMost: 0.1 },
        kind: 'count',
      },
      {
        name: 'accounts that were not delivered, full sync of 1,000',
        value: missing,
        unit: 'accounts',
        target: { atMost: 0 },
        kind: 'count',
      },
    ],
    notes: [
      `${delivered} delivered by ${vaultCalls.total} vault calls and ${transitions} transitions in ${round(durationMs / 1000)} s, cold starts included.`,
      `The calls of the vendor's clients for 1,000 accounts: ${round(vendor.callsPerCredential)} per credential, ${round(vendor.seconds)} s.`,
      `The calls of External Secrets for 1,000 accounts: ${round(externalSecrets.callsPerCredential)} per credential, ${round(externalSecrets.seconds)} s.`,
      `All with ${LATENCY_MS} ms of latency and ${IN_FLIGHT} calls in flight. The real clients have one call in flight, which would take a minute and a half or more, and deliver; here they only make the calls.`,
    ],
  };
};
