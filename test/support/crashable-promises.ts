import { CANARY_PATTERN, canaryFor } from '#local/simulators/password-safe/credential-shapes.ts';
import { type Report, reportSchema } from '#shared/records/records.ts';
import type { CrashableRelay } from '#test/support/crashable-relay.ts';
import { SEED } from '#test/support/crashable-site.ts';
import { RELAY_ID } from '#test/support/crashable-steps.ts';

/** Kinds of accounts that a sync can deliver and whose credentials change only when a test changes them. */
const STEADY: ReadonlySet<string> = new Set(['plain', 'odd-name', 'odd-credential']);
const GENERATIONS = 100;

/** Accounts whose current credential has to be in the store once all work has ended. */
export const steadyAccounts = ({ simulator }: CrashableRelay) =>
  simulator.accounts().filter(({ kind }) => STEADY.has(kind));

export const openRequestsOfOurs = ({ simulator }: CrashableRelay) =>
  simulator.openRequests().filter(({ reason }) => reason.includes(`[${RELAY_ID}/`));

/** A sentence for each broken promise once all work has ended. `foreign` names secrets that are not ours. */
export const brokenPromises = (relay: CrashableRelay, folder: string, foreign: readonly string[] = []): string[] => [
  ...openRequestsOfOurs(relay).map(({ requestId, reason }) => `Request ${requestId} is open: ${reason}`),
  ...wrongValues(relay, folder),
  ...wrongHistories(relay, folder, foreign),
  ...reportsOf(relay).flatMap(wrongCounts),
];

export const secretsIn = ({ manager }: CrashableRelay, folder: string): string[] =>
  Object.keys(manager.currentValues()).filter((name) => name.startsWith(folder));

export const isRetired = ({ manager }: CrashableRelay, name: string): boolean =>
  'DeletedDate' in manager.handle('DescribeSecret', { SecretId: name });

const wrongValues = (relay: CrashableRelay, folder: string): string[] => {
  const values = relay.manager.currentValues();
  const names = secretsIn(relay, folder);
  return steadyAccounts(relay)
    .map(({ accountId, credential }) => ({ accountId, found: names.filter((name) => values[name] === credential) }))
    .filter(({ found }) => found.length !== 1)
    .map(({ accountId, found }) => `${folder} holds the current credential of ${accountId} ${found.length} times.`);
};

/** The credentials that each secret has held, in order. Retired secrets are unreadable and left out. */
const historiesOf = (relay: CrashableRelay, folder: string, foreign: readonly string[] = []) =>
  secretsIn(relay, folder)
    .filter((name) => !foreign.includes(name) && !isRetired(relay, name))
    .map((name) => {
      const versions = relay.manager.promotions(name);
      return { name, versions, held: versions.map((version) => credentialIn(relay, name, version)) };
    });

/** A sentence for each secret with a repeated version, an older credential, or a credential of another account. */
export const wrongHistories = (relay: CrashableRelay, folder: string, foreign: readonly string[] = []): string[] =>
  historiesOf(relay, folder, foreign).flatMap(({ name, versions, held }) => {
    const wrong = held.filter((credential, index) => {
      const before = held[index - 1] ?? credential;
      return (
        credential?.accountId !== before?.accountId || !(Number(credential?.generation) >= Number(before?.generation))
      );
    });
    const isTwice = new Set(versions).size < versions.length;
    return wrong.length > 0 || isTwice ? [`${name} held ${JSON.stringify(held)} as ${versions.join(', ')}.`] : [];
  });

/** A sentence for each secret to which one credential was delivered more than once. */
export const deliveredTwice = (relay: CrashableRelay, folder: string): string[] =>
  historiesOf(relay, folder)
    .filter(({ held }) => new Set(held.map((credential) => credential?.generation)).size < held.length)
    .map(({ name }) => `${name} received the same credential twice.`);

interface Known {
  readonly accountId: number;
  /** Index of the credential among those of the account, from 0. */
  readonly generation: number;
}

const canaries = new Map<string, Known>();
/** Accounts whose credentials are known. Worlds of one process have different fleets. */
const accountsKnown = new Set<number>();

/** The credential in a version; undefined when it belongs to no account. */
const credentialIn = ({ manager, simulator }: CrashableRelay, name: string, version: string): Known | undefined => {
  for (const { accountId } of simulator.accounts()) {
    if (accountsKnown.has(accountId)) continue;
    accountsKnown.add(accountId);
    for (let generation = 0; generation < GENERATIONS; generation += 1) {
      canaries.set(canaryFor(SEED, accountId, generation), { accountId, generation });
    }
  }
  const { SecretString } = manager.handle('GetSecretValue', { SecretId: name, VersionId: version });
  return canaries.get(CANARY_PATTERN.exec(String(SecretString))?.[0] ?? '');
};

export const reportsOf = ({ records }: CrashableRelay): Report[] =>
  [...records.objects]
    .filter(([key]) => key.startsWith('runs/') && key.endsWith('/report.json'))
    .map(([, text]) => reportSchema.parse(JSON.parse(text)));

/** A sentence for each report in which an item does not have exactly one outcome for each store. */
const wrongCounts = ({ run, items, stores, remarks }: Report): string[] => {
  const wrong = stores.flatMap(({ store, outcomes }) => {
    const counted = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
    return counted === items ? [] : [`Run ${run} has ${items} items and ${counted} outcomes for ${store}.`];
  });
  const targets = remarks.flatMap((remark) => remark.stores.map((store) => `${remark.item} in ${store}`));
  const isTwice = new Set(targets).size < targets.length;
  return [...wrong, ...(isTwice ? [`Run ${run} has two remarks about one target.`] : [])];
};
