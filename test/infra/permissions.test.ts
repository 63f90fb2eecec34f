import { describe, expect, it } from 'vitest';
import {
  actionsOf,
  allStatements,
  asText,
  FULL,
  loadExample,
  resourcesOf,
  type Statement,
  statementsOf,
  synthesise,
} from './synthesis.ts';

const config = loadExample(FULL);
const { template } = synthesise(config);
const FUNCTIONS = [
  'Authenticate',
  'Plan',
  'Watch',
  'Request',
  'Retrieve',
  'CheckIn',
  'Retire',
  'Report',
  'Reap',
  'IntakeQueue',
];
const SECRETS = 'arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:';
const foldersOf = (entries: Readonly<Record<string, { readonly name: string }>>) =>
  Object.values(entries).map(({ name }) => `${SECRETS}${name.slice(0, name.indexOf('{'))}*`);
const CHECKED_OUT = foldersOf(config.checkouts);
const DELIVERED = [...foldersOf(config.syncs), ...CHECKED_OUT];
const OWNER = 'pam-relay-prod.<AWS::AccountId>.<AWS::Region>/*';

const allowing = (statements: Statement[], action: string): Statement[] =>
  statements.filter((statement) => actionsOf(statement).includes(action));

const actionsOn = (fn: string, resource: string): string[] =>
  statementsOf(template, fn)
    .filter((statement) => resourcesOf(statement).includes(resource))
    .flatMap(actionsOf);

describe('permissions', () => {
  it('name no resource at all only where AWS knows none', () => {
    const anywhere = allStatements(template).filter(
      (statement) => statement.Effect === 'Allow' && resourcesOf(statement).includes('*'),
    );
    const actions = [...new Set(anywhere.flatMap(actionsOf))].filter((action) => !/^(xray|logs|ec2):/.test(action));
    expect(actions).toEqual(['secretsmanager:ListSecrets']);
  });

  it('never name actions by a pattern', () => {
    expect(
      allStatements(template)
        .flatMap(actionsOf)
        .filter((action) => action.includes('*')),
    ).toEqual([]);
  });

  it('let nobody but retrieve near the value of a delivered secret', () => {
    for (const fn of FUNCTIONS.filter((name) => name !== 'Retrieve')) {
      const readable = allowing(statementsOf(template, fn), 'secretsmanager:GetSecretValue').flatMap(resourcesOf);
      expect(
        readable.filter((resource) => DELIVERED.includes(resource)),
        fn,
      ).toEqual([]);
    }
  });

  it.each([
    'secretsmanager:PutSecretValue',
    'secretsmanager:UpdateSecretVersionStage',
    'secretsmanager:RestoreSecret',
    'secretsmanager:DeleteSecret',
    'secretsmanager:GetSecretValue',
  ])('let retrieve use %s on secrets with our owner tag only', (action) => {
    const [statement, ...others] = allowing(statementsOf(template, 'Retrieve'), action).filter((allowed) =>
      resourcesOf(allowed).some((resource) => DELIVERED.includes(resource)),
    );
    expect(others).toEqual([]);
    expect(statement && resourcesOf(statement)).toEqual(DELIVERED);
    expect(asText(statement?.Condition?.['StringLike']?.['aws:ResourceTag/pam-relay:owner'])).toBe(OWNER);
  });

  it.each(['secretsmanager:CreateSecret', 'secretsmanager:TagResource'])(
    'let %s set our owner tag, and no other',
    (action) => {
      const [statement] = allowing(statementsOf(template, 'Retrieve'), action);
      expect(statement && resourcesOf(statement)).toEqual(DELIVERED);
      expect(asText(statement?.Condition?.['StringLike']?.['aws:RequestTag/pam-relay:owner'])).toBe(OWNER);
      expect([statement?.Condition?.['ForAllValues:StringEquals']?.['aws:TagKeys']].flat()).toEqual([
        'pam-relay:owner',
      ]);
    },
  );

  it('let retire delete what checkouts delivered, and read none of it', () => {
    const [statement, ...others] = allowing(statementsOf(template, 'Retire'), 'secretsmanager:DeleteSecret');
    expect(others).toEqual([]);
    expect(statement && resourcesOf(statement)).toEqual(CHECKED_OUT);
    expect(asText(statement?.Condition?.['StringLike']?.['aws:ResourceTag/pam-relay:owner'])).toBe(OWNER);
    expect(allowing(statementsOf(template, 'Retire'), 'secretsmanager:GetSecretValue')).toEqual([]);
  });

  it('let request see that a secret is foreign, without reading it', () => {
    expect(actionsOn('Request', `${SECRETS}databases/*`)).toEqual(['secretsmanager:DescribeSecret']);
  });

  it('let every function that talks to the vault sign in, and the others not', () => {
    const signsIn = FUNCTIONS.filter((fn) =>
      actionsOn(fn, `${SECRETS}bootstrap/password-safe-??????`).includes('secretsmanager:GetSecretValue'),
    );
    expect(signsIn).toEqual(FUNCTIONS.filter((fn) => !['Retire', 'Report', 'IntakeQueue'].includes(fn)));
    const showsCertificate = FUNCTIONS.filter((fn) =>
      actionsOn(fn, `${SECRETS}bootstrap/password-safe-certificate-??????`).includes('secretsmanager:GetSecretValue'),
    );
    expect(showsCertificate).toEqual(signsIn);
  });

  it('let each function read and write only the records that it works with', () => {
    const records = (fn: string) =>
      statementsOf(template, fn).flatMap((statement) =>
        resourcesOf(statement)
          .filter((resource) => resource.startsWith('<RecordsBucket') && resource.endsWith('/*'))
          .map((resource) => `${actionsOf(statement)} ${resource.slice(resource.indexOf('/'))}`),
      );
    expect(Object.fromEntries(FUNCTIONS.map((fn) => [fn, records(fn)]))).toEqual({
      Authenticate: [],
      Plan: [
        's3:GetObject /runs/*',
        's3:GetObject /memory/*',
        's3:PutObject /runs/*',
        's3:GetObject /named/*',
        's3:GetObject /checkouts/*',
        's3:PutObject /checkouts/*',
        's3:PutObject /open/*',
      ],
      Watch: ['s3:GetObject /checkouts/*'],
      Request: ['s3:GetObject /runs/*', 's3:GetObject /checkouts/*'],
      Retrieve: ['s3:GetObject /runs/*', 's3:GetObject /checkouts/*', 's3:PutObject /checkouts/*'],
      CheckIn: ['s3:PutObject /runs/*', 's3:GetObject /checkouts/*'],
      Retire: ['s3:GetObject /checkouts/*'],
      Report: [
        's3:GetObject /runs/*',
        's3:GetObject /memory/*',
        's3:PutObject /runs/*',
        's3:PutObject /memory/*',
        's3:GetObject /checkouts/*',
        's3:PutObject /checkouts/*',
        's3:DeleteObject /open/*',
      ],
      Reap: [],
      IntakeQueue: ['s3:PutObject /named/*', 's3:PutObject /checkouts/*'],
    });
  });

  it('let functions use a key only by way of a service', () => {
    const direct = FUNCTIONS.flatMap((fn) => statementsOf(template, fn))
      .filter((statement) => actionsOf(statement).some((action) => action.startsWith('kms:')))
      .filter(({ Condition }) => Condition?.['StringEquals']?.['kms:ViaService'] === undefined);
    expect(direct).toEqual([]);
  });

  it('let the code in a function not touch the network interfaces that Lambda manages with its role', () => {
    const denied = statementsOf(template, 'Retrieve').filter(({ Effect }) => Effect === 'Deny');
    expect(denied.flatMap(actionsOf)).toContain('ec2:CreateNetworkInterface');
    expect(denied.map(({ Condition }) => Object.keys(Condition?.['ArnEquals'] ?? {}))).toEqual([
      ['lambda:SourceFunctionArn'],
    ]);
  });
});
