import { createSecrets, isDeliverableSecret } from '#local/simulators/password-safe/safe-contents.ts';
import { DEFAULT_APPLICATION, DEFAULT_APPROVER } from '#local/simulators/password-safe/users.ts';
import { safeItem } from '#shared/connections/password-safe/sources/safe-items.ts';
import { createNaming } from '#shared/domain/naming.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import { aConfig } from '#test/support/configs.ts';
import type { Scenario } from '#test/support/crash.ts';
import { openRequestsOfOurs, secretsIn } from '#test/support/crashable-promises.ts';
import type { CrashableRelay } from '#test/support/crashable-relay.ts';
import { sharedFleet } from '#test/support/crashable-site.ts';
import { aSafeSecret } from '#test/support/fake-safe.ts';

/** Crash scenarios of other sources and of the ISA role. They are small, because each moment starts a relay. */

const FOLDER = 'sources/';
const ORDER = { sync: 'databases' };
const USERS = [{ ...DEFAULT_APPLICATION, roles: ['requestor', 'isa', 'secrets-safe'] as const }, DEFAULT_APPROVER];

/** No credential changes after a release. Otherwise, requests of killed runs would cause changes when they expire. */
const FLEET = sharedFleet(8).map((account) => ({ ...account, changesAfterRelease: false }));
const PLAIN = FLEET.filter(({ kind }) => kind === 'plain').map(({ accountId }) => accountId);
const ALIASES = [
  { aliasId: 1, aliasName: 'payments', accountIds: PLAIN.slice(0, 2) },
  { aliasId: 2, aliasName: 'reports', accountIds: PLAIN.slice(2, 4) },
];

/** A sentence for each open request, wrong or unexpected secret, and repeated promotion. */
const wrongValues = (relay: CrashableRelay, expected: ReadonlyMap<string, string>): string[] => {
  const values = relay.manager.currentValues();
  return [
    ...openRequestsOfOurs(relay).map(({ reason }) => `Request is open: ${reason}`),
    ...[...expected].flatMap(([name, value]) => (values[name] === value ? [] : [`${name} does not hold its value.`])),
    ...secretsIn(relay, FOLDER).flatMap((name) => (expected.has(name) ? [] : [`${name} should not exist.`])),
    ...secretsIn(relay, FOLDER).flatMap((name) => {
      const promotions = relay.manager.promotions(name);
      return new Set(promotions).size < promotions.length ? [`${name}: one version was promoted twice.`] : [];
    }),
  ];
};

const aScenario = (sync: Record<string, unknown>, more: Pick<Scenario, 'prepare' | 'findErrors'>): Scenario => ({
  config: aConfig({ batchSize: 3, ...sync }),
  site: { fleet: FLEET, users: USERS, aliases: ALIASES, secrets: createSecrets({ plain: 0 }) },
  act: async (relay, { through }) => {
    await relay.sync('killed', ORDER, { through });
  },
  followUp: async (relay, { through, crashPlan }) => {
    relay.advance(1);
    await relay.sync('killed-again', ORDER, { through });
    await relay.reap(crashPlan, { mayFail: true });
  },
  cleanUp: async (relay) => {
    relay.advance(1);
    await relay.sync('after', ORDER);
    await relay.reap();
  },
  ...more,
});

const byRole = aScenario(
  { access: 'isa', name: `${FOLDER}{systemId}/{accountId}`, value: '{credential}', select: { systems: ['web-*'] } },
  {
    prepare: async () => {},
    findErrors: (relay) =>
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

const ofAliases = aScenario(
  { source: 'aliases', name: `${FOLDER}{aliasName}`, value: '{credential}' },
  {
    prepare: async (relay) => {
      await relay.sync('before', ORDER);
      relay.advance(11);
      relay.simulator.switchAlias(1);
    },
    findErrors: (relay) =>
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

const ofSecretsSafe = aScenario(
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
    findErrors: (relay) => {
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

export const SOURCE_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'a sync by the ISA role': byRole,
  'a sync of aliases of which one has switched': ofAliases,
  'a sync of Secrets Safe': ofSecretsSafe,
};
