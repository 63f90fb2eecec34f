import { onTestFinished } from 'vitest';
import { createHttp } from '#shared/http/http.ts';
import { startMinimalVault } from '#test/support/minimal/remotes.ts';
import { minimalVault } from '#test/support/minimal/vault.ts';
import type { VaultSite } from './vault-bench.ts';
import { describeVault } from './vault-suite.ts';

const LIMITS = { inFlight: 8, perSecond: 1000, timeoutSeconds: 10 };

const start = async (): Promise<VaultSite> => {
  const remote = await startMinimalVault();
  onTestFinished(async () => remote[Symbol.asyncDispose]());
  for (const number of [1, 2, 3]) {
    remote.entries.set(`${number}`, { name: `entry-${number}`, shelf: 'tall', value: `canary-00${number}` });
  }
  const settings = minimalVault.settings.parse({ type: 'minimal-vault', url: remote.url, ca: remote.caPem });
  const vault = await minimalVault.open(settings, {
    connection: 'shelves',
    connect: () =>
      createHttp({ connection: 'shelves', url: remote.url, ca: remote.caPem, limits: LIMITS, sleep: async () => {} }),
    readSecret: () => Promise.reject(new Error('It has no secrets.')),
    cacheToken: () => {
      throw new Error('It has no tokens.');
    },
    onSignOutFailure: () => {},
    onSignInRefused: async () => {},
    now: Date.now,
  });
  return {
    vault,
    ids: () => [...remote.entries.keys()],
    isReadable: () => true,
    valueOf: ({ ref }) => remote.entries.get(ref.id)?.value ?? '',
    change: ({ ref }) => {
      const entry = remote.entries.get(ref.id);
      if (entry !== undefined) remote.entries.set(ref.id, { ...entry, value: `${entry.value}-changed` });
    },
    openLeases: () => remote.loans.size,
    endLeases: () => remote.loans.clear(),
    openSessions: () => remote.openSessions,
    signIns: () => remote.signIns,
    refuseSignIn: () => {
      remote.mode = 'refusing';
    },
    failCalls: () => {
      remote.mode = 'failing';
    },
    secrets: () => [...remote.entries.values()].map(({ value }) => value),
  };
};

describeVault('the minimal vault', {
  type: minimalVault,
  rule: {
    source: 'entries',
    connection: 'shelves',
    stores: ['aws'],
    name: 'entries/{shelf}/{name}',
    schedule: { expression: 'rate(1 hour)' },
  },
  start,
});

describeVault('the minimal vault that lends', {
  type: minimalVault,
  rule: {
    source: 'loans',
    connection: 'shelves',
    stores: ['aws'],
    name: 'loans/{shelf}/{name}',
    schedule: { expression: 'rate(1 hour)' },
  },
  start,
});
