import { describe, expect, it } from 'vitest';
import { RelayError } from '#shared/errors.ts';
import { rotationAt } from '#shared/records/rotation-record.ts';
import { accountsOf, aScene, MINUTE, RUN } from './scene.ts';

/** A planned rotation. */
const planned = async (...args: Parameters<typeof aScene>) => {
  const scene = aScene(...args);
  await scene.plan();
  return scene;
};

describe('a step of a rotation', () => {
  it('changes, looks and tests, in one session, with four calls for an account', async () => {
    const scene = await planned({}, accountsOf(1));
    expect(await scene.advance()).toMatchObject({ next: 'deliver', waitSeconds: 0 });
    expect(scene.calls).toEqual(['inspect 1', 'change 1', 'states 1', 'test 1']);
    expect(scene.sessions().slice(4)).toEqual(['signIn', 'signOut']);
    expect(await scene.statuses()).toEqual({ 1: 'rotated' });
  });

  it('records a start before its call', async () => {
    const scene = await planned({}, accountsOf(1));
    const seen: unknown[] = [];
    scene.beforeChange(async () => void seen.push(await scene.statuses()));
    await scene.advance();
    expect(seen).toEqual([{ 1: 'started' }]);
  });

  it('never starts an item again after a crash between its record and its call', async () => {
    const scene = await planned({ deadlineMinutes: 30 }, accountsOf(1));
    scene.beforeChange(async () => {
      throw new RelayError('VaultUnavailable', 'The function died.', { mayHaveHappened: true });
    });
    await scene.advance();
    scene.beforeChange(async () => {});
    expect(await scene.advance()).toMatchObject({ next: 'wait' });
    scene.clock.now += 31 * MINUTE;
    expect(await scene.advance()).toMatchObject({ next: 'report' });
    expect(await scene.statuses()).toEqual({ 1: 'unknown' });
    expect(scene.count('change')).toBe(0);
  });

  it('lets the vault decide after an unclear answer', async () => {
    const scene = await planned({}, accountsOf(1));
    scene.behaviours.set('1', 'changes unclearly');
    await scene.advance();
    expect(await scene.statuses()).toEqual({ 1: 'rotated' });
    expect(scene.count('change')).toBe(1);
  });

  it('ends a change that does not show as unknown, and the canary keeps the others from starting', async () => {
    const scene = await planned({ deadlineMinutes: 30 });
    scene.behaviours.set('1', 'does nothing');
    expect(await scene.advance()).toMatchObject({ next: 'wait' });
    scene.clock.now += 31 * MINUTE;
    expect(await scene.advance()).toMatchObject({ next: 'report' });
    expect(await scene.statuses()).toEqual({ 1: 'unknown', 2: 'waiting', 3: 'waiting' });
  });

  it('takes a change that shows after its deadline, while the rotation goes on', async () => {
    const scene = await planned({ deadlineMinutes: 30, threshold: { count: 3 }, concurrency: 1 });
    scene.behaviours.set('2', 'does nothing').set('3', 'does nothing');
    await scene.advance();
    scene.clock.now += 31 * MINUTE;
    await scene.advance();
    expect(await scene.statuses()).toEqual({ 1: 'rotated', 2: 'unknown', 3: 'started' });
    scene.change('2');
    scene.clock.now += MINUTE;
    await scene.advance();
    expect(await scene.statuses()).toEqual({ 1: 'rotated', 2: 'rotated', 3: 'started' });
  });

  it('holds a change that failed its test, and tests it once', async () => {
    const scene = await planned({}, accountsOf(1));
    scene.failedTests.add('1');
    expect(await scene.advance()).toMatchObject({ next: 'report', waitSeconds: 0 });
    expect(await scene.advance()).toMatchObject({ next: 'report', waitSeconds: 0 });
    expect(await scene.statuses()).toEqual({ 1: 'testFailed' });
    expect(scene.count('test')).toBe(1);
  });

  it('repeats no test whose result a crash has lost', async () => {
    const scene = await planned({ deadlineMinutes: 30 }, accountsOf(1));
    const { replace } = scene.records;
    scene.records.replace = async (place, record, expected) =>
      JSON.stringify(record).includes('"passed"') ? undefined : replace(place, record, expected);
    await expect(scene.advance()).rejects.toMatchObject({ name: 'StoreUnavailable' });
    scene.records.replace = replace;
    expect(await scene.advance()).toMatchObject({ next: 'wait' });
    scene.clock.now += 31 * MINUTE;
    await scene.advance();
    expect(await scene.statuses()).toEqual({ 1: 'unknown' });
    expect(scene.count('test')).toBe(1);
  });

  it('ends a refused change as failed', async () => {
    const scene = await planned({}, accountsOf(1));
    scene.behaviours.set('1', 'refuses');
    expect(await scene.advance()).toMatchObject({ next: 'report', waitSeconds: 0 });
    expect(await scene.statuses()).toEqual({ 1: 'failed' });
    expect((await scene.progress())?.state.items[0]?.reason).toContain('refused');
  });

  it.each([
    ['that the vault must not change', { refusal: new RelayError('ChangeRefused', 'Default key rule.') }, 'failed'],
    ['that the vault is changing', { state: { changing: true } }, 'skipped'],
  ] as const)('never asks for the change of an item %s', async (_what, inspection, status) => {
    const scene = await planned({}, accountsOf(1));
    scene.inspections.set('1', inspection);
    await scene.advance();
    expect(await scene.statuses()).toEqual({ 1: status });
    expect(scene.count('change')).toBe(0);
  });

  it('ends an item alone that the vault cannot show, if it shows others', async () => {
    const scene = await planned({ size: 2, concurrency: 2, threshold: { count: 9 } });
    scene.unseen.add('2');
    while ((await scene.advance()).waitSeconds > 0) scene.clock.now += 30 * MINUTE;
    expect(await scene.statuses()).toEqual({ 1: 'rotated', 2: 'failed', 3: 'rotated' });
  });

  it('repeats the step while the vault shows no item, and gives up those that it never shows', async () => {
    const scene = await planned({ threshold: { count: 9 } }, accountsOf(2));
    scene.unseen.add('1');
    for (let attempt = 1; attempt < 6; attempt++) {
      await expect(scene.advance()).rejects.toMatchObject({ name: 'VaultUnavailable' });
    }
    expect(await scene.statuses()).toEqual({ 1: 'waiting', 2: 'waiting' });
    await scene.advance();
    expect((await scene.progress())?.state.items[0]).toMatchObject({ status: 'failed', reason: 'The vault failed.' });
    expect(scene.count('change')).toBe(0);
  });

  it('changes one item of a set that the vault changes together', async () => {
    const scene = await planned({ canary: 2 }, accountsOf(2));
    for (const id of ['1', '2']) scene.inspections.set(id, { set: 'pair' });
    await scene.advance();
    expect(await scene.statuses()).toEqual({ 1: 'rotated', 2: 'skipped' });
    expect(scene.count('change')).toBe(1);
  });

  it('tests no change after the end of the hold, which can be that of another rotation', async () => {
    const scene = await planned({ size: 1, deadlineMinutes: 30, threshold: { count: 9 } });
    scene.behaviours.set('2', 'does nothing');
    await scene.advance();
    scene.clock.now += 31 * MINUTE;
    scene.behaviours.set('3', 'does nothing');
    await scene.advance();
    expect(await scene.statuses()).toMatchObject({ 2: 'unknown' });
    scene.clock.now += 16 * MINUTE;
    scene.change('2');
    await scene.advance();
    expect(await scene.statuses()).toMatchObject({ 2: 'unknown' });
    expect(scene.calls).not.toContain('test 2');
  });

  it('does nothing more once another function has written the record', async () => {
    const scene = await planned({ canary: 3, concurrency: 3 });
    const { replace } = scene.records;
    let isOvertaken = false;
    scene.records.replace = async (place, record, expected) =>
      isOvertaken && place.key === rotationAt.progress(RUN).key ? undefined : replace(place, record, expected);
    isOvertaken = true;
    await expect(scene.advance()).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(scene.count('change')).toBe(0);
    expect(scene.sessions().at(-1)).toBe('signOut');
  });

  it('calls no vault during a pause', async () => {
    const scene = await planned({ pauseMinutes: 10 }, accountsOf(2));
    await scene.advance();
    const before = scene.sessions();
    scene.clock.now += MINUTE;
    expect(await scene.advance()).toMatchObject({ next: 'deliver', waitSeconds: 540 });
    expect(scene.sessions()).toEqual(before);
  });

  it('measures the progress of the rotation', async () => {
    const scene = await planned({ canary: 2, concurrency: 2 }, accountsOf(3));
    scene.failedTests.add('2');
    await scene.advance();
    expect(scene.measured).toEqual([{ ended: 2, bad: 1, left: 1 }]);
  });

  it('leaves the next items to the next invocation if its time is short', async () => {
    const scene = await planned();
    expect(await scene.advance(60_000)).toMatchObject({ next: 'wait', waitSeconds: 1 });
    expect(scene.count('change')).toBe(0);
  });
});
