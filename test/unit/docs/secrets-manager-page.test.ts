import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { awsSecretsManager } from '#shared/stores/aws-secrets-manager/type.ts';
import type { StoreUse } from '#shared/stores/store.ts';
import { configWith, problemsOf } from '#test/unit/shared/config/support.ts';

const page = readFileSync('docs/stores/aws-secrets-manager.md', 'utf8');

describe('the page of AWS Secrets Manager', () => {
  const examples = [...page.matchAll(/```\nstores:\n {2}([\w-]+):\n([\s\S]*?)```/g)];

  it.each(examples.map(([, name = '', settings = '']) => [name, settings]))(
    'shows a store %s that is valid',
    (name, settings) => {
      const stores = `    stores: [${name}]`;
      const text = configWith({ 9: `  ${name}:`, 10: settings.trimEnd(), 14: stores });
      expect(problemsOf(text)).toEqual([]);
    },
  );

  it('has an example of each kind of place', () => {
    const written = examples.map(([, , settings = '']) => settings).join('');
    for (const setting of ['roleArn', 'externalId', 'region', 'replicaRegions', 'kmsKeyArn']) {
      expect(written).toContain(`${setting}:`);
    }
  });

  it('lists the permissions of each use', () => {
    const [, table = ''] = /<!-- actions -->\n([\s\S]*?)<!-- \/actions -->/.exec(page) ?? [];
    const rows = [...table.matchAll(/^\| (list|inspect|complete|deliver|retire) +\| (.*?) *\|$/gm)];
    const listed = rows.map(([, use, actions = '']) => [
      use,
      [...actions.matchAll(/`(\w+)`/g)].map(([, action]) => action),
    ]);
    const settings = awsSecretsManager.settings.parse({ type: 'aws-secrets-manager', replicaRegions: ['eu-west-1'] });
    const scope = {
      prefixes: ['prod/'],
      owners: 'relay/*',
      session: 'sdr',
      encryptionKey: 'key',
      partition: 'aws',
      region: 'eu-central-1',
      account: '000000000000',
    };
    const granted = (use: StoreUse) =>
      awsSecretsManager
        .grants(settings, use, scope)
        .flatMap(({ actions }) => actions)
        .flatMap((action) => (action.startsWith('secretsmanager:') ? action.replace('secretsmanager:', '') : []));
    const uses = ['list', 'inspect', 'complete', 'deliver', 'retire'] as const;
    expect(listed).toEqual(uses.map((use) => [use, granted(use)]));
  });
});
