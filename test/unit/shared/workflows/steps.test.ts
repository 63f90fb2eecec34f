import { globSync } from 'node:fs';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RelayConfig } from '#shared/config/schema.ts';
import { checkoutRun } from '#shared/domain/checkout/identity.ts';
import { checkoutSteps } from '#shared/workflows/checkout.ts';
import { directorySteps } from '#shared/workflows/directory.ts';
import type { Grant } from '#shared/workflows/grants.ts';
import { oldCheckoutsSteps } from '#shared/workflows/old-checkouts.ts';
import { rotateSteps } from '#shared/workflows/rotate.ts';
import { runSchema } from '#shared/workflows/run.ts';
import { functionName, type Step } from '#shared/workflows/step.ts';
import { ALL_STEPS, stepsFor } from '#shared/workflows/steps.ts';
import { syncSteps } from '#shared/workflows/sync.ts';
import { aCheckoutRun, anOrder, identityOf, STARTED_AT } from '#test/support/checkouts.ts';
import {
  aBlueprintConfig,
  aCheckoutConfig,
  aConfig,
  aDirectoryConfig,
  aMachineConfig,
  anExportConfig,
  anOldCheckoutsConfig,
  aRotationConfig,
  aRun,
  aTellingConfig,
  aWebhookConfig,
  parseShapeOf,
} from '#test/support/configs.ts';

const FUNCTIONS = new URL('../../../../functions/', import.meta.url);
const foldersOf = (steps: readonly Step[]): string[] => steps.map(({ folder }) => folder).toSorted();
const withIntake = (config: RelayConfig): RelayConfig => parseShapeOf({ ...config, intake: {} });

describe('the steps', () => {
  it('are declared for every existing function, and for no other', () => {
    const handlers = globSync('**/handler.ts', { cwd: FUNCTIONS }).map((path) => dirname(path));
    expect(foldersOf(ALL_STEPS)).toEqual(handlers.toSorted());
  });

  it('have the names of their folders', () => {
    const names = ALL_STEPS.map(functionName);
    expect(new Set(names).size).toBe(ALL_STEPS.length);
    expect(functionName(syncSteps.plan)).toBe('sync-plan');
    for (const name of names) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  it.each(ALL_STEPS)(
    'keep to the limits of Lambda, and have enough memory to start quickly: $folder',
    ({ seconds, memoryMb }) => {
      expect(seconds).toBeLessThanOrEqual(900);
      expect(memoryMb).toBeGreaterThanOrEqual(512);
    },
  );

  const without = (...folders: string[]) =>
    foldersOf(ALL_STEPS).filter(
      (folder) =>
        !['rotate/', 'export/', 'directory/', 'upkeep/old-checkouts', ...folders].some((one) => folder.startsWith(one)),
    );
  const TELLING = ['intake/comments', 'intake/look'];
  const OF_TICKETS = ['intake/webhook', 'intake/tickets', 'intake/wake', ...TELLING];
  const ALWAYS = without('checkout/', 'intake/', 'provision/');

  it.each([
    ['syncs alone', aConfig(), ALWAYS],
    ['syncs that messages start', withIntake(aConfig()), [...ALWAYS, 'intake/queue'].toSorted()],
    ['checkouts, which come by messages', aCheckoutConfig(), without(...OF_TICKETS, 'intake/machines', 'provision/')],
    ['checkouts, which tickets open', aWebhookConfig(), without(...TELLING, 'intake/machines', 'provision/')],
    ['checkouts, of which tickets are told', aTellingConfig(), without('intake/machines', 'provision/')],
    ['subjects that messages name', aBlueprintConfig(), without(...OF_TICKETS, 'checkout/', 'intake/machines')],
    ['subjects that are machines', aMachineConfig(), without(...OF_TICKETS, 'checkout/')],
    [
      'rotations, which messages can start',
      aRotationConfig(),
      [...ALWAYS, 'intake/queue', ...foldersOf(Object.values(rotateSteps))].toSorted(),
    ],
    [
      'rotations whose ages are watched',
      aRotationConfig({ maxAgeDays: 90 }),
      [...ALWAYS, 'intake/queue', 'rotate/age', ...foldersOf(Object.values(rotateSteps))].toSorted(),
    ],
    ['exports', anExportConfig(), [...ALWAYS, 'export/report', 'export/sweep'].toSorted()],
    ['directories', aDirectoryConfig(), [...ALWAYS, ...foldersOf(Object.values(directorySteps))].toSorted()],
    ['old checkouts', anOldCheckoutsConfig(), [...ALWAYS, 'upkeep/old-checkouts'].toSorted()],
  ])('are those that a configuration uses: %s', (_what, config, folders) => {
    expect(foldersOf(stepsFor(config))).toEqual(folders);
  });
});

describe('the grants of the steps', () => {
  const config = withIntake(aCheckoutConfig());
  const foldersThat = (may: (grant: Grant) => boolean): string[] =>
    foldersOf(ALL_STEPS.filter((step) => step.grants(config).some(may)));
  const usesStores =
    (...uses: string[]) =>
    (grant: Grant) =>
      grant.to === 'stores' && uses.includes(grant.may);

  it('allow two steps to see a credential and to write into a store', () => {
    expect(foldersThat(usesStores('deliver'))).toEqual(['checkout/retrieve', 'sync/retrieve']);
  });

  it('allow those two sign-in, records and stores, and nothing else', () => {
    for (const { retrieve } of [syncSteps, checkoutSteps]) {
      const others = retrieve.grants().map(({ to }) => to);
      expect(new Set(others)).toEqual(new Set(['sign-in', 'records', 'stores']));
    }
  });

  it('allow two steps to retire a secret: of an orphan, and of a checkout', () => {
    expect(foldersThat(usesStores('retire'))).toEqual(['checkout/retire', 'sync/retrieve']);
  });

  it.each(['intake/queue', 'sync/report', 'checkout/report', 'checkout/retire'])(
    'keep %s from every vault',
    (folder) => {
      expect(foldersThat(({ to }) => to === 'sign-in')).not.toContain(folder);
    },
  );

  it('keep messages from every store', () => {
    expect(foldersThat(usesStores('list', 'inspect', 'deliver', 'retire'))).not.toContain('intake/queue');
  });

  it('of old checkouts include only writing the report, unless a rule ends them', () => {
    const { oldCheckouts: step } = oldCheckoutsSteps;
    const grantsOf = (rule: Record<string, unknown>) =>
      step
        .grants(anOldCheckoutsConfig(rule))
        .map((grant) => ('folder' in grant ? `${grant.may} ${grant.folder}` : grant.to));
    const forceCheckIn = { olderThanHours: 9, everything: true };
    const reporting = ['sign-in', 'write old-checkouts'];
    const ending = [...reporting, 'read old-checkouts', 'read claims', 'write claims', 'remove claims', 'alerts'];
    expect(grantsOf({})).toEqual(reporting);
    expect(grantsOf({ forceCheckIn })).toEqual(ending);
    expect(grantsOf({ forceCheckIn: { ...forceCheckIn, rotate: true } })).toEqual([...ending, 'read holds']);
  });

  it('include nothing for checkouts if there are none', () => {
    const touched = stepsFor(withIntake(aConfig())).flatMap((step) => step.grants(withIntake(aConfig())));
    const ofCheckouts = touched.filter(
      (grant) =>
        (grant.to === 'runs' && grant.of !== 'sync') ||
        (grant.to === 'stores' && grant.of === 'checkouts') ||
        (grant.to === 'records' && 'folder' in grant && ['checkouts', 'open', 'ids'].includes(grant.folder)),
    );
    expect(ofCheckouts).toEqual([]);
  });

  it('include nothing for named items if no message can name any', () => {
    const namesOf = (of: RelayConfig) =>
      syncSteps.plan.grants(of).filter((grant) => 'folder' in grant && grant.folder === 'named');
    expect(namesOf(aConfig())).toEqual([]);
    expect(namesOf(config)).toEqual([{ to: 'records', may: 'read', folder: 'named' }]);
  });
});

describe('a run', () => {
  it.each([
    [{ workflow: 'sync', rule: 'databases', run: 'databases.1' }, true],
    [{ workflow: 'checkout', rule: 'tickets', run: 'tickets.CHG-7_x.y' }, true],
    [{ workflow: 'backup', rule: 'a', run: 'a.1' }, false],
    [{ workflow: 'sync', rule: 'Databases', run: 'databases.1' }, false],
    [{ workflow: 'sync', rule: 'databases', run: 'databases' }, false],
    [{ workflow: 'sync', rule: 'databases', run: 'databases.a/b' }, false],
  ])('with the form %j is valid: %s', (run, isOne) => expect(runSchema.safeParse(run).success).toBe(isOne));

  it('may be that of any checkout that a message can request', () => {
    const rule = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/);
    const id = fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,47}$/);
    fc.assert(
      fc.property(rule, id, (checkout, one) => {
        const run = { workflow: 'checkout', rule: checkout, run: checkoutRun(identityOf(one, checkout)) };
        expect(runSchema.parse(run)).toEqual(run);
      }),
    );
  });
});

describe('the state that steps of a sync pass on', () => {
  const batchRun = { ...aRun(), batch: 3 };
  const progress = { leases: [{ item: 0, id: '7', ours: true, status: 'active' }], settled: [] };

  it('begins with the order, and has defaults for everything else', () => {
    expect(syncSteps.plan.input.parse({ ...aRun(), order: { sync: 'databases' } })).toEqual(aRun());
  });

  it('is accepted by every step of a batch, at any point of the batch', () => {
    const requested = syncSteps.request.output.parse(progress);
    expect(requested).toMatchObject({ releaseEnds: {}, retirements: [] });
    expect(syncSteps.retrieve.input.parse({ ...batchRun, requested }).requested).toEqual(requested);
    for (const more of [
      {},
      { requested },
      { requested, retrieved: requested },
      { error: { Error: 'States.Timeout' } },
    ]) {
      expect(syncSteps.checkin.input.safeParse({ ...batchRun, ...more }).success).toBe(true);
    }
  });

  it('does not grow with the number of items', () => {
    const planned = { status: 'planned', batches: [0, 1], concurrency: 2, items: [1, 2, 3] };
    expect(syncSteps.plan.output.parse(planned)).not.toHaveProperty('items');
  });
});

describe('the state that steps of a checkout pass on', () => {
  it('begins with a message', () => {
    const input = { ...aCheckoutRun, order: anOrder(), startedAt: STARTED_AT };
    expect(checkoutSteps.plan.input.parse(input).order).toEqual(anOrder());
  });

  it.each(['checkin', 'retire', 'watch', 'report'] as const)('can contain only the run for a release: %s', (step) => {
    for (const order of [
      { type: 'checkout.released', checkout: 'tickets', id: 'CHG1', run: aCheckoutRun.run },
      { type: 'checkout.abandoned', checkout: 'tickets', run: aCheckoutRun.run, isSettled: false },
    ]) {
      expect(checkoutSteps[step].input.safeParse({ ...aCheckoutRun, order }).success).toBe(true);
    }
  });

  it('contains no text of the message, except in the step that records it', () => {
    const state = { ...aCheckoutRun, order: anOrder({ reason: 'a reason' }) };
    for (const step of ['checkin', 'retire', 'watch', 'report', 'request', 'retrieve'] as const) {
      expect(JSON.stringify(checkoutSteps[step].input.parse(state))).not.toContain('a reason');
    }
  });
});
