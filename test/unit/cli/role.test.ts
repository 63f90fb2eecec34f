import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { roleTemplate } from '#cli/role-template.ts';
import { evaluate } from '#local/aws/permissions/evaluate.ts';
import { deployRoles } from '#local/aws/sts/deploy.ts';
import { createRoles } from '#local/aws/sts/roles.ts';
import { configWith } from '#test/unit/shared/config/support.ts';
import { run } from './output.ts';

const ROLE = 'arn:aws:iam::111122223333:role/relay/deliveries';
const STACK = ['--account', '000000000000', '--region', 'eu-central-1'];

const folder = mkdtempSync(join(tmpdir(), 'pam-relay-'));
afterAll(() => rmSync(folder, { recursive: true }));
const fileWith = (...settings: readonly string[]): string => {
  const file = join(folder, 'relay.yaml');
  const store = ['    type: aws-secrets-manager', ...settings.map((setting) => `    ${setting}`)];
  writeFileSync(file, configWith({ 10: store }));
  return file;
};
const THERE = [`roleArn: ${ROLE}`, 'externalId: relay-7'];

describe('pam-relay role', () => {
  it('prints a template that creates the role of relay.yaml, with its trust and its permissions', async () => {
    const { code, lines } = await run('role', fileWith(...THERE), ...STACK);
    expect(code).toBe(0);
    const roles = createRoles();
    deployRoles(roles, '111122223333', JSON.parse(lines.join('\n')));
    const role = roles.find(ROLE);
    expect(role?.trust).toMatchObject([
      {
        principals: ['arn:aws:iam::000000000000:root'],
        conditions: [
          { key: 'sts:ExternalId', values: ['relay-7'] },
          { key: 'aws:PrincipalArn', values: ['arn:aws:iam::000000000000:role/pam-relay-*'] },
        ],
      },
    ]);
    const mayRead = (name: string, owner: string, session = 'sdr') =>
      evaluate(role?.statements ?? [], {
        action: 'secretsmanager:GetSecretValue',
        resource: `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${name}-abcdef`,
        context: {
          'aws:ResourceTag/pam-relay:owner': [owner],
          'aws:userid': [`AROA1:${session}.pam-relay.000000000000.eu-central-1`],
        },
      }).kind;
    const owner = 'pam-relay.000000000000.eu-central-1/fleet';
    expect(mayRead('fleet/a', owner)).toBe('allowed');
    expect(mayRead('fleet/a', owner, 'sil')).toBe('not-allowed');
    expect(mayRead('other/a', owner)).toBe('not-allowed');
    expect(mayRead('fleet/a', 'pam-relay.999999999999.eu-central-1/fleet')).toBe('not-allowed');
  });

  it.each([
    ['no role', [], [], 'No store of'],
    ['another role', THERE, ['--role', 'arn:aws:iam::111122223333:role/x'], `--role ${ROLE}`],
    ['the account of the role', THERE, ['--account', '111122223333'], '--account is the account of the stack'],
    ['an account that is none', THERE, ['--account', 'main'], '--account 111122223333'],
  ])('refuses %s with advice', async (_what, settings, argv, advice) => {
    const { code, lines, errors } = await run('role', fileWith(...settings), ...STACK, ...argv);
    expect([code, lines]).toEqual([1, []]);
    expect(errors.join('\n')).toContain(advice);
  });
});

describe('the template of a role', () => {
  const roleWith = (folders: number) => ({
    arn: ROLE,
    externalId: 'relay-7',
    trustedAccount: '000000000000',
    trustedRoles: 'arn:aws:iam::000000000000:role/pam-relay-*',
    permissions: Array.from({ length: folders }, (_, index) => ({
      actions: ['secretsmanager:GetSecretValue'],
      resources: [`arn:aws:secretsmanager:eu-central-1:111122223333:secret:${'f'.repeat(100)}${index}/*`],
    })),
  });

  it('divides permissions that one policy cannot hold', () => {
    const roles = createRoles();
    deployRoles(roles, '111122223333', roleTemplate('pam-relay', roleWith(100)));
    expect(roles.find(ROLE)?.statements.flatMap(({ resources }) => resources)).toHaveLength(100);
  });

  it('is refused if IAM would not accept it', () => {
    expect(() => roleTemplate('pam-relay', roleWith(1000))).toThrow(
      expect.objectContaining({ name: 'ConfigurationInvalid' }),
    );
  });
});
