import { describe, expect, it } from 'vitest';
import { actionsOf, allStatements, FULL, loadExample, permissionsOf, statementsOf, synthesise } from './synthesis.ts';

const config = loadExample(FULL);
const { template } = synthesise(config);

/**
 * Expected permissions of each function, independent of the declarations: one line for each action on each resource. A
 * permission that is added to a declaration must be added here, too.
 */

const OWNER = 'pam-relay-prod.<AWS::AccountId>.<AWS::Region>/*';
const OURS = ` if StringLike aws:ResourceTag/pam-relay:owner ${OWNER}`;
const AS_OURS = ` if StringLike aws:RequestTag/pam-relay:owner ${OWNER} and StringEquals aws:RequestTag/cost-center 1234 and ForAllValues:StringEquals aws:TagKeys pam-relay:owner,cost-center`;
const NOT_OF_OTHERS = ` and StringLikeIfExists aws:ResourceTag/pam-relay:owner ${OWNER}`;

const SYNCED = ['databases/*', 'ssh-keys/*', 'aliases/*', 'pairs/*', 'team/*', 'windows/*'];
const CHECKED_OUT = ['checkouts/*'];
const STORE_KEY = 'arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-4333-8444-555555555555';

const SEE = ['s3:ListBucket <bucket>'];
/** Records that all functions share the limits with. */
const LIMITS = [
  ...SEE,
  's3:GetObject <bucket>/limits/*',
  's3:PutObject <bucket>/limits/*',
  'kms:Decrypt <key> via s3',
  'kms:GenerateDataKey <key> via s3',
];
const SIGN_IN = [
  ...LIMITS,
  'secretsmanager:GetSecretValue secret:bootstrap/password-safe-??????',
  'secretsmanager:GetSecretValue secret:bootstrap/password-safe-certificate-??????',
  'secretsmanager:GetSecretValue secret:bootstrap/proxy-??????',
  'secretsmanager:GetSecretValue <token>',
  'secretsmanager:DescribeSecret <token>',
  'secretsmanager:PutSecretValue <token>',
  'secretsmanager:UpdateSecretVersionStage <token>',
  'kms:Decrypt <key> via secretsmanager',
  'kms:GenerateDataKey <key> via secretsmanager',
];
const COMPARE = [
  ...LIMITS,
  ...SIGN_IN.filter((permission) => /via secretsmanager/.test(permission)),
  'secretsmanager:GetSecretValue secret:bootstrap/password-safe-admin-??????',
  ...['GetSecretValue', 'DescribeSecret', 'PutSecretValue', 'UpdateSecretVersionStage'].map(
    (action) => `secretsmanager:${action} <admin token>`,
  ),
  'secretsmanager:GetSecretValue secret:bootstrap/secretsafe-??????',
  ...['GetSecretValue', 'DescribeSecret', 'PutSecretValue', 'UpdateSecretVersionStage'].map(
    (action) => `secretsmanager:${action} <people token>`,
  ),
];
/** The user who reads credentials proves the access. */
const ADMINISTER = [...COMPARE, ...SIGN_IN.filter((permission) => /password-safe-|proxy|<token>/.test(permission))];
/** The API account that shows and ends checkouts reads no credential. */
const HYGIENE = [
  ...LIMITS,
  ...SIGN_IN.filter((permission) => /via secretsmanager/.test(permission)),
  'secretsmanager:GetSecretValue secret:bootstrap/pra-hygiene-??????',
  ...['GetSecretValue', 'DescribeSecret', 'PutSecretValue', 'UpdateSecretVersionStage'].map(
    (action) => `secretsmanager:${action} <pra token>`,
  ),
];
/** Sign-in to the directory, whose events are exported. */
const EXPORTING = [
  ...LIMITS,
  'secretsmanager:GetSecretValue secret:bootstrap/secretsafe-??????',
  ...['GetSecretValue', 'DescribeSecret', 'PutSecretValue', 'UpdateSecretVersionStage'].map(
    (action) => `secretsmanager:${action} <people token>`,
  ),
  'kms:Decrypt <key> via secretsmanager',
  'kms:GenerateDataKey <key> via secretsmanager',
];
/** People of the organization. */
const PEOPLE = [
  ...SIGN_IN.filter((permission) => /via secretsmanager|limits/.test(permission)),
  'secretsmanager:GetSecretValue secret:bootstrap/secretsafe-??????',
  ...['GetSecretValue', 'DescribeSecret', 'PutSecretValue', 'UpdateSecretVersionStage'].map(
    (action) => `secretsmanager:${action} <people token>`,
  ),
];
const COMMENT = ['sqs:SendMessage <comments>', 'kms:Decrypt <key> via sqs', 'kms:GenerateDataKey <key> via sqs'];
/** One of the two ticket systems of the example is used by a webhook. */
const DESK = ['secretsmanager:GetSecretValue secret:tickets/servicenow-??????'];
const read = (...folders: string[]) => [
  ...folders.map((folder) => `s3:GetObject <bucket>/${folder}/*`),
  ...SEE,
  'kms:Decrypt <key> via s3',
];
const write = (...folders: string[]) => [
  ...folders.map((folder) => `s3:PutObject <bucket>/${folder}/*`),
  'kms:GenerateDataKey <key> via s3',
];
const inspect = (names: string[]) => names.map((name) => `secretsmanager:DescribeSecret secret:${name}`);
const deliver = (names: string[]) => [
  ...inspect(names),
  ...names.flatMap((name) => [
    `secretsmanager:GetSecretValue secret:${name}${OURS}`,
    `secretsmanager:PutSecretValue secret:${name}${OURS}`,
    `secretsmanager:UpdateSecretVersionStage secret:${name}${OURS}`,
    `secretsmanager:RestoreSecret secret:${name}${OURS}`,
    `secretsmanager:CreateSecret secret:${name}${AS_OURS}`,
    `secretsmanager:TagResource secret:${name}${AS_OURS}${NOT_OF_OTHERS}`,
  ]),
  'kms:Decrypt <key> via secretsmanager',
  'kms:GenerateDataKey <key> via secretsmanager',
  `kms:Decrypt ${STORE_KEY} via secretsmanager`,
  `kms:GenerateDataKey ${STORE_KEY} via secretsmanager`,
];
const retire = (names: string[]) => [
  ...inspect(names),
  ...names.flatMap((name) =>
    ['DeleteSecret', 'RemoveRegionsFromReplication'].map((action) => `secretsmanager:${action} secret:${name}${OURS}`),
  ),
];
const readRuns = (machine: string) => `kms:Decrypt <key> via states for stateMachine:pam-relay-prod-${machine}`;
const ALERT = ['sns:Publish <topic>', 'kms:GenerateDataKey <key> via sns', 'kms:Decrypt <key> via sns'];

const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  Authenticate: SIGN_IN,
  SyncPlan: [
    ...SIGN_IN,
    ...read('runs', 'memory', 'named', 'holds', 'pairs'),
    ...write('runs', 'pairs'),
    'secretsmanager:ListSecrets *',
    ...inspect(SYNCED),
    'states:ListExecutions stateMachine:pam-relay-prod-sync',
  ],
  SyncRequest: [...SIGN_IN, ...read('runs'), ...inspect(SYNCED)],
  SyncRetrieve: [...SIGN_IN, ...read('runs'), ...deliver(SYNCED), ...retire(SYNCED)],
  SyncCheckin: [...SIGN_IN, ...read('runs'), ...write('runs')],
  SyncReport: [...read('runs', 'memory', 'pairs'), ...write('runs', 'memory', 'pairs'), ...ALERT],
  CheckoutPlan: [...SIGN_IN, ...read('checkouts', 'holds'), ...write('checkouts', 'open', 'ticketed')],
  CheckoutWatch: [...SIGN_IN, ...read('checkouts'), ...COMMENT],
  CheckoutRequest: [...SIGN_IN, ...read('checkouts', 'holds')],
  CheckoutRetrieve: [...SIGN_IN, ...read('checkouts'), ...write('checkouts'), ...deliver(CHECKED_OUT)],
  CheckoutCheckin: [...SIGN_IN, ...read('checkouts')],
  CheckoutRetire: [...LIMITS, ...read('checkouts'), ...write('checkouts'), ...retire(CHECKED_OUT)],
  CheckoutReport: [
    ...read('checkouts'),
    ...write('checkouts'),
    's3:DeleteObject <bucket>/open/*',
    'states:StartExecution stateMachine:pam-relay-prod-rotate',
    ...ALERT,
    ...COMMENT,
  ],
  IntakeQueue: [
    'sqs:ReceiveMessage <queue>',
    'sqs:DeleteMessage <queue>',
    'sqs:GetQueueAttributes <queue>',
    'sqs:SendMessage <refused>',
    'kms:Decrypt <key> via sqs',
    'kms:GenerateDataKey <key> via sqs',
    ...read('ids', 'holds'),
    ...write('named', 'checkouts', 'ids', 'holds'),
    'states:StartExecution stateMachine:pam-relay-prod-sync',
    'states:StartExecution stateMachine:pam-relay-prod-checkout',
    'states:StartExecution stateMachine:pam-relay-prod-release',
    'states:DescribeExecution execution:pam-relay-prod-checkout:*',
    readRuns('checkout'),
    ...read('subjects', 'stops', 'member-events'),
    ...write('subjects', 'pending', 'stops', 'member-events'),
    'states:StartExecution stateMachine:pam-relay-prod-provision',
    'states:StartExecution stateMachine:pam-relay-prod-rotate',
    'states:StartExecution stateMachine:pam-relay-prod-directory',
  ],
  IntakeMachines: [
    'sqs:ReceiveMessage <machines>',
    'sqs:DeleteMessage <machines>',
    'sqs:GetQueueAttributes <machines>',
    'sqs:SendMessage <refused machines>',
    'kms:Decrypt <key> via sqs',
    'kms:GenerateDataKey <key> via sqs',
    ...read('subjects'),
    ...write('subjects', 'pending'),
    'states:StartExecution stateMachine:pam-relay-prod-provision',
  ],
  IntakeWebhook: [
    'secretsmanager:GetSecretValue secret:webhooks/jira-??????',
    'secretsmanager:GetSecretValue secret:webhooks/servicenow-??????',
    'secretsmanager:GetSecretValue secret:webhooks/topdesk-??????',
    'sqs:SendMessage <tickets>',
    'kms:Decrypt <key> via sqs',
    'kms:GenerateDataKey <key> via sqs',
  ],
  IntakeTickets: [
    'sqs:ReceiveMessage <tickets>',
    'sqs:DeleteMessage <tickets>',
    'sqs:GetQueueAttributes <tickets>',
    'sqs:SendMessage <refused tickets>',
    ...COMMENT,
    'kms:Decrypt <key> via sqs',
    'kms:GenerateDataKey <key> via sqs',
    ...read('tickets', 'ids'),
    ...write('tickets', 'checkouts', 'ids', 'held'),
    's3:DeleteObject <bucket>/held/*',
    'states:StartExecution stateMachine:pam-relay-prod-checkout',
    'states:StartExecution stateMachine:pam-relay-prod-release',
    'states:DescribeExecution execution:pam-relay-prod-checkout:*',
    readRuns('checkout'),
  ],
  IntakeWake: ['sqs:SendMessage <tickets>', 'kms:Decrypt <key> via sqs', 'kms:GenerateDataKey <key> via sqs', ...SEE],
  IntakeComments: [
    'sqs:ReceiveMessage <comments>',
    'sqs:DeleteMessage <comments>',
    'sqs:GetQueueAttributes <comments>',
    'sqs:SendMessage <refused comments>',
    'kms:Decrypt <key> via sqs',
    'kms:GenerateDataKey <key> via sqs',
    ...DESK,
    ...read('comments'),
    ...write('comments'),
  ],
  IntakeLook: [
    'sqs:SendMessage <tickets>',
    'kms:Decrypt <key> via sqs',
    'kms:GenerateDataKey <key> via sqs',
    ...DESK,
    ...read('checkouts'),
  ],
  RotatePlan: [
    ...SIGN_IN,
    ...read('rotations', 'ticketed', 'checkouts', 'stops', 'holds'),
    ...write('rotations'),
    'states:DescribeExecution execution:pam-relay-prod-rotate:*',
    readRuns('rotate'),
  ],
  RotateAdvance: [
    ...SIGN_IN,
    ...read('rotations', 'stops', 'holds', 'pairs', 'checkouts'),
    ...write('rotations', 'holds', 'pairs'),
    ...ALERT,
  ],
  RotateDeliver: [
    ...read('rotations', 'holds', 'pairs', 'runs'),
    ...write('rotations', 'holds', 'pairs', 'named'),
    ...ALERT,
    'states:StartExecution stateMachine:pam-relay-prod-sync',
    'states:DescribeExecution execution:pam-relay-prod-sync:*',
    readRuns('sync'),
  ],
  RotateAge: SIGN_IN,
  RotateReport: [
    ...read('rotations'),
    ...write('rotations'),
    ...ALERT,
    'states:StartExecution stateMachine:pam-relay-prod-rotate',
  ],
  ProvisionPlan: [
    ...read('subjects'),
    ...write('subjects', 'pending'),
    'states:DescribeExecution execution:pam-relay-prod-provision:*',
    readRuns('provision'),
  ],
  ProvisionApply: [...ADMINISTER, ...read('subjects'), ...write('subjects')],
  ProvisionReport: [
    ...read('subjects'),
    ...write('subjects', 'pending'),
    's3:DeleteObject <bucket>/pending/*',
    ...ALERT,
  ],
  ProvisionDrift: [
    ...COMPARE,
    ...read('subjects'),
    'states:StartExecution stateMachine:pam-relay-prod-provision',
    ...ALERT,
  ],
  ProvisionSweep: [
    ...read('subjects', 'removals'),
    ...write('removals', 'pending'),
    's3:DeleteObject <bucket>/pending/*',
    'states:DescribeExecution execution:pam-relay-prod-provision:*',
    readRuns('provision'),
    'states:StartExecution stateMachine:pam-relay-prod-provision',
  ],
  UpkeepOldCheckouts: [
    ...HYGIENE,
    ...read('old-checkouts', 'claims', 'holds'),
    ...write('old-checkouts', 'claims'),
    's3:DeleteObject <bucket>/claims/*',
    ...ALERT,
  ],
  ExportSweep: [...EXPORTING, ...read('exports', 'events'), ...write('exports', 'events')],
  ExportReport: [...read('exports'), ...write('exports')],
  DirectoryPlan: [
    ...PEOPLE,
    ...read('directories', 'member-events'),
    ...write('directories', 'member-events'),
    's3:DeleteObject <bucket>/directories/*',
    's3:GetObject arn:<AWS::Partition>:s3:::acme-people/directory/members.csv',
    'kms:Decrypt arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-1111-2222-3333-444455556666 via s3',
    'states:DescribeExecution execution:pam-relay-prod-directory:*',
    readRuns('directory'),
  ],
  DirectoryApply: [
    ...PEOPLE,
    ...read('directories'),
    ...write('directories'),
    's3:DeleteObject <bucket>/directories/*',
  ],
  DirectoryHeed: [
    ...PEOPLE,
    ...read('directories', 'member-events'),
    ...write('directories', 'member-events'),
    's3:DeleteObject <bucket>/directories/*',
    's3:DeleteObject <bucket>/member-events/*',
    'states:DescribeExecution execution:pam-relay-prod-directory:*',
    readRuns('directory'),
  ],
  DirectoryReport: [...read('directories'), ...write('directories'), ...ALERT],
  UpkeepReap: [
    ...SIGN_IN,
    ...SEE,
    ...read('claims'),
    ...write('checkouts', 'claims'),
    's3:DeleteObject <bucket>/claims/*',
    'states:DescribeExecution execution:pam-relay-prod-sync:*',
    readRuns('sync'),
    'states:DescribeExecution execution:pam-relay-prod-checkout:*',
    readRuns('checkout'),
    'states:StartExecution stateMachine:pam-relay-prod-release',
  ],
};
const FUNCTIONS = Object.keys(EXPECTED);

/** Functions with this permission. */
const allowed = (what: RegExp): string[] =>
  FUNCTIONS.filter((fn) => permissionsOf(template, fn).some((permission) => what.test(permission)));

describe('the role of a function', () => {
  it.each(FUNCTIONS)('of %s has exactly the permissions listed here', (fn) => {
    expect(permissionsOf(template, fn)).toEqual([...new Set(EXPECTED[fn])].toSorted());
  });

  it('exists for each function of the stack, and each is listed here', () => {
    const names = Object.values(template.findResources('AWS::Lambda::Function'))
      .map(({ Properties }) => Properties.FunctionName)
      .filter((name) => name !== undefined);
    const written = FUNCTIONS.map((fn) => `pam-relay-prod${fn.replaceAll(/[A-Z]/g, (letter) => `-${letter}`)}`);
    expect(names.toSorted()).toEqual(written.map((name) => name.toLowerCase()).toSorted());
  });

  it('has no statement twice', () => {
    for (const fn of FUNCTIONS) {
      const statements = statementsOf(template, fn).map((statement) => JSON.stringify(statement));
      expect(new Set(statements).size, fn).toBe(statements.length);
    }
  });

  it('writes to the log group of its own function, and to no other', () => {
    for (const fn of FUNCTIONS) {
      const logs = statementsOf(template, fn).filter((statement) => actionsOf(statement).includes('logs:PutLogEvents'));
      expect(JSON.stringify(logs.map(({ Resource }) => Resource)), fn).toMatch(
        new RegExp(`^\\[\\{"Fn::GetAtt":\\["${fn}Logs\\w{8}","Arn"\\]\\}\\]$`),
      );
    }
  });
});

describe('secrets that are delivered', () => {
  it('are written only by the functions that read the vault', () => {
    expect(allowed(/^secretsmanager:(Create|PutSecretValue|Tag|Restore|UpdateSecretVersionStage).* secret:/)).toEqual([
      'SyncRetrieve',
      'CheckoutRetrieve',
    ]);
  });

  it('are read only by the functions that write them', () => {
    expect(allowed(/^secretsmanager:GetSecretValue secret:(?!bootstrap|webhooks|tickets)/)).toEqual([
      'SyncRetrieve',
      'CheckoutRetrieve',
    ]);
  });

  it('are deleted only by the two functions that retire them', () => {
    expect(allowed(/^secretsmanager:DeleteSecret/)).toEqual(['SyncRetrieve', 'CheckoutRetire']);
  });

  it('of checkouts are out of reach of the functions of syncs, and vice versa', () => {
    expect(
      allowed(/secret:(databases|ssh-keys|aliases|pairs|team|windows)\//).filter((fn) => !fn.startsWith('Sync')),
    ).toEqual([]);
    expect(allowed(/secret:checkouts\//).filter((fn) => !fn.startsWith('Checkout'))).toEqual([]);
  });

  it('are changed only with our owner tag', () => {
    for (const fn of FUNCTIONS) {
      const changes = permissionsOf(template, fn).filter((permission) =>
        /^secretsmanager:(?!DescribeSecret|ListSecrets).* secret:(?!bootstrap|webhooks|tickets)/.test(permission),
      );
      expect(changes.filter((permission) => !permission.includes(`:owner ${OWNER}`))).toEqual([]);
    }
  });
});

describe('permissions', () => {
  it('to sign in belong only to the functions that call the vault', () => {
    expect(allowed(/secret:bootstrap\/password-safe-\?/)).toEqual(
      FUNCTIONS.filter(
        (fn) =>
          ![
            'SyncReport',
            'CheckoutRetire',
            'CheckoutReport',
            'IntakeQueue',
            'IntakeMachines',
            'IntakeWebhook',
            'IntakeTickets',
            'IntakeWake',
            'IntakeComments',
            'IntakeLook',
            'RotateDeliver',
            'RotateReport',
            'ProvisionPlan',
            'ProvisionReport',
            'ProvisionDrift',
            'ProvisionSweep',
            'ExportSweep',
            'ExportReport',
            'UpkeepOldCheckouts',
            'DirectoryPlan',
            'DirectoryApply',
            'DirectoryHeed',
            'DirectoryReport',
          ].includes(fn),
      ),
    );
  });

  it('apply to all resources only for actions without resource-level permissions', () => {
    const anywhere = allStatements(template).filter(
      ({ Effect, Resource }) => Effect === 'Allow' && [Resource].flat().includes('*'),
    );
    const actions = [...new Set(anywhere.flatMap(actionsOf))].filter((action) => !/^(xray|logs|ec2):/.test(action));
    expect(actions).toEqual(['secretsmanager:ListSecrets']);
  });

  it('never contain a wildcard in an action', () => {
    expect(
      allStatements(template)
        .flatMap(actionsOf)
        .filter((action) => action.includes('*')),
    ).toEqual([]);
  });

  it('let functions use a key only through a service', () => {
    const viaService = / via (s3|secretsmanager|sns|sqs|states for stateMachine:[\w-]+)$/;
    expect(allowed(/^kms:/)).toEqual(FUNCTIONS);
    const uses = FUNCTIONS.flatMap((fn) => permissionsOf(template, fn)).filter((use) => use.startsWith('kms:'));
    expect(uses.filter((use) => !viaService.test(use))).toEqual([]);
  });

  it('deny the code of a function the network interfaces that Lambda manages with its role', () => {
    const denied = statementsOf(template, 'SyncRetrieve').filter(({ Effect }) => Effect === 'Deny');
    expect(denied.flatMap(actionsOf)).toContain('ec2:CreateNetworkInterface');
    expect(denied.map(({ Condition }) => Object.keys(Condition?.['ArnEquals'] ?? {}))).toEqual([
      ['lambda:SourceFunctionArn'],
    ]);
  });
});

describe('a relay without checkouts', () => {
  const { intake: _, ...rest } = config;
  const { 'vault-admin': __, 'pra-hygiene': ___, people: ____, ...connections } = config.connections;
  const bare = synthesise({
    ...rest,
    connections,
    checkouts: {},
    rotations: {},
    oldCheckouts: {},
    exports: {},
    directories: {},
    provisioning: {},
    webhooks: {},
  }).template;
  const names = Object.values(bare.findResources('AWS::Lambda::Function')).map(
    ({ Properties }): unknown => Properties.FunctionName,
  );

  it('has no function, state machine or queue for checkouts', () => {
    expect(names.filter((name) => name !== undefined)).toEqual(
      ['authenticate', 'sync-plan', 'sync-request', 'sync-retrieve', 'sync-checkin', 'sync-report', 'upkeep-reap'].map(
        (name) => `pam-relay-prod-${name}`,
      ),
    );
    bare.resourceCountIs('AWS::StepFunctions::StateMachine', 1);
    bare.resourceCountIs('AWS::Lambda::EventSourceMapping', 0);
  });

  it('has no permission that only checkouts or messages need', () => {
    expect(permissionsOf(bare, 'SyncPlan')).toEqual(
      [...new Set(EXPECTED['SyncPlan'])]
        .filter((permission) => !/named|holds|^secretsmanager:DescribeSecret secret:/.test(permission))
        .toSorted(),
    );
    expect(permissionsOf(bare, 'UpkeepReap')).toEqual(
      [
        ...new Set([
          ...SIGN_IN,
          ...read('claims'),
          'states:DescribeExecution execution:pam-relay-prod-sync:*',
          readRuns('sync'),
        ]),
      ].toSorted(),
    );
  });
});
