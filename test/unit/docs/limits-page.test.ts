import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { QUOTAS } from '#local/aws/quotas/table.ts';
import { showDuration } from '#shared/domain/duration.ts';
import { leastDuration } from '#shared/domain/limits/estimate.ts';
import { awsParameterStore } from '#shared/stores/aws-parameter-store/type.ts';
import { kvV2 } from '#shared/stores/kv-v2/type.ts';
import { tableBelow } from '#test/support/markdown-tables.ts';

const PAGE = 'docs/limits.md';
const SERVICES: Readonly<Record<string, string>> = {
  secretsmanager: 'Secrets Manager',
  ssm: 'Parameter Store',
  states: 'Step Functions',
  s3: 'S3, per folder',
  sns: 'SNS',
};

/** The rows of the page for the quotas of local mode. */
const rows = (): string[] =>
  QUOTAS.map(({ service, actions, burst, perSecond, source }) => {
    const calls = service === 'sns' ? '`Publish`' : actions.map((action) => `\`${action}\``).join(', ');
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

  it('shows the time of a first sync as the report announces it', () => {
    const limits = {
      stores: [{ store: 'aws', perSecond: 40, create: 1, replace: 2 }],
      callsPerSecond: 200,
      callsPerItem: 3,
    };
    const seconds = (text: string) =>
      [...text.matchAll(/(\d+) (min|s)/g)].reduce((sum, [, n, unit]) => sum + Number(n) * (unit === 'min' ? 60 : 1), 0);
    for (const [secrets, [created = '', replaced = '']] of tableBelow(PAGE, 'The time of a first sync').rows) {
      const items = Number(secrets.replace(',', ''));
      const isNear = (text: string, exact: number) => expect(Math.abs(seconds(text) - exact)).toBeLessThanOrEqual(30);
      isNear(created, leastDuration({ items, stores: { aws: { created: items, replaced: 0 } } }, limits).seconds);
      isNear(replaced, leastDuration({ items, stores: { aws: { created: 0, replaced: items } } }, limits).seconds);
    }
  });

  it('shows the time of a first sync to the other stores at their defaults', () => {
    const page = readFileSync(PAGE, 'utf8');
    const auth = { role: 'relay', audience: 'https://vault.example' };
    const kv = kvV2.settings.parse({ type: 'kv-v2', url: 'https://vault.example', auth });
    const parameters = awsParameterStore.settings.parse({ type: 'aws-parameter-store' });
    for (const pacing of [awsParameterStore.pacing?.(parameters), kvV2.pacing?.(kv)]) {
      if (pacing === undefined) throw new Error('The store has no pace.');
      const limits = { stores: [{ store: 'it', ...pacing }], callsPerSecond: 200, callsPerItem: 3 };
      const timeOf = (created: number) =>
        showDuration(
          leastDuration({ items: created, stores: { it: { created, replaced: 0 } } }, limits).seconds * 1000,
        );
      expect(page).toContain(
        `${pacing.perSecond} a second. 1,000 secrets take ${timeOf(1000)}, and 5,000 take ${timeOf(5000)}.`,
      );
    }
  });
});
