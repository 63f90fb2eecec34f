import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { showPlans } from '#cli/plan/show-plan.ts';
import { collected, run } from '#test/unit/cli/output.ts';
import { EVERY_KIND, planWith, RELAY_ID } from '#test/unit/cli/sync-plan.ts';

const PAGE = 'docs/command.md';
const PLAN = 'plan --stack pam-relay';

/** Words of a command line. A word in single quotes is one word. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

/** Output of a command line. A plan needs a vault and a store, so it is made of fakes. */
const outputOf = async (line: string): Promise<string[]> => {
  if (line === PLAN) {
    const plan = await planWith(EVERY_KIND, { memory: EVERY_KIND.memory });
    const place = { account: '111122223333', region: 'eu-central-1', relayId: RELAY_ID };
    return showPlans(place, [plan], collected().output.paint);
  }
  const { lines } = await run(...wordsOf(line));
  return lines.map((text) => text.replaceAll(`${process.cwd()}/`, ''));
};

it('docs/command.md shows the output of its commands (UPDATE_PAGES=1 rewrites it)', async () => {
  const page = readFileSync(PAGE, 'utf8');
  const samples = [...page.matchAll(/```console\n\$ npx pam-relay (.+)\n[\s\S]*?```/g)];
  expect(samples.length).toBeGreaterThan(6);
  let current = page;
  for (const [block, line = ''] of samples) {
    const shown = ['```console', `$ npx pam-relay ${line}`, ...(await outputOf(line)), '```'].join('\n');
    current = current.replace(block, () => shown);
  }
  if (process.env['UPDATE_PAGES'] === '1') writeFileSync(PAGE, current);
  expect(readFileSync(PAGE, 'utf8')).toBe(current);
});
