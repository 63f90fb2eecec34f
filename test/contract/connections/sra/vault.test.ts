import { DEFAULT_API_ACCOUNT } from '#local/simulators/sra/api-accounts.ts';
import type { CallKind } from '#local/simulators/sra/audit.ts';
import type { SraSimulator } from '#local/simulators/sra/server.ts';
import { ACCOUNT_TYPES } from '#shared/connections/sra/account-types.ts';
import { sra } from '#shared/connections/sra/type.ts';
import type { VaultSite } from '../vault-bench.ts';
import { describeVault } from '../vault-suite.ts';
import { openRelaySite } from './relay-site.ts';

const CALLS: readonly CallKind[] = [
  'mechanisms',
  'info',
  'list',
  'account',
  'groups',
  'policies',
  'checkOut',
  'checkIn',
  'rotate',
  'activityReport',
];

const listed = (simulator: SraSimulator) =>
  simulator.accounts().filter(({ kind, type }) => kind !== 'personal' && ACCOUNT_TYPES.some((known) => known === type));

const start = async (): Promise<VaultSite> => {
  const { simulator, vault, clock } = await openRelaySite();
  const viewOf = (id: string) => simulator.accounts().find((account) => account.id === Number(id));
  const { clientId, name } = DEFAULT_API_ACCOUNT;
  return {
    vault,
    ids: () => listed(simulator).map(({ id }) => String(id)),
    isReadable: ({ ref }) => {
      const view = viewOf(ref.id);
      return view !== undefined && view.heldBy.length === 0 && !view.autoRotates;
    },
    valueOf: ({ ref }) => simulator.credentialOf(Number(ref.id)),
    change: ({ ref }) => {
      clock.now += 60_000;
      simulator.changeCredential(Number(ref.id));
    },
    openLeases: () => simulator.checkedOut(name).length,
    endLeases: () => {
      throw new Error('The suite ends no leases behind the back of opening reads.');
    },
    openSessions: () => 0,
    signIns: () => simulator.audit.filter(({ kind }) => kind === 'token').length,
    refuseSignIn: () => simulator.changeApiAccount(clientId, { clientSecret: 'canary-another' }),
    failCalls: () => {
      const effect = { type: 'status', status: 500 } as const;
      simulator.faults.add(...CALLS.map((kind) => ({ kind, times: Number.POSITIVE_INFINITY, effect })));
    },
    makeAmbiguous: () => {
      const [one, other] = listed(simulator).map(({ id }) => id);
      if (one === undefined || other === undefined) throw new Error('The site has too few accounts.');
      for (const id of [one, other]) simulator.changeAccount(id, { name: 'twice', groupId: 2 });
      return { accountName: 'twice', groupName: 'Databases' };
    },
    rotation: {
      showsQueue: false,
      valueOf: ({ ref }) => simulator.credentialOf(Number(ref.id)),
      changes: ({ ref }) => simulator.changesOf(Number(ref.id)),
      logOns: () => 0,
      settle: () => {
        clock.now += simulator.switches.rotationDelayMs;
      },
      refuseLogOn: () => {
        throw new Error('The site logs on to no target.');
      },
      loseAnswers: () => simulator.faults.add({ kind: 'rotate', effect: { type: 'reset', when: 'after' } }),
    },
    // Tokens and client secrets begin like this, too.
    secrets: () => ['canary-'],
  };
};

describeVault('accounts of the Vault', {
  type: sra,
  rule: { source: 'vault-accounts' },
  rotates: true,
  rotationRule: { source: 'vault-accounts', select: { types: ['windows_local'] } },
  sharesToken: true,
  start,
});
