import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { QUOTAS } from '#local/aws/quotas/table.ts';
import { showDuration } from '#shared/domain/duration.ts';
import { leastDuration } from '#shared/domain/limits/estimate.ts';
import { awsParameterStore } from '#shared/stores/aws-parameter-store/type.ts';
import { awsSecretsManager } from '#shared/stores/aws-secrets-manager/type.ts';
import { kvV2 } from '#shared/stores/kv-v2/type.ts';
import type { StoreType } from '#shared/stores/store.ts';
import { tableBelow } from '#test/support/markdown-tables.ts';

type StorePacing = NonNullable<ReturnType<NonNullable<StoreType['pacing']>>>;

const PAGE = 'docs/limits.md';
const SERVICES: Readonly<Record<string, string>> = {
  secretsmanager: 'Secrets Manager',
  ssm: 'Parameter Store',
  states: 'Step Functions',
  s3: 'S3, per folder',
  sns: 'SNS',
  ec2: 'EC2',
};
/** Actions of services whose action is in the body of a call. */
const ACTIONS: Readonly<Record<string, string>> = { sns: '`Publish`', ec2: '`DescribeInstances`' };

/** The rows of the page for the quotas of local mode. */
const rows = (): string[] =>
  QUOTAS.map(({ service, actions, burst, perSecond, source }) => {
    const calls = ACTIONS[service] ?? actions.map((action) => `\`${action}\``).join(', ');
    const numbers = [burst, perSecond].map((number) => number.toLocaleString('en'));
    return `| ${[SERVICES[service] ?? service, calls, ...numbers, source].join(' | ')} |`;
  });

describe('docs/limits.md', () => {
  it('lists the quotas that local mode enforces (UPDATE_PAGES=1 rewrites the list)', () => {
    const page = readFileSync(PAGE, 'utf8');
    const head = ['| service | calls together | burst | per second | source |', '| --- | --- | ---: | ---: | --- |'];
    const block = `<!-- quotas -->\n${[...head, ...rows()].join('\n')}\n<!-- /quotas -->`;
    const current = page.replace(/<!-- quotas -->[\s\S]*<!-- \/quotas -->/, () => block);
    if (process.env['UPDATE_PAGES'] === '1') writeFileSync(PAGE, current);
    expect(readFileSync(PAGE, 'utf8')).toBe(current);
  });

  it('shows the time of a first sync to each store at its defaults, as the report announces it', () => {
    const auth = { role: 'relay', audience: 'https://vault.example' };
    const kv = kvV2.settings.parse({ type: 'kv-v2', url: 'https://vault.example', auth });
    const secrets = awsSecretsManager.settings.parse({ type: 'aws-secrets-manager' });
    const parameters = awsParameterStore.settings.parse({ type: 'aws-parameter-store' });
    const timeOf = (pacing: StorePacing, created: number, replaced: number): string => {
      const limits = { stores: [{ store: 'it', ...pacing }], callsPerSecond: 200, callsPerItem: 3 };
      const workload = { items: created + replaced, stores: { it: { created, replaced } } };
      return showDuration(leastDuration(workload, limits).seconds * 1000);
    };
    const cellsOf = (pacing: StorePacing | undefined, kind: 'new' | 'changed'): readonly string[] => {
      if (pacing === undefined) throw new Error('The store has no pace.');
      const writes = kind === 'new' ? pacing.create : pacing.replace;
      const times = [1000, 5000, 50_000].map((count) =>
        kind === 'new' ? timeOf(pacing, count, 0) : timeOf(pacing, 0, count),
      );
      return [String(writes), String(pacing.perSecond), ...times];
    };
    const [ofSecrets, ofParameters, ofKv] = [
      awsSecretsManager.pacing?.(secrets),
      awsParameterStore.pacing?.(parameters),
      kvV2.pacing?.(kv),
    ];
    for (const pacing of [ofParameters, ofKv]) expect(cellsOf(pacing, 'changed')).toEqual(cellsOf(pacing, 'new'));
    expect(Object.fromEntries(tableBelow(PAGE, 'The time of a first sync').rows)).toEqual({
      'Secrets Manager, new': cellsOf(ofSecrets, 'new'),
      'Secrets Manager, changed': cellsOf(ofSecrets, 'changed'),
      'Parameter Store, new or changed': cellsOf(ofParameters, 'new'),
      'OpenBao or Vault, new or changed': cellsOf(ofKv, 'new'),
    });
  });
});
