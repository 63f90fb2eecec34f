import { createSecrets, isDeliverableSecret } from '#local/simulators/password-safe/safe-contents.ts';
import { DEFAULT_APPLICATION, DEFAULT_APPROVER } from '#local/simulators/password-safe/users.ts';
import { safeItem } from '#shared/connections/password-safe/sources/safe-items.ts';
import { createNaming } from '#shared/domain/naming.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import { aConfig } from '#test/support/configs.ts';
import type { Story } from '#test/support/crash.ts';
import { aSafeSecret } from '#test/support/fake-safe.ts';
import { openRequestsOfOurs, secretsIn } from '#test/support/mortal-promises.ts';
import type { MortalRelay } from '#test/support/mortal-relay.ts';
import { sharedFleet } from '#test/support/mortal-site.ts';

/** Syncs of other sources than accounts by requests, while something dies. Small ones: each moment is a whole world. */

const FOLDER = 'sources/';
const ORDER = { sync: 'databases' };
const USERS = [{ ...DEFAULT_APPLICATION, roles: ['requestor', 'isa', 'secrets-safe'] as const }, DEFAULT_APPROVER];

/** Nothing changes by itself: the releases of dead runs would, once their time is over. */
const FLEET = sharedFleet(8).map((account) => ({ ...account, changesAfterRelease: false }));
const PLAIN = FLEET.filter(({ kind }) => kind === 'plain').map(({ accountId }) => accountId);
const ALIASES = [
  { aliasId: 1, aliasName: 'payments', accountIds: PLAIN.slice(0, 2) },
  { aliasId: 2, aliasName: 'reports', accountIds: PLAIN.slice(2, 4) },
];

/** Each secret holds what it should, was given it once, and nothing is left open. */
const wrongValues = (relay: MortalRelay, expected: ReadonlyMap<string, string>): string[] => {
  const values = relay.manager.currentValues();
  return [
    ...openRequestsOfOurs(relay).map(({ reason }) => `A request is open: ${reason}`),
    ...[...expected].flatMap(([name, value]) => (values[name] === value ? [] : [`${name} does not hold its value.`])),
    ...secretsIn(relay, FOLDER).flatMap((name) => (expected.has(name) ? [] : [`${name} should not be there.`])),
    ...secretsIn(relay, FOLDER).flatMap((name) => {
      const promotions = relay.manager.promotions(name);
      return new Set(promotions).size < promotions.length ? [`${name} was promoted to one version twice.`] : [];
    }),
  ];
};

const aStory = (sync: Record<string, unknown>, more: Pick<Story, 'prepare' | 'wrong'>): Story => ({
  config: aConfig({ batchSize: 3, ...sync }),
  site: { fleet: FLEET, users: USERS, aliases: ALIASES, secrets: createSecrets({ plain: 0 }) },
  live: async (relay, { through }) => {
    await relay.sync('dying', ORDER, { through });
  },
  goOn: async (relay, { through, fate }) => {
    relay.advance(1);
    await relay.sync('dying-too', ORDER, { through });
    await relay.reap(fate, { mayFail: true });
  },
  rest: async (relay) => {
    relay.advance(1);
    await relay.sync('after', ORDER);
    await relay.reap();
  },
  ...more,
});

const byRole = aStory(
  { access: 'isa', name: `${FOLDER}{systemId}/{accountId}`, value: '{credential}', select: { systems: ['web-*'] } },
  {
    prepare: async () => {},
    wrong: (relay) =>
      wrongValues(
        relay,
        new Map(
          relay.simulator
            .accounts()
            .filter(({ systemName, kind }) => systemName.startsWith('web-') && kind !== 'not-requestable')
            .filter(({ kind }) => kind !== 'changing')
            .map(({ systemId, accountId, credential }) => [`${FOLDER}${systemId}/${accountId}`, credential]),
        ),
      ),
  },
);

const ofAliases = aStory(
  { source: 'aliases', name: `${FOLDER}{aliasName}`, value: '{credential}' },
  {
    prepare: async (relay) => {
      await relay.sync('before', ORDER);
      relay.advance(11);
      relay.simulator.switchAlias(1);
    },
    wrong: (relay) =>
      wrongValues(
        relay,
        new Map(
          ALIASES.map(({ aliasName, accountIds }, index) => [
            FOLDER + aliasName,
            relay.simulator.credentialOf(accountIds[index === 0 ? 1 : 0] ?? 0),
          ]),
        ),
      ),
  },
);

const SAFE_NAME = `${FOLDER}{folderPath}/{title}`;

const ofSecretsSafe = aStory(
  {
    source: 'secrets-safe',
    name: SAFE_NAME,
    value: '{credential}',
    select: { titles: ['!backup*'] },
  },
  {
    prepare: async (relay) => {
      await relay.sync('before', ORDER);
      relay.advance(1);
      const [first, ...rest] = relay.simulator.secretsSafe.all;
      for (const { row } of [first, rest.at(4)].filter((secret) => secret !== undefined)) {
        relay.simulator.secretsSafe.change(row.secretId);
      }
    },
    wrong: (relay) => {
      const { secretsSafe } = relay.simulator;
      const nameOf = createNaming({
        template: SAFE_NAME,
        labels: { folderPath: { path: true } },
        rules: awsSecretsManagerRules.name,
      });
      return wrongValues(
        relay,
        new Map(
          secretsSafe.all
            .filter(({ row }) => isDeliverableSecret(row))
            .map(({ row, folderPath, value }) => [
              nameOf(safeItem(aSafeSecret({ folderPath, title: row.title }))),
              typeof value === 'string' ? value : value.toString('base64'),
            ]),
        ),
      );
    },
  },
);

export const SOURCE_STORIES: Readonly<Record<string, Story>> = {
  'a sync by the ISA role': byRole,
  'a sync of aliases of which one has switched': ofAliases,
  'a sync of Secrets Safe': ofSecretsSafe,
};
