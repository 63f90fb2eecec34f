import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Fault as StoreFault } from '#local/aws/faults.ts';
import { brokenPromises } from '#local/promises.ts';
import type { FaultEffect as OpenBaoEffect } from '#local/simulators/openbao/faults.ts';
import type { CallKind } from '#local/simulators/password-safe/audit.ts';
import type { FaultEffect } from '#local/simulators/password-safe/faults.ts';
import type { LocalStoreName } from '#local/stores.ts';
import { NAMES, startWorld, type World } from '#local/world.ts';

const HOUR_MS = 3_600_000;
/** After a day no item of an earlier test is parked. */
const DAY_MS = 24 * HOUR_MS;
/** Enough for every shape of credential: quotes, backslashes, newlines, blanks, all kinds of letters, base64, 20 KB. */
const ACCOUNTS = 26;
/** Calls that carry a credential or a value rendered from one. */
const WRITES = ['CreateSecret', 'PutSecretValue', 'GetSecretValue', 'UpdateSecretVersionStage'] as const;
const PARAMETER_WRITES = ['PutParameter', 'GetParameter'] as const;
/** Calls of a delivery to OpenBao: a write, its read-back, and the stamp, which an error of a proxy could answer. */
const KV_WRITES = [
  { operation: 'update', path: 'secret/data/' },
  { operation: 'read', path: 'secret/data/' },
  { operation: 'patch', path: 'secret/metadata/' },
] as const;

const echoing = (status: number, credential: string) =>
  ({ type: 'status', status, body: JSON.stringify(credential) }) as const;

/** Wrong answers of any vault, or of a proxy before it, that quote a credential. */
export const answersQuoting = (credential: string) =>
  [
    echoing(400, credential),
    echoing(500, credential),
    { type: 'status', status: 200, body: credential },
    { type: 'status', status: 200, contentType: 'text/canary-0123456789ab' },
    { type: 'wrong-shape', value: { [credential]: [credential] } },
    { type: 'cut-off' },
    { type: 'reset', when: 'after' },
    { type: 'wrong-charset' },
    { type: 'huge', bytes: 2_000_000 },
  ] as const satisfies readonly FaultEffect[];

/** Tests that a failure during a sync to the stores leaves no credential behind. */
export const describeLeaks = (stores: readonly LocalStoreName[]): void => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      accounts: ACCOUNTS,
      seed: 21,
      waitScale: 0,
      stores,
      configure: (config) => config.setIn(['connections', NAMES.connection, 'limits', 'timeoutSeconds'], 2),
    });
    await world.runSync();
  });
  afterAll(() => world.close());

  /** Changes every credential except those of rotating accounts, and deletes every third secret. */
  const changeEverything = (): { gone: readonly string[]; kept: readonly string[] } => {
    const { vault, aws, clock } = world;
    clock.advance(DAY_MS);
    const changed = vault.accounts().filter(({ kind }) => kind !== 'rotating');
    const old = new Set(changed.map(({ credential }) => credential));
    const names = Object.entries(aws.secretsManager.currentValues()).flatMap(([name, value]) =>
      name.startsWith(NAMES.secretPrefix) && old.has(JSON.parse(value).password) ? [name] : [],
    );
    for (const { accountId } of changed) vault.changeCredential(accountId);
    const gone = names.filter((_, index) => index % 3 === 0);
    for (const SecretId of gone) {
      aws.secretsManager.handle('DeleteSecret', { SecretId, ForceDeleteWithoutRecovery: true });
    }
    clock.advance(HOUR_MS);
    return { gone, kept: names.filter((name) => !gone.includes(name)) };
  };

  /** Runs once with the fault and once without, and checks that neither leaves a trace. */
  const expectNoTrace = async (): Promise<void> => {
    await world.runSync();
    world.vault.faults.clear();
    world.aws.secretsManager.faults.clear();
    world.aws.parameterStore.faults.clear();
    world.openBao?.faults.clear();
    world.clock.advance(HOUR_MS);
    await world.runSync();
    await world.runReap();
    expect(brokenPromises(world, await world.findLeaks())).toEqual([]);
  };

  const aCredential = (): string => world.vault.accounts()[0]?.credential ?? '';

  const echo = (status: number): FaultEffect => echoing(status, aCredential());
  const KINDS = ['request', 'credential', 'checkin'] as const;
  const kindsHitSince = (start: number): readonly CallKind[] =>
    world.vault.audit.slice(start).flatMap(({ kind, fault }) => (fault === undefined ? [] : [kind]));

  it.each(KINDS)('no credential is left behind by wrong answers to a %s', async (kind) => {
    changeEverything();
    const start = world.vault.audit.length;
    const effects = answersQuoting(aCredential());
    world.vault.faults.add(...effects.map((effect, index) => ({ kind, nth: 1 + index, effect })));
    await expectNoTrace();
    expect(kindsHitSince(start)).toEqual(effects.map(() => kind));
  });

  it('no credential is left behind by refusals of the session that quote one', async () => {
    changeEverything();
    const start = world.vault.audit.length;
    world.vault.faults.add(
      { kind: 'request', nth: 2, times: 3, effect: echo(401) },
      { kind: 'credential', nth: 2, times: 12, effect: echo(401) },
      { kind: 'checkin', times: 3, effect: echo(401) },
    );
    await expectNoTrace();
    expect(new Set(kindsHitSince(start))).toEqual(new Set(KINDS));
  });

  type Failure = Pick<StoreFault, 'kind' | 'when' | 'code' | 'message' | 'times'>;
  const quotingRefusal = (): Failure => ({
    kind: 'reject',
    code: 'ValidationException',
    message: `Value '${aCredential()}' at 'secretString'`,
  });
  const STORE_FAILURES: readonly (readonly [string, readonly string[], () => readonly Failure[]])[] = [
    [
      'refusals',
      ['AccessDeniedException', 'ThrottlingException', 'ValidationException'],
      // A throttled call is repeated until the function ends.
      () => [{ kind: 'deny' }, { kind: 'throttle', times: 2 }, quotingRefusal()],
    ],
    [
      'failures',
      ['ConnectionLost', 'InternalServiceError'],
      () => [
        { kind: 'internal', message: `Cannot store ${aCredential()}` },
        { kind: 'reset', when: 'before' },
        { kind: 'reset', when: 'after' },
      ],
    ],
  ];

  /** Errors of OpenBao, or of a proxy before it, that quote what they were sent. The last one loses the answer. */
  const quotingAnswers = (): readonly OpenBaoEffect[] => [
    { type: 'status', status: 400, body: { errors: [`invalid value ${aCredential()}`] } },
    { type: 'status', status: 403, body: { errors: [aCredential()] } },
    { type: 'status', status: 500, body: { errors: [`cannot store ${aCredential()}`] } },
    { type: 'status', status: 200, body: { data: { [aCredential()]: aCredential() } } },
    { type: 'cut-off' },
  ];

  type Failures = () => readonly Failure[];
  /** Checks that every planned failure has happened. */
  type Check = () => void;
  const missing = (calls: readonly { action: string; result: string }[], expected: readonly string[]): string[] => {
    const seen = new Set(calls.map(({ action, result }) => `${action} ${result}`));
    return expected.filter((failure) => !seen.has(failure));
  };
  const eachOf = (actions: readonly string[], results: readonly string[]): readonly string[] =>
    actions.flatMap((action) => results.map((result) => `${action} ${result}`));

  const FAIL: Readonly<Record<LocalStoreName, (failures: Failures, results: readonly string[]) => Check>> = {
    aws: (failures, results) => {
      const { gone, kept } = changeEverything();
      const { secretsManager } = world.aws;
      secretsManager.forgetCalls();
      for (const [index, action] of WRITES.entries()) {
        // Each action and failure hits its own secrets, and fails in every attempt unless it is throttled.
        const hit = action === 'CreateSecret' ? gone : kept.slice(3 * index - 3, 3 * index);
        for (const [turn, failure] of failures().entries())
          secretsManager.faults.add({ ...failure, action, secretId: hit[turn] });
      }
      return () => expect(missing(secretsManager.calls, eachOf(WRITES, results))).toEqual([]);
    },
    parameters: (failures, results) => {
      const { parameterStore } = world.aws;
      const earlier = parameterStore.calls.length;
      for (const action of PARAMETER_WRITES)
        for (const failure of failures()) parameterStore.faults.add({ times: 1, ...failure, action });
      return () => expect(missing(parameterStore.calls.slice(earlier), eachOf(PARAMETER_WRITES, results))).toEqual([]);
    },
    openbao: () => {
      const { openBao } = world;
      if (openBao === undefined) throw new Error('There is no OpenBao.');
      const earlier = openBao.audit.length;
      for (const call of KV_WRITES)
        openBao.faults.add(...quotingAnswers().map((effect, index) => ({ ...call, nth: 1 + 2 * index, effect })));
      return () => {
        const faults = openBao.audit.slice(earlier).filter(({ fault }) => fault !== undefined);
        expect(faults).toHaveLength(KV_WRITES.length * quotingAnswers().length);
      };
    },
  };

  it.each(STORE_FAILURES)('no credential is left behind by %s of the stores', async (_name, results, failures) => {
    const checks = stores.map((store) => FAIL[store](failures, results));
    await expectNoTrace();
    for (const check of checks) check();
  });
};
