import { describe, expect, it } from 'vitest';
import { holdOn, noHolds } from '#shared/domain/rotation/holds.ts';
import { holdsAt } from '#shared/records/rotation-holds.ts';
import { rotationAt } from '#shared/records/rotation-record.ts';
import { aRotationConfig } from '#test/support/configs.ts';
import { itemNumbered } from '#test/support/items.ts';
import { aScene, MINUTE, RUN } from './scene.ts';

const ALIAS = itemNumbered(9, { ref: { kind: 'alias', id: '9' }, labels: { aliasName: 'payments' } });
const SYNC = { source: 'aliases', name: 'prod/{aliasName}' };

/** A planned rotation of an alias for these accounts. No sync delivers it. */
const planned = async (...accounts: readonly string[]) => {
  const scene = aScene({ source: 'aliases', undelivered: true, deadlineMinutes: 30 }, [ALIAS]);
  scene.aliases.set('9', accounts);
  await scene.plan();
  const outcome = async () => {
    await scene.advance();
    const item = (await scene.progress())?.state.items[0];
    return [item?.status, item?.reason];
  };
  return { ...scene, outcome };
};

describe('the turn of an alias', () => {
  it('changes the account at which the alias does not point, and ends once the vault has switched to it', async () => {
    const scene = await planned('1', '2');
    expect(await scene.outcome()).toEqual(['changed', undefined]);
    expect(scene.calls).toEqual([
      ...['pair 9', 'inspect 1', 'inspect 2'],
      ...['inspect 2', 'change 2', 'states 2', 'test 2', 'pair 9'],
    ]);
    scene.aliases.set('9', ['2', '1']);
    scene.clock.now += MINUTE;
    expect(await scene.outcome()).toEqual(['rotated', undefined]);
    expect([scene.count('change'), scene.count('test')]).toEqual([1, 1]);
  });

  it('changes no account that the vault changes together with the one at which the alias points', async () => {
    const scene = await planned('1', '2');
    for (const id of ['1', '2']) scene.inspections.set(id, { set: '1' });
    expect(await scene.outcome()).toEqual(['failed', expect.stringContaining('changes its accounts together')]);
    expect(scene.count('change')).toBe(0);
  });

  it('changes no account that takes turns for a pair, whose readers could have it', async () => {
    const inTurns = { 'account:2': 'app' };
    const scenes = [await planned('1', '2', '3'), await planned('1', '2')] as const;
    for (const { records, progress } of scenes) {
      const place = rotationAt.items(RUN, { plan: (await progress())?.plan ?? '' });
      const known = await records.read(place);
      if (known !== undefined) await records.replace(place, { ...known.record, inTurns }, known.version);
    }
    const [three, two] = scenes;
    expect(await three.outcome()).toEqual(['changed', undefined]);
    expect(three.calls).toContain('change 3');
    expect(await two.outcome()).toEqual(['failed', expect.stringContaining('takes turns in app')]);
  });

  it('is recorded before the change', async () => {
    const scene = await planned('1', '2');
    const seen: unknown[] = [];
    scene.beforeChange(async () => void seen.push((await scene.progress())?.turns?.['alias:9']?.account.ref.id));
    await scene.advance();
    expect(seen).toEqual(['2']);
  });

  it('changes the account with the oldest change of several', async () => {
    const scene = await planned('1', '2', '3', '4');
    scene.change('2');
    scene.change('4');
    scene.clock.now += MINUTE;
    await scene.advance();
    expect(scene.calls).toContain('change 3');
  });

  it('ends as unknown without a switch, and as rotated if the switch shows at the deadline', async () => {
    const [late, never] = [await planned('1', '2'), await planned('1', '2')];
    for (const scene of [late, never]) {
      await scene.advance();
      scene.clock.now += 31 * MINUTE;
    }
    late.aliases.set('9', ['2', '1']);
    expect(await late.outcome()).toEqual(['rotated', undefined]);
    expect(await never.outcome()).toEqual(['unknown', expect.stringContaining('the alias did not switch')]);
    expect(await never.advance()).toMatchObject({ next: 'report' });
  });

  it('does not wait for a switch to an account that failed its test', async () => {
    const scene = await planned('1', '2');
    scene.failedTests.add('2');
    expect(await scene.outcome()).toEqual(['testFailed', undefined]);
    expect(scene.count('pair')).toBe(1);
  });

  it('is reported with the account that changed, and a failed test with its consequence', async () => {
    const scene = await planned('1', '2');
    scene.failedTests.add('2');
    await scene.outcome();
    await scene.report();
    const account = (await scene.progress())?.turns?.['alias:9']?.account.title ?? 'none';
    expect((await scene.records.read(rotationAt.report(RUN)))?.record.items).toEqual([
      expect.objectContaining({
        account,
        reason: expect.stringContaining('refused the new credential, so no sync delivers it'),
      }),
    ]);
  });

  it.each([
    ['the change of its account is not tested', 'changing', false],
    ['its account has failed its test', 'testFailed', true],
  ])('keeps syncs from that account while %s, also after the vault has switched the alias', async (_, kind, isOver) => {
    const scene = await planned('1', '2');
    if (isOver) scene.failedTests.add('2');
    else scene.onCall(() => Promise.reject(new Error('The function dies.')));
    await scene.advance().catch(() => undefined);
    const holds = (await scene.records.read(holdsAt(aRotationConfig(), 'vault')))?.record ?? noHolds();
    const holdOf = (active: string) =>
      holdOn(holds, { ref: { kind: 'account', id: active }, changedAt: undefined }, scene.clock.now)?.kind;
    expect([holdOf('1'), holdOf('2')]).toEqual([undefined, kind]);
    expect(scene.notices).toHaveLength(isOver ? 1 : 0);
  });

  it('fails if the alias has no other account', async () => {
    const scene = await planned('1');
    expect(await scene.outcome()).toEqual(['failed', expect.stringContaining('Map a second account to it')]);
    expect(scene.count('change')).toBe(0);
  });

  it('respects a checkout that has the account open', async () => {
    const scene = await planned('1', '2');
    await scene.advance(900_000, { checkoutsOf: () => async () => new Map([['account:2', 'changes.7']]) });
    expect(await scene.statuses()).toEqual({ 'alias:9': 'skipped' });
    expect(scene.count('change')).toBe(0);
  });

  it('changes nothing before every sync has delivered the account at which the alias points', async () => {
    const scene = aScene({ source: 'aliases' }, [ALIAS]);
    scene.aliases.set('9', ['1', '2']);
    await scene.plan({}, SYNC);
    await scene.advance();
    const item = (await scene.progress())?.state.items[0];
    expect([item?.status, item?.reason]).toEqual(['failed', expect.stringContaining('The sync databases has not')]);
  });

  it('is not for a test without a change', async () => {
    const scene = aScene({ source: 'aliases' }, [ALIAS]);
    const order = { rule: 'weekly', trigger: 'message', retest: true } as const;
    await expect(scene.plan({ order }, SYNC)).rejects.toMatchObject({ name: 'MessageInvalid' });
  });
});
