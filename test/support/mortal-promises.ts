import { CANARY_PATTERN, canaryFor } from '#local/simulators/password-safe/credential-shapes.ts';
import { type Report, reportSchema } from '#shared/records/records.ts';
import type { MortalRelay } from '#test/support/mortal-relay.ts';
import { SEED } from '#test/support/mortal-site.ts';
import { RELAY_ID } from '#test/support/mortal-steps.ts';

/** The kinds of account that a sync can deliver, and that nothing but a change of ours would change. */
const STEADY: ReadonlySet<string> = new Set(['plain', 'odd-name', 'odd-credential']);
const GENERATIONS = 100;

/** Accounts whose current credential has to be in the store once everything has come to rest. */
export const steadyAccounts = ({ simulator }: MortalRelay) =>
  simulator.accounts().filter(({ kind }) => STEADY.has(kind));

export const openRequestsOfOurs = ({ simulator }: MortalRelay) =>
  simulator.openRequests().filter(({ reason }) => reason.includes(`[${RELAY_ID}/`));

/** A sentence for each promise that does not hold although everything has come to rest; `foreign` secrets are not ours. */
export const brokenPromises = (relay: MortalRelay, folder: string, foreign: readonly string[] = []): string[] => [
  ...openRequestsOfOurs(relay).map(({ requestId, reason }) => `Request ${requestId} is open: ${reason}`),
  ...wrongValues(relay, folder),
  ...wrongHistories(relay, folder, foreign),
  ...reportsOf(relay).flatMap(wrongCounts),
];

export const secretsIn = ({ manager }: MortalRelay, folder: string): string[] =>
  Object.keys(manager.currentValues()).filter((name) => name.startsWith(folder));

export const isRetired = ({ manager }: MortalRelay, name: string): boolean =>
  'DeletedDate' in manager.handle('DescribeSecret', { SecretId: name });

const wrongValues = (relay: MortalRelay, folder: string): string[] => {
  const values = relay.manager.currentValues();
  const names = secretsIn(relay, folder);
  return steadyAccounts(relay)
    .map(({ accountId, credential }) => ({ accountId, found: names.filter((name) => values[name] === credential) }))
    .filter(({ found }) => found.length !== 1)
    .map(({ accountId, found }) => `${folder} holds the current credential of ${accountId} ${found.length} times.`);
};

/** What each secret has held, in order; that of a retired one can't be read any more. */
const historiesOf = (relay: MortalRelay, folder: string, foreign: readonly string[] = []) =>
  secretsIn(relay, folder)
    .filter((name) => !foreign.includes(name) && !isRetired(relay, name))
    .map((name) => {
      const versions = relay.manager.promotions(name);
      return { name, versions, held: versions.map((version) => credentialIn(relay, name, version)) };
    });

/** Each promotion has to be of a new version, and to a credential of the same account that is not older. */
export const wrongHistories = (relay: MortalRelay, folder: string, foreign: readonly string[] = []): string[] =>
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

/** Secrets to which one credential was delivered more than once. */
export const deliveredTwice = (relay: MortalRelay, folder: string): string[] =>
  historiesOf(relay, folder)
    .filter(({ held }) => new Set(held.map((credential) => credential?.generation)).size < held.length)
    .map(({ name }) => `${name} was given the same credential twice.`);

interface Known {
  readonly accountId: number;
  /** Which of the account's credentials, counted from 0. */
  readonly generation: number;
}

const canaries = new Map<string, Known>();

/** Whose credential a version holds; undefined when nobody ever had it. */
const credentialIn = ({ manager, simulator }: MortalRelay, name: string, version: string): Known | undefined => {
  if (canaries.size === 0) {
    for (const { accountId } of simulator.accounts()) {
      for (let generation = 0; generation < GENERATIONS; generation += 1) {
        canaries.set(canaryFor(SEED, accountId, generation), { accountId, generation });
      }
    }
  }
  const { SecretString } = manager.handle('GetSecretValue', { SecretId: name, VersionId: version });
  return canaries.get(CANARY_PATTERN.exec(String(SecretString))?.[0] ?? '');
};

export const reportsOf = ({ records }: MortalRelay): Report[] =>
  [...records.objects]
    .filter(([key]) => key.startsWith('runs/') && key.endsWith('/report.json'))
    .map(([, text]) => reportSchema.parse(JSON.parse(text)));

/** Every item is in exactly one outcome. */
const wrongCounts = ({ run, items, outcomes, remarks }: Report): string[] => {
  const counted = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  const named = new Set(remarks.map(({ item }) => item));
  return [
    ...(counted === items ? [] : [`Run ${run} has ${items} items and ${counted} outcomes.`]),
    ...(named.size === remarks.length ? [] : [`Run ${run} tells of an item twice.`]),
  ];
};
